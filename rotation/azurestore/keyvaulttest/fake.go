package keyvaulttest

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"path"
	"strings"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"
)

// Fake gives a transport that answers by the SDK's own fake server, from the vault's secrets. It is for one client
// that makes one request at a time: the server tells lists apart by nothing but their paths.
//
// It can give one code with an error, which is the innermost: only that says why something is forbidden.
func (v *Vault) Fake() policy.Transporter {
	return &sdk{server: fake.Server{
		SetSecret: func(_ context.Context, name string, p azsecrets.SetSecretParameters, _ *azsecrets.SetSecretOptions) (
			azfake.Responder[azsecrets.SetSecretResponse], azfake.ErrorResponder,
		) {
			s, err := v.set(name, p)
			return respond(azsecrets.SetSecretResponse{Secret: s}, err)
		},
		GetSecret: func(_ context.Context, name, version string, _ *azsecrets.GetSecretOptions) (
			azfake.Responder[azsecrets.GetSecretResponse], azfake.ErrorResponder,
		) {
			name, version = split(name, version)
			s, err := v.get(name, version)
			return respond(azsecrets.GetSecretResponse{Secret: s}, err)
		},
		UpdateSecretProperties: func(_ context.Context, name, version string, p azsecrets.UpdateSecretPropertiesParameters, _ *azsecrets.UpdateSecretPropertiesOptions) (
			azfake.Responder[azsecrets.UpdateSecretPropertiesResponse], azfake.ErrorResponder,
		) {
			name, version = split(name, version)
			s, err := v.update(name, version, p)
			return respond(azsecrets.UpdateSecretPropertiesResponse{Secret: s}, err)
		},
		NewListSecretPropertiesVersionsPager: func(name string, _ *azsecrets.ListSecretPropertiesVersionsOptions) (
			pages azfake.PagerResponder[azsecrets.ListSecretPropertiesVersionsResponse],
		) {
			for after, more := "", true; more; {
				var result azsecrets.ListSecretPropertiesVersionsResponse
				if result.Value, more = v.list(name, after); more {
					after = result.Value[len(result.Value)-1].ID.Version()
				}
				pages.AddPage(http.StatusOK, result, nil)
			}
			return pages
		},
	}}
}

type sdk struct {
	server fake.Server
	list   *fake.ServerTransport // with the pages that are left of the last one
}

// Do implements policy.Transporter. The server would begin a list where the last one was broken off, so that is
// forgotten; and it may panic at a request that is over.
func (s *sdk) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if !strings.Contains(r.URL.Path, "/fake_page_") {
		s.list = fake.NewServerTransport(&s.server)
	}
	return s.list.Do(r)
}

// split takes a version out of the name, where the server leaves it:
// https://github.com/Azure/azure-sdk-for-go/issues/27445
func split(name, version string) (string, string) {
	name, version, _ = strings.Cut(path.Join(name, version), "/")
	return name, version
}

func respond[T any](answer T, err error) (yes azfake.Responder[T], no azfake.ErrorResponder) {
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		no.SetResponseError(refused.status, cmp.Or(refused.inner, refused.code))
	} else {
		yes.SetResponse(http.StatusOK, answer, nil)
	}
	return yes, no
}
