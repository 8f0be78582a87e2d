package webhook

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/webhook/signature"
)

// maxBody is the limit of both bodies, in bytes: no cloud's secret is larger.
const maxBody = 64 << 10

type request struct {
	Action     string `json:"action"`
	Secret     string `json:"secret"`
	Token      string `json:"token,omitempty"`
	Credential string `json:"credential,omitempty"`
}

type answer struct {
	Credential *string `json:"credential"`
	Valid      *bool   `json:"valid"`
}

// pace is how often and how long a request is tried.
type pace struct {
	tries         uint
	pause         time.Duration // before the second try; doubled before each later one
	each, overall time.Duration
}

var usual = pace{tries: 5, pause: 500 * time.Millisecond, each: 15 * time.Second, overall: 45 * time.Second}

// call sends a request until it is answered.
func (t *Target) call(ctx context.Context, r request) (answer, error) {
	r.Secret = t.secret
	body, err := json.Marshal(r)
	if err != nil {
		return answer{}, t.failure(r.Action, rotation.Internal, err, "")
	}
	if len(body) > maxBody {
		return answer{}, t.unusable(r.Action, "the request would be larger than 64 KiB")
	}
	key, err := t.signingKey(ctx, r.Action)
	if err != nil {
		return answer{}, err
	}
	overall := t.pace.overall
	if deadline, ok := ctx.Deadline(); ok {
		// So that the last failure is what is told, rather than that time ran out in a pause.
		overall = min(overall, time.Until(deadline))
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier = t.pace.pause, 2
	got, err := backoff.Retry(ctx, func() (answer, error) { return t.try(ctx, r.Action, body, key) },
		backoff.WithBackOff(pause), backoff.WithMaxTries(t.pace.tries), backoff.WithMaxElapsedTime(overall))
	if err == nil {
		return got, nil
	}
	if failure := (*rotation.Error)(nil); ctx.Err() == nil && errors.As(err, &failure) {
		return answer{}, failure
	}
	return answer{}, t.failure(r.Action, rotation.Deadline, context.Cause(ctx), "give the rotator more time, or rotate again")
}

func (t *Target) signingKey(ctx context.Context, action string) (signature.Key, error) {
	text, err := t.key(ctx)
	if err != nil {
		return signature.Key{}, err
	}
	key, err := signature.ParseKey(text.Reveal())
	if err != nil {
		return key, t.failure(action, rotation.Invalid, err, "put the key that the issuer gave, or a generated one of the kind base64")
	}
	return key, nil
}

// try sends a request once.
func (t *Target) try(ctx context.Context, action string, body []byte, key signature.Key) (answer, error) {
	if err := t.limiter.Wait(ctx); err != nil {
		return answer{}, backoff.Permanent(t.failure(action, rotation.Throttled, err, "rotate fewer secrets of this issuer at once"))
	}
	ctx, cancel := context.WithTimeout(ctx, t.pace.each)
	defer cancel()
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, backoff.Permanent(t.failure(action, rotation.Internal, errors.New("the request cannot be made"), ""))
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("User-Agent", "secretstack")
	key.Sign(post.Header, "msg_"+rand.Text(), time.Now(), body)
	response, err := t.client.Do(post)
	if err != nil {
		return answer{}, t.unanswered(action, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return answer{}, t.refused(action, response)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return answer{}, t.unanswered(action, err)
	}
	got, err := parse(text)
	if err != nil {
		return answer{}, backoff.Permanent(t.unusable(action, err.Error()))
	}
	return got, nil
}

// parse reads an answer. Its error repeats nothing of it.
func parse(text []byte) (answer, error) {
	var got answer
	if len(text) > maxBody {
		return got, errors.New("the answer is larger than 64 KiB")
	}
	if err := json.Unmarshal(text, &got); err != nil {
		return answer{}, errors.New("the answer is no JSON object of the protocol")
	}
	return got, nil
}

// unanswered says why there was no answer. Of what it does not know it repeats nothing: an error of package http may
// quote what was received, and nobody but the issuer knows yet what a new credential looks like.
func (t *Target) unanswered(action string, err error) error {
	var (
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
		certificate *tls.CertificateVerificationError
		timeout     net.Error
		network     *net.OpError
	)
	invalid := func(text, do string) error {
		return backoff.Permanent(t.failure(action, rotation.Invalid, errors.New(text), do))
	}
	unreachable := func(text string) error {
		return t.failure(action, rotation.Unreachable, errors.New(text),
			"check the url of this target in the stack's file, and that the rotator's network reaches it")
	}
	switch {
	case errors.As(err, &authority):
		return invalid("its certificate is by no authority that is trusted here",
			"give the authority's certificates as ca for this target in the stack's file")
	case errors.As(err, &hostname):
		return invalid("its certificate is not for "+t.url.Hostname(),
			"give the url of this target in the stack's file with a name that the certificate has")
	case errors.As(err, &certificate):
		return invalid("its certificate is not valid: "+certificate.Err.Error(), "renew it")
	case errors.Is(err, http.ErrSchemeMismatch):
		return invalid("it answers without TLS", "give the url of this target in the stack's file with the port for https")
	case errors.As(err, &timeout) && timeout.Timeout():
		return unreachable("no answer in time")
	case errors.As(err, &network):
		return unreachable(network.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return unreachable("the connection ended before the answer did")
	}
	return unreachable("the answer is no HTTP")
}

// refused gives the error of an answer by its status.
func (t *Target) refused(action string, response *http.Response) error {
	err := fmt.Errorf("the answer is HTTP %d", response.StatusCode)
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return backoff.Permanent(t.failure(action, rotation.Refused, err, "check that the issuer has the same signing key and the same time"))
	case code == http.StatusTooManyRequests || code == http.StatusConflict:
		return t.later(response, t.failure(action, rotation.Throttled, err, ""))
	case code == http.StatusRequestTimeout || code >= 500:
		return t.later(response, t.failure(action, rotation.Unreachable, err, "see why in the issuer's log"))
	case code >= 300 && code < 400:
		return backoff.Permanent(t.failure(action, rotation.Invalid, err, "put the URL to which it redirects as url of this target in the stack's file; redirects are not followed"))
	}
	return backoff.Permanent(t.failure(action, rotation.Invalid, err, "check the url of this target in the stack's file, and the issuer's log"))
}

// later is a failure that is tried again when the answer says so.
func (t *Target) later(response *http.Response, failure *rotation.Error) error {
	wait, ok := retryAfter(response.Header.Get("Retry-After"), time.Now())
	if !ok {
		return failure
	}
	failure.Do = fmt.Sprintf("rotate again in %s or later, as the issuer asks", wait)
	// Those who were told the same time should not come back at the same time.
	wait += mathrand.N(wait/10 + time.Millisecond)
	return errors.Join(failure, &backoff.RetryAfterError{Duration: wait})
}

// retryAfter reads seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(header)
	return max(0, at.Sub(now)).Round(time.Second), err == nil
}

func (t *Target) unusable(action, text string) *rotation.Error {
	return t.failure(action, rotation.Invalid, errors.New(text), "correct the issuer's side; see docs/targets/webhook.md")
}

// failure names the host only.
func (t *Target) failure(action string, class rotation.Class, err error, do string) *rotation.Error {
	return &rotation.Error{Class: class, Op: action + " at " + t.url.Host, Err: err, Do: do}
}
