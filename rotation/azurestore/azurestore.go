package azurestore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
)

const (
	tagBase        = "secretstack-base"
	tagClaim       = "secretstack-claim"
	tagRetireAfter = "secretstack-retire-after"
	tagLease       = "secretstack-lease"

	// A claim is young until every rotator agrees that Settle has passed, whatever its clock says.
	young = 5 * time.Minute
)

// Store is one secret of a vault, and its companion; both exist, each with at least one version. The ids of
// versions are Key Vault's; of a pending one, the companion's name, a slash and the id.
type Store struct {
	Client *azsecrets.Client
	Name   string // of the secret in the vault

	// Lifetime sets when the versions that are promoted expire, which does not end them: Key Vault tells
	// of it 30 days before. Zero: never.
	Lifetime time.Duration
	// Settle is the time within which a write shows in every list. Zero: 5 seconds.
	Settle time.Duration
	// Now is the clock. Zero: time.Now.
	Now func() time.Time
	// Sleep waits, or ends early with the context's error. Zero: with a timer.
	Sleep func(context.Context, time.Duration) error

	seen   *state // what Versions gives until it is old or this Store writes
	base   string // the newest version when Versions was asked last: the rotator decides by that
	values map[string]rotation.Value
}

var (
	_ rotation.Leaser    = (*Store)(nil)
	_ rotation.Historian = (*Store)(nil)
)

// Read gives the value that readers of a secret get. Its error is rotation.ErrNoValue where there is none.
func Read(ctx context.Context, client *azsecrets.Client, name string) (rotation.Value, error) {
	return get(ctx, client, name, "")
}

func get(ctx context.Context, client *azsecrets.Client, name, version string) (rotation.Value, error) {
	got, err := client.GetSecret(ctx, name, version, nil)
	if err == nil && (got.Value == nil || *got.Value == "") {
		err = rotation.ErrNoValue
	}
	if err != nil {
		return rotation.Value{}, failure("read the value of the Key Vault secret "+name, err)
	}
	return rotation.NewValue(*got.Value), nil
}

// Versions implements rotation.Store. Within Settle, and while this Store writes nothing, it does not ask again.
func (s *Store) Versions(ctx context.Context) (rotation.Versions, error) {
	if s.seen == nil || s.now().Sub(s.seen.read) >= s.settle() {
		if err := s.look(ctx); err != nil {
			return rotation.Versions{}, err
		}
		if p := s.seen.pending(); p.id != "" && s.now().Sub(p.created) < young {
			if err := s.wait(ctx); err != nil {
				return rotation.Versions{}, err
			}
			if err := s.look(ctx); err != nil {
				return rotation.Versions{}, err
			}
		}
	}
	return s.versions(), nil
}

// Life gives the id of the secret's first version, which no other secret has, nor one of this name after this one was
// purged: it is rotation.Rotator's Life, since the version before the first has no id.
func (s *Store) Life(ctx context.Context) (string, error) {
	if _, err := s.Versions(ctx); err != nil {
		return "", err
	}
	return s.seen.main[0].id, nil
}

func (s *Store) versions() rotation.Versions {
	newest, previous := s.seen.main.newest(), s.seen.main.previous()
	s.base = newest.id
	v := rotation.Versions{Previous: rotation.Version{ID: previous.id, RetireAfter: previous.retireAfter()}}
	// A secret is made with a disabled marker, which is no version. Any other that is disabled has no value either,
	// but it is what the next round begins at.
	if newest.enabled || len(s.seen.main) > 1 {
		v.Current = rotation.Version{ID: newest.id, Since: newest.created}
	}
	if p := s.seen.pending(); p.id != "" {
		v.Pending.ID = s.companion() + "/" + p.id
	}
	return v
}

// Value implements rotation.Store. A value never changes, so it is read once.
func (s *Store) Value(ctx context.Context, id string) (rotation.Value, error) {
	if v, ok := s.values[id]; ok {
		return v, nil
	}
	name, version := s.Name, id
	if companion, claim, ok := strings.Cut(id, "/"); ok {
		name, version = companion, claim
	}
	v, err := get(ctx, s.Client, name, version)
	if name != s.Name && errors.Is(err, rotation.ErrNoValue) {
		return v, s.problem(rotation.Busy, "read the pending value of", errors.New("its round is over"), "rotate again when it is due")
	}
	if err == nil {
		s.keep(id, v)
	}
	return v, err
}

func (s *Store) keep(id string, v rotation.Value) {
	if s.values == nil {
		s.values = map[string]rotation.Value{}
	}
	s.values[id] = v
}

// Stage implements rotation.Store. It needs no token: what makes two tries of one round meet is its base.
func (s *Store) Stage(ctx context.Context, _ string, v rotation.Value) (string, error) {
	if s.base == "" {
		if _, err := s.Versions(ctx); err != nil {
			return "", err
		}
	}
	mine, err := s.set(ctx, s.companion(), v, azsecrets.SetSecretParameters{Tags: tags{tagBase: to.Ptr(s.base)}})
	if err != nil {
		return "", err
	}
	if err := s.wait(ctx); err != nil {
		return "", err
	}
	if err := s.look(ctx); err != nil {
		return "", err
	}
	first := s.seen.pending()
	switch {
	case s.seen.companion.find(mine).id == "":
		s.seen = nil
		return "", s.problem(rotation.Internal, "stage a value of", errors.New("Key Vault does not list the version just written"),
			"rotate again")
	case first.id == "": // the round was over before this claim was made
		return "", s.problem(rotation.Busy, "stage a value of", rotation.ErrBusy, "rotate again when it is due")
	case first.id == mine:
		s.keep(s.companion()+"/"+mine, v)
	}
	return s.companion() + "/" + first.id, nil
}

// Promote implements rotation.Store. The new version has the content type and the tags of the one before.
func (s *Store) Promote(ctx context.Context, id string) error {
	_, claimID, _ := strings.Cut(id, "/")
	if err := s.look(ctx); err != nil {
		return err
	}
	now := s.seen
	claim := now.companion.find(claimID)
	if claim.id == "" {
		return s.problem(rotation.Invalid, "promote a version of", fmt.Errorf("there is no version %q", id), "")
	}
	if !now.main.has(claim.id) {
		if now.pending().id != claim.id {
			return s.problem(rotation.Busy, "promote a version of", errors.New("another value is pending, or was promoted before"),
				"rotate again")
		}
		v, err := s.Value(ctx, id)
		if err != nil {
			return err
		}
		// What lost against this claim, and was staged in vain, must not be pending after it.
		for _, c := range now.companion {
			if c.enabled && c.id != claim.id {
				if err := s.disable(ctx, s.companion(), c.id); err != nil {
					return err
				}
			}
		}
		if err := s.publish(ctx, now.main.newest(), claim.id, v); err != nil {
			return err
		}
	}
	if !claim.enabled {
		return nil
	}
	return s.disable(ctx, s.companion(), claim.id)
}

func (s *Store) publish(ctx context.Context, newest version, claim string, v rotation.Value) error {
	p := azsecrets.SetSecretParameters{
		ContentType: newest.contentType, Tags: newest.tags.without(tagRetireAfter).with(tagClaim, claim),
	}
	if s.Lifetime != 0 {
		p.SecretAttributes = &azsecrets.SecretAttributes{Expires: to.Ptr(s.now().Add(s.Lifetime).UTC())}
	}
	_, err := s.set(ctx, s.Name, v, p)
	return err
}

// Schedule implements rotation.Store.
func (s *Store) Schedule(ctx context.Context, id string, at time.Time) error {
	main, err := s.list(ctx, s.Name)
	if err != nil {
		return err
	}
	v := main.find(id)
	if !v.enabled {
		return nil // never had a value, or is retired
	}
	return s.update(ctx, s.Name, id, azsecrets.UpdateSecretPropertiesParameters{
		Tags: v.tags.with(tagRetireAfter, at.UTC().Format(time.RFC3339)),
	})
}

// Retire implements rotation.Store. It disables the version and its twins; any other has its own turn, in which it is
// revoked. Key Vault cannot delete a version.
func (s *Store) Retire(ctx context.Context, id string) error {
	main, err := s.list(ctx, s.Name)
	if err != nil {
		return err
	}
	retired := main.find(id)
	if retired.id == "" || retired.is(main.newest()) {
		return nil // pending, or current
	}
	for _, v := range main { // the oldest first, so that a Retire that was interrupted is repeated
		if v.enabled && v.is(retired) {
			if err := s.disable(ctx, s.Name, v.id); err != nil {
				return err
			}
			delete(s.values, v.id)
		}
	}
	return nil
}

// History implements rotation.Historian.
func (s *Store) History(ctx context.Context) ([]rotation.Event, error) {
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	var events []rotation.Event
	if p := s.seen.pending(); p.id != "" {
		events = append(events, rotation.Event{Version: s.companion() + "/" + p.id, Created: p.created, State: "pending"})
	}
	for i, v := range slices.Backward(s.seen.main) {
		e := rotation.Event{Version: v.id, Created: v.created, State: "previous"}
		switch {
		case !v.enabled:
			e.State = "retired"
		case i == len(s.seen.main)-1:
			e.State = "current"
		}
		events = append(events, e)
	}
	return events, nil
}

func (s *Store) companion() string { return s.Name + secret.CompanionSuffix }

func (s *Store) set(ctx context.Context, name string, v rotation.Value, p azsecrets.SetSecretParameters) (string, error) {
	s.seen = nil
	p.Value = to.Ptr(v.Reveal())
	made, err := s.Client.SetSecret(ctx, name, p, nil)
	if err != nil {
		return "", failure("write a version of the Key Vault secret "+name, err)
	}
	return made.ID.Version(), nil
}

func (s *Store) disable(ctx context.Context, name, id string) error {
	return s.update(ctx, name, id, azsecrets.UpdateSecretPropertiesParameters{
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)},
	})
}

func (s *Store) update(ctx context.Context, name, id string, p azsecrets.UpdateSecretPropertiesParameters) error {
	s.seen = nil
	_, err := s.Client.UpdateSecretProperties(ctx, name, id, p, nil)
	return failure(fmt.Sprintf("update the version %s of the Key Vault secret %s", id, name), err)
}

func (s *Store) problem(class rotation.Class, op string, err error, do string) error {
	return &rotation.Error{Class: class, Op: op + " the Key Vault secret " + s.Name, Err: err, Do: do}
}

func (s *Store) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Store) settle() time.Duration {
	if s.Settle == 0 {
		return 5 * time.Second
	}
	return s.Settle
}

func (s *Store) wait(ctx context.Context) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, s.settle())
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.settle()):
		return nil
	}
}

type tags map[string]*string

// with gives a copy: an update replaces all the tags of a version.
func (t tags) with(name, value string) tags {
	t = t.without(name)
	t[name] = &value
	return t
}

func (t tags) without(name string) tags {
	copied := tags{}
	maps.Copy(copied, t)
	delete(copied, name)
	return copied
}

func (t tags) get(name string) string {
	if p := t[name]; p != nil {
		return *p
	}
	return ""
}
