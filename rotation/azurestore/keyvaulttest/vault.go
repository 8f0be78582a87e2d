// Package keyvaulttest is an Azure Key Vault in memory, as far as secrets and their versions go. It speaks the
// REST protocol, so the real client is tested against it, in a process or over a network. (The SDK's own fake
// server can give no inner error codes, and mixes up the pages of lists that are read at once.)
//
// It keeps what https://learn.microsoft.com/rest/api/keyvault/secrets documents: attributes in whole seconds,
// lists in pages of 25, updates that leave alone what they do not mention and replace all tags where they
// mention tags, no value of a disabled version. Where that is silent it does what users have seen: the newest
// version is what is read, even if it is disabled (https://github.com/Azure/azure-powershell/issues/14740), and
// lists are in the order of the ids (https://github.com/nagyesta/lowkey-vault/issues/467).
package keyvaulttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

// URL is the address of the vault.
const URL = "https://orders.vault.azure.net"

const (
	page     = 25
	maxValue = 25 * 1024
	maxTags  = 15
)

// Vault is a vault without secrets. It may be used by several goroutines.
type Vault struct {
	// Now stamps the versions. Zero: time.Now.
	Now func() time.Time
	// Behind tells, for each request that reads, how many of the last writes its answer does not know of, if
	// they were made less than Lag ago. Zero: none.
	Behind func() int
	Lag    time.Duration

	mu      sync.Mutex
	mux     *http.ServeMux
	secrets map[string]versions
	writes  []write
}

// versions of a secret, the newest last. Nothing in it changes.
type versions []*azsecrets.Secret

// write is what a secret was before it was written.
type write struct {
	name   string
	before versions
	at     time.Time
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
	answer := w.Result()
	answer.Request = r
	return answer, nil
}

// Client makes a client that does not retry; transport is the vault or something before it.
func Client(transport policy.Transporter) *azsecrets.Client {
	client, err := azsecrets.NewClient(URL, &azfake.TokenCredential{}, &azsecrets.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: transport, Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		panic(err) // it has no other input than these
	}
	return client
}

// Declare makes a secret as a deployment does: its first version is disabled.
func (v *Vault) Declare(name string) { v.Put(name, "no value yet", false) }

// Put adds a version, as an operator does, and gives its id.
func (v *Vault) Put(name, value string, enabled bool) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.add(name, azsecrets.SetSecretParameters{
		Value: &value, SecretAttributes: &azsecrets.SecretAttributes{Enabled: &enabled},
	}).ID.Version()
}

// Versions gives a secret's versions, the newest last, with their values.
func (v *Vault) Versions(name string) []azsecrets.Secret {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []azsecrets.Secret
	for _, s := range v.secrets[name] {
		all = append(all, *s)
	}
	return all
}

// ServeHTTP implements http.Handler. A request without any token is challenged, as by the service.
func (v *Vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.Header.Get("Authorization") == "" {
		w.Header().Set("WWW-Authenticate",
			`Bearer authorization="https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001", resource="https://vault.azure.net"`)
		fail(w, http.StatusUnauthorized, "Unauthorized", "")
		return
	}
	if v.mux == nil {
		v.mux = http.NewServeMux()
		v.mux.HandleFunc("PUT /secrets/{name}", v.set)
		v.mux.HandleFunc("GET /secrets/{name}/{version}", v.get)
		v.mux.HandleFunc("GET /secrets/{name}/{$}", v.get)
		v.mux.HandleFunc("GET /secrets/{name}/versions", v.list)
		v.mux.HandleFunc("PATCH /secrets/{name}/{version}", v.update)
	}
	v.mux.ServeHTTP(w, r)
}

func (v *Vault) set(w http.ResponseWriter, r *http.Request) {
	var p azsecrets.SetSecretParameters
	if !decode(w, r, &p) {
		return
	}
	if p.Value == nil || len(*p.Value) > maxValue || len(p.Tags) > maxTags {
		fail(w, http.StatusBadRequest, "BadParameter", "")
		return
	}
	answer(w, v.add(r.PathValue("name"), p))
}

func (v *Vault) add(name string, p azsecrets.SetSecretParameters) *azsecrets.Secret {
	id := sha256.Sum256(fmt.Append(nil, len(v.writes))) // in no order, and the same in each run
	now := v.now()
	s := &azsecrets.Secret{
		ID:         to.Ptr(azsecrets.ID(URL + "/secrets/" + name + "/" + hex.EncodeToString(id[:16]))),
		Value:      p.Value,
		Attributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(true), Created: &now, Updated: &now},
	}
	change(s, p.ContentType, p.SecretAttributes, p.Tags)
	v.write(name, append(slices.Clip(v.secrets[name]), s))
	return s
}

func (v *Vault) write(name string, after versions) {
	if v.secrets == nil {
		v.secrets = map[string]versions{}
	}
	v.writes = append(v.writes, write{name, v.secrets[name], v.now()})
	v.secrets[name] = after
}

// read gives the versions that a request sees.
func (v *Vault) read(name string) versions {
	seen := v.secrets[name]
	if v.Behind == nil {
		return seen
	}
	behind := v.Behind()
	for _, w := range slices.Backward(v.writes) {
		if behind == 0 || v.now().Sub(w.at) >= v.Lag {
			break
		}
		if w.name == name {
			seen = w.before
		}
		behind--
	}
	return seen
}

func (v *Vault) get(w http.ResponseWriter, r *http.Request) {
	s := v.read(r.PathValue("name")).find(w, r)
	switch {
	case s == nil:
	case !*s.Attributes.Enabled:
		fail(w, http.StatusForbidden, "Forbidden", "SecretDisabled")
	default:
		answer(w, s)
	}
}

func (v *Vault) update(w http.ResponseWriter, r *http.Request) {
	var p azsecrets.UpdateSecretPropertiesParameters
	name := r.PathValue("name")
	old := v.secrets[name].find(w, r)
	if old == nil || !decode(w, r, &p) {
		return
	}
	if len(p.Tags) > maxTags {
		fail(w, http.StatusBadRequest, "BadParameter", "")
		return
	}
	s := *old
	s.Attributes = to.Ptr(*old.Attributes)
	change(&s, p.ContentType, p.SecretAttributes, p.Tags)
	s.Attributes.Updated = to.Ptr(v.now())
	after := slices.Clone(v.secrets[name])
	after[slices.Index(after, old)] = &s
	v.write(name, after)
	bare := s
	bare.Value = nil
	answer(w, &bare)
}

func (v *Vault) list(w http.ResponseWriter, r *http.Request) {
	all := slices.SortedFunc(slices.Values(v.read(r.PathValue("name"))), func(a, b *azsecrets.Secret) int {
		return bytes.Compare([]byte(*a.ID), []byte(*b.ID))
	})
	after := r.URL.Query().Get("$skiptoken")
	all = slices.DeleteFunc(all, func(s *azsecrets.Secret) bool { return s.ID.Version() <= after })
	result := azsecrets.SecretPropertiesListResult{Value: []*azsecrets.SecretProperties{}}
	for i, s := range all {
		if i == page {
			next := *r.URL
			q := next.Query()
			q.Set("$skiptoken", all[i-1].ID.Version())
			next.RawQuery = q.Encode()
			result.NextLink = to.Ptr(URL + next.RequestURI())
			break
		}
		result.Value = append(result.Value, &azsecrets.SecretProperties{
			ID: s.ID, Attributes: s.Attributes, ContentType: s.ContentType, Tags: s.Tags,
		})
	}
	answer(w, result)
}

func (all versions) find(w http.ResponseWriter, r *http.Request) *azsecrets.Secret {
	id := r.PathValue("version")
	if id == "" && len(all) > 0 {
		return all[len(all)-1]
	}
	for _, s := range all {
		if s.ID.Version() == id {
			return s
		}
	}
	fail(w, http.StatusNotFound, "SecretNotFound", "")
	return nil
}

func (v *Vault) now() time.Time {
	if v.Now != nil {
		return v.Now().UTC().Truncate(time.Second)
	}
	return time.Now().UTC().Truncate(time.Second)
}

func change(s *azsecrets.Secret, contentType *string, a *azsecrets.SecretAttributes, tags map[string]*string) {
	if contentType != nil {
		s.ContentType = contentType
	}
	if tags != nil {
		s.Tags = tags
	}
	if a != nil && a.Enabled != nil {
		s.Attributes.Enabled = a.Enabled
	}
	if a != nil && a.Expires != nil {
		s.Attributes.Expires = to.Ptr(a.Expires.Truncate(time.Second))
	}
}

func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "BadParameter", "")
	}
	return err == nil
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func fail(w http.ResponseWriter, status int, code, inner string) {
	e := map[string]any{"code": code, "message": "The vault says " + code + "."}
	if inner != "" {
		e["innererror"] = map[string]any{"code": inner}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": e})
}
