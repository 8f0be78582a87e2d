package keyvaulttest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// rest has the routes of a vault, once there was a request.
type rest struct {
	once sync.Once
	mux  http.ServeMux
}

// Do implements policy.Transporter: it answers a client of the same process.
func (v *Vault) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	result := w.Result()
	result.Request = r
	return result, nil
}

// ServeHTTP implements http.Handler. A request without any token is challenged, as by the service.
func (v *Vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" {
		w.Header().Set("WWW-Authenticate",
			`Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://vault.azure.net"`)
		answer(w, nil, &refusal{status: http.StatusUnauthorized, code: "Unauthorized"})
		return
	}
	v.rest.once.Do(func() {
		v.rest.mux.HandleFunc("PUT /secrets/{name}", v.putSecret)
		v.rest.mux.HandleFunc("GET /secrets/{name}/{version}", v.getSecret)
		v.rest.mux.HandleFunc("GET /secrets/{name}/{$}", v.getSecret)
		v.rest.mux.HandleFunc("GET /secrets/{name}/versions", v.getVersions)
		v.rest.mux.HandleFunc("PATCH /secrets/{name}/{version}", v.patchSecret)
	})
	v.rest.mux.ServeHTTP(w, r)
}

func (v *Vault) putSecret(w http.ResponseWriter, r *http.Request) {
	var p azsecrets.SetSecretParameters
	if json.NewDecoder(r.Body).Decode(&p) != nil {
		answer(w, nil, badParameter)
		return
	}
	s, err := v.set(r.PathValue("name"), p)
	answer(w, s, err)
}

func (v *Vault) getSecret(w http.ResponseWriter, r *http.Request) {
	s, err := v.get(r.PathValue("name"), r.PathValue("version"))
	answer(w, s, err)
}

func (v *Vault) patchSecret(w http.ResponseWriter, r *http.Request) {
	var p azsecrets.UpdateSecretPropertiesParameters
	if json.NewDecoder(r.Body).Decode(&p) != nil {
		answer(w, nil, badParameter)
		return
	}
	s, err := v.update(r.PathValue("name"), r.PathValue("version"), p)
	answer(w, s, err)
}

func (v *Vault) getVersions(w http.ResponseWriter, r *http.Request) {
	some, more := v.list(r.PathValue("name"), r.URL.Query().Get("$skiptoken"))
	result := azsecrets.SecretPropertiesListResult{Value: some}
	if more {
		next := *r.URL
		q := next.Query()
		q.Set("$skiptoken", some[len(some)-1].ID.Version())
		next.RawQuery = q.Encode()
		result.NextLink = to.Ptr(URL + next.RequestURI())
	}
	answer(w, result, nil)
}

func answer(w http.ResponseWriter, body any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		e := map[string]any{"code": refused.code, "message": refused.Error()}
		if refused.inner != "" {
			e["innererror"] = map[string]any{"code": refused.inner}
		}
		body = map[string]any{"error": e}
		w.WriteHeader(refused.status)
	}
	_ = json.NewEncoder(w).Encode(body)
}
