package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"golang.org/x/time/rate"

	"github.com/secretstack/secretstack/rotation"
)

// A vault takes 4,000 calls in 10 seconds, or 300 that make versions, and weighs them against each other
// (https://learn.microsoft.com/azure/key-vault/general/service-limits). The job takes a quarter of that, and
// leaves the rest to the readers.
const (
	perSecond = 4000 / 10 / 4
	creation  = 14 // is worth so many other calls
)

// newClient makes a client that keeps to the limits; what is throttled all the same it tries again. Transport
// nil: the SDK's own.
func newClient(vault string, identity azcore.TokenCredential, transport policy.Transporter) (*azsecrets.Client, error) {
	return azsecrets.NewClient(vault, credential{identity}, &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport:       transport,
		PerCallPolicies: []policy.Policy{limit{rate.NewLimiter(perSecond, perSecond)}},
	}})
}

type limit struct{ *rate.Limiter }

func (l limit) Do(r *policy.Request) (*http.Response, error) {
	n := 1
	if r.Raw().Method == http.MethodPut {
		n = creation
	}
	if err := l.WaitN(r.Raw().Context(), n); err != nil {
		return nil, fmt.Errorf("wait for a call that Key Vault's limits allow: %w: %w", context.DeadlineExceeded, err)
	}
	return r.Next()
}

// credential says what to do where there is no token.
type credential struct{ azcore.TokenCredential }

func (c credential) GetToken(ctx context.Context, options policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, options)
	if err != nil && ctx.Err() == nil {
		err = &rotation.Error{
			Class: rotation.Refused, Op: "get a token for the job's identity", Err: err,
			Do: "assign the user-assigned identity to the job, and give its client id as AZURE_CLIENT_ID",
		}
	}
	return token, err
}
