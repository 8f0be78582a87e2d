package azurestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/secretstack/secretstack/rotation"
)

const deploy = "deploy the stack, which makes the secret and its companion"

// failure gives an error its class and says what to do. The codes are from
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes; those within a 403 are in its
// innererror only.
func failure(op string, err error) error {
	var classed *rotation.Error
	var answer *azcore.ResponseError
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &classed), rotation.ClassOf(err) != rotation.Internal:
		return fmt.Errorf("%s: %w", op, err)
	case errors.As(err, &answer):
		return refusal(op, answer)
	case errors.As(err, &network):
		return &rotation.Error{
			Class: rotation.Unreachable, Op: op, Err: err,
			Do: "check the vault's address, and whether it can be reached from here",
		}
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

func refusal(op string, answer *azcore.ResponseError) error {
	code, message := innermost(answer)
	// A 400 may repeat what was sent, which may be a value.
	text := fmt.Sprintf("%d %s", answer.StatusCode, code)
	if message != "" && answer.StatusCode != http.StatusBadRequest {
		text += ": " + message
	}
	e := &rotation.Error{Class: rotation.Internal, Op: op, Err: errors.New(text)}
	switch answer.StatusCode {
	case http.StatusBadRequest:
		e.Class = rotation.Invalid
		e.Do = "check that the value has at most 25 KB, and that the secret has at most 13 tags of its own (Key Vault takes 15)"
	case http.StatusUnauthorized:
		e.Class, e.Do = rotation.Refused, "check that whoever runs this is of the vault's tenant"
	case http.StatusForbidden:
		if code == "SecretDisabled" {
			return fmt.Errorf("%s: %w", op, rotation.ErrNoValue)
		}
		e.Class, e.Do = rotation.Refused, forbidden(code)
	case http.StatusNotFound:
		e.Class, e.Do = rotation.Invalid, deploy
	case http.StatusConflict:
		e.Class, e.Do = rotation.Invalid, "recover the secret if it is deleted; otherwise rotate again"
	case http.StatusTooManyRequests:
		e.Class, e.Do = rotation.Throttled, "rotate again; if that is not enough, spread the secrets over more vaults"
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		e.Class, e.Do = rotation.Unreachable, "rotate again when Key Vault is back"
	}
	return e
}

func forbidden(code string) string {
	switch code {
	case "ForbiddenByFirewall":
		return "let the network that this runs in through the vault's firewall (networkAcls), or give the vault a private endpoint there"
	case "ForbiddenByConnection":
		return "the vault takes private connections only: give it a private endpoint in the network that this runs in, and the network its DNS zone"
	case "ForbiddenByRbac":
		return "give whoever runs this the rotator's role on this secret and its companion; a new assignment takes up to 10 minutes"
	case "ForbiddenByPolicy", "AccessDenied":
		return "the vault uses access policies: set enableRbacAuthorization on it"
	default:
		return "check the vault's firewall, and the roles of whoever runs this"
	}
}

// innermost gives the most specific code of an answer, and its message in one line.
func innermost(answer *azcore.ResponseError) (code, message string) {
	type inner struct {
		Code  string `json:"code"`
		Inner *inner `json:"innererror"`
	}
	var body struct {
		Error struct {
			inner
			Message string `json:"message"`
		} `json:"error"`
	}
	if answer.RawResponse != nil {
		if text, err := runtime.Payload(answer.RawResponse); err == nil {
			_ = json.Unmarshal(text, &body) // a proxy's answer is no JSON: then the status must do
		}
	}
	code = answer.ErrorCode
	for e := &body.Error.inner; e != nil; e = e.Inner {
		if e.Code != "" {
			code = e.Code
		}
	}
	return code, strings.Join(strings.Fields(body.Error.Message), " ")
}
