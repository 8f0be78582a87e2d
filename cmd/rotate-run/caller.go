package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/idtoken"
)

// caller is who may deliver events: the push subscription's service account
// (https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions).
type caller struct {
	audience string
	account  string
	checked  bool // Cloud Run has checked the token before
}

var (
	errToken  = errors.New("the request has no token of the push subscription")
	errCaller = errors.New("the request is not from the push subscription's service account")
)

// check gives an error that is errToken or errCaller.
func (c caller) check(ctx context.Context, validator *idtoken.Validator, h http.Header) error {
	token, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	if !ok {
		return fmt.Errorf("%w: it has no Authorization header with a Bearer token", errToken)
	}
	payload, err := c.payload(ctx, validator, h, token)
	if err != nil {
		return fmt.Errorf("%w: %w", errToken, err)
	}
	switch verified, _ := payload.Claims["email_verified"].(bool); {
	case payload.Issuer != "https://accounts.google.com" && payload.Issuer != "accounts.google.com":
		return fmt.Errorf("%w: the token is issued by %q", errToken, payload.Issuer)
	case payload.Claims["email"] != c.account:
		return fmt.Errorf("%w: it is from %q", errCaller, payload.Claims["email"])
	case !verified:
		return fmt.Errorf("%w: its e-mail is not verified", errCaller)
	}
	return nil
}

func (c caller) payload(ctx context.Context, validator *idtoken.Validator, h http.Header, token string) (*idtoken.Payload, error) {
	if !strings.HasSuffix(token, ".SIGNATURE_REMOVED_BY_GOOGLE") {
		return validator.Validate(ctx, token, c.audience)
	}
	switch {
	case !c.checked:
		return nil, errors.New("Cloud Run has taken its signature away: set SECRETSTACK_INVOKER_CHECKED=true " +
			"if Cloud Run checks who may invoke this service")
	case h.Get("X-Serverless-Authorization") != "":
		// Cloud Run checks only this one of the two and passes the other on, which may say anything
		// (https://cloud.google.com/run/docs/authenticating/service-to-service).
		return nil, errors.New("Cloud Run has checked another token, in the header X-Serverless-Authorization")
	}
	payload, err := idtoken.ParsePayload(token)
	switch {
	case err != nil:
		return nil, err
	case payload.Audience != c.audience:
		return nil, fmt.Errorf("it is for the audience %q", payload.Audience)
	case time.Now().Unix() > payload.Expires:
		return nil, errors.New("it has expired")
	}
	return payload, nil
}
