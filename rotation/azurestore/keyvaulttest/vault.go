// Package keyvaulttest is an Azure Key Vault in memory, as far as secrets and their versions go. The real client
// is tested against it in two ways: over the REST protocol, in a process or over a network, and through the
// SDK's own fake server, which reads requests and writes answers by Microsoft's code instead of this package's.
//
// It keeps what https://learn.microsoft.com/rest/api/keyvault/secrets documents: attributes in whole seconds,
// lists in pages of 25, updates that leave alone what they do not mention and replace all tags where they
// mention tags, no value of a disabled version. Where that is silent it does what users have seen: the newest
// version is what is read, even if it is disabled (https://github.com/Azure/azure-powershell/issues/14740), and
// lists are in the order of the ids (https://github.com/nagyesta/lowkey-vault/issues/467).
package keyvaulttest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
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

	rest    rest
	mu      sync.Mutex
	secrets map[string]versions
	writes  []write
}

// versions of a secret, the newest last. Nothing in it changes.
type versions []*azsecrets.Secret

// refusal is an error of the service.
type refusal struct {
	status      int
	code, inner string
}

func (r *refusal) Error() string { return "The vault says " + r.code + "." }

var badParameter = &refusal{status: http.StatusBadRequest, code: "BadParameter"}

// write is what a secret was before it was written.
type write struct {
	name   string
	before versions
	at     time.Time
}

// Client makes a client that does not retry; transport is the vault, its Fake, or something
// before one of them.
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

func (v *Vault) set(name string, p azsecrets.SetSecretParameters) (azsecrets.Secret, error) {
	if p.Value == nil || len(*p.Value) > maxValue || len(p.Tags) > maxTags {
		return azsecrets.Secret{}, badParameter
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return *v.add(name, p), nil
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

// get gives the newest version where version is empty.
func (v *Vault) get(name, version string) (azsecrets.Secret, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, err := v.read(name).find(version)
	if err != nil {
		return azsecrets.Secret{}, err
	}
	if !*s.Attributes.Enabled {
		return azsecrets.Secret{}, &refusal{http.StatusForbidden, "Forbidden", "SecretDisabled"}
	}
	return *s, nil
}

func (v *Vault) update(name, version string, p azsecrets.UpdateSecretPropertiesParameters) (azsecrets.Secret, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	old, err := v.secrets[name].find(version)
	if err != nil {
		return azsecrets.Secret{}, err
	}
	if len(p.Tags) > maxTags {
		return azsecrets.Secret{}, badParameter
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
	return bare, nil
}

// list gives the page that follows the version after, the first one where that is empty.
func (v *Vault) list(name, after string) (some []*azsecrets.SecretProperties, more bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	some = []*azsecrets.SecretProperties{}
	for _, s := range v.read(name) {
		if s.ID.Version() > after {
			some = append(some, &azsecrets.SecretProperties{
				ID: s.ID, Attributes: s.Attributes, ContentType: s.ContentType, Tags: s.Tags,
			})
		}
	}
	slices.SortFunc(some, func(a, b *azsecrets.SecretProperties) int { return cmp.Compare(*a.ID, *b.ID) })
	if len(some) > page {
		return some[:page], true
	}
	return some, false
}

func (all versions) find(id string) (*azsecrets.Secret, error) {
	if id == "" && len(all) > 0 {
		return all[len(all)-1], nil
	}
	for _, s := range all {
		if s.ID.Version() == id {
			return s, nil
		}
	}
	return nil, &refusal{status: http.StatusNotFound, code: "SecretNotFound"}
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
