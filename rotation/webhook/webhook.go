// Package webhook rotates the credentials of any issuer that speaks this protocol.
//
// The rotator sends POST requests to one URL, with https, signed as package signature says. The body is a JSON object of
// an action, the secret's name in the declaration, and what the action needs; the answer is 200 and a JSON object.
//
//	{"action": "mint", "secret": "stripe-api-key", "token": "0190f5c4-…"}      {"credential": "sk_live_…"}
//	{"action": "verify", "secret": "stripe-api-key", "credential": "sk_…"}     {"valid": true}
//	{"action": "revoke", "secret": "stripe-api-key", "credential": "sk_…"}     {"valid": false}
//
// mint issues a credential that works at once, beside the ones issued before. The same secret and token always give the
// same credential, also when the requests come at the same time: the rotator asks again when an answer was lost. A
// credential is a string, not empty. It is never the one in use.
//
// verify tells whether the credential works now, without changing anything.
//
// revoke ends this one credential and tells whether it works now, so false. Revoked before or not known: false as well.
//
// Each request has another webhook-id, also when it repeats one whose answer was lost, so the receiver may refuse an id that
// it has seen. Receivers ignore fields that they do not know, and so does the rotator. Neither body is above 64 KiB.
//
// Any status but 200 is a failure. The rotator looks at nothing else of such an answer but Retry-After:
//
//	401 403              the signature or the key is not accepted: not tried again
//	408 500 and above    tried again
//	409                  a request with the same token is at work: tried again
//	429                  too many requests: tried again
//	3xx                  redirects are not followed
//	others               not tried again
//
// It is tried five times within 45 seconds and within the rotator's own time, 15 seconds at most each, with a pause that
// doubles from half a second and is random by half; or for as long as Retry-After says, if there is so much time left. One
// process sends no more than 10 requests a second to a host.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/secretstack/secretstack/rotation"
)

// Config is what the rotation of one secret needs. Each field but CA must be given.
type Config struct {
	// Secret is the name that the issuer is told.
	Secret string
	// URL is the issuer's, with https; or with http to this machine itself.
	URL string
	// Key reads the key, as signature.ParseKey takes it. It is called once for each action.
	Key func(ctx context.Context) (rotation.Value, error)
	// CA are certificates in PEM of the authorities to trust. Zero: the system's.
	CA string
}

// Target asks an issuer for credentials. Minting makes a credential valid, so that there is nothing to apply.
type Target struct {
	secret  string
	url     *url.URL
	key     func(ctx context.Context) (rotation.Value, error)
	client  *http.Client
	limiter *rate.Limiter
	pace    pace
}

var _ rotation.Revoker = (*Target)(nil)

// New gives an error that begins with the field's name in the stack's configuration where one cannot be used.
func New(config Config) (*Target, error) {
	address, err := checkURL(config.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	transport, err := newTransport(config.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return &Target{
		secret: config.Secret, url: address, key: config.Key,
		client: &http.Client{
			Transport: transport,
			// The answer to a redirect would be signed for, and sent to, somebody that nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		limiter: limiterOf(address.Host), pace: usual,
	}, nil
}

// Mint asks for the credential of this token.
func (t *Target) Mint(ctx context.Context, token string, current rotation.Value) (rotation.Value, error) {
	answer, err := t.call(ctx, request{Action: "mint", Token: token})
	if err != nil {
		return rotation.Value{}, err
	}
	credential := ""
	if answer.Credential != nil {
		credential = *answer.Credential
	}
	switch {
	case credential == "":
		return rotation.Value{}, t.unusable("mint", "the answer has no credential")
	case strings.ContainsRune(credential, utf8.RuneError):
		// What encoding/json puts in place of bytes that are no text.
		return rotation.Value{}, t.unusable("mint", "the credential is no text in UTF-8")
	case credential == current.Reveal():
		// It would be revoked when its grace has passed, while in use.
		return rotation.Value{}, t.unusable("mint", "the credential is the one in use already")
	}
	return rotation.NewValue(credential), nil
}

// Apply does nothing.
func (t *Target) Apply(context.Context, rotation.Value, rotation.Value) error { return nil }

// Verify asks the issuer whether the credential works.
func (t *Target) Verify(ctx context.Context, v rotation.Value) error {
	valid, err := t.valid(ctx, "verify", v)
	if err == nil && !valid {
		err = t.failure("verify", rotation.Refused, errors.New("the credential is not valid"),
			"make it valid again at the issuer, and rotate again; see docs/targets/webhook.md")
	}
	return err
}

// Revoke asks the issuer to end the previous credential. It does nothing where that is the current one.
func (t *Target) Revoke(ctx context.Context, previous, current rotation.Value) error {
	if previous == current {
		return nil
	}
	valid, err := t.valid(ctx, "revoke", previous)
	if err == nil && valid {
		err = t.failure("revoke", rotation.Refused, errors.New("the credential is valid still"),
			"revoke it at the issuer by hand if it stays so")
	}
	return err
}

func (t *Target) valid(ctx context.Context, action string, v rotation.Value) (bool, error) {
	answer, err := t.call(ctx, request{Action: action, Credential: v.Reveal()})
	if err != nil {
		return false, err
	}
	if answer.Valid == nil {
		return false, t.unusable(action, "the answer does not say whether the credential is valid")
	}
	return *answer.Valid, nil
}
