package localstore_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/localstore"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

const name = "orders-db"

// newStore makes a file with a secret in it.
func newStore(t *testing.T, value rotation.Value) *localstore.Store {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := &localstore.Store{File: filepath.Join(t.TempDir(), "secrets.age.yaml"), Secret: name, Identities: []age.Identity{key}}
	put(t, s, value.Reveal(), key.Recipient().String())
	return s
}

func put(t *testing.T, s *localstore.Store, value string, recipients ...string) {
	t.Helper()
	err := agefile.Update(s.File, func(f *agefile.File) error { return f.Put(s.Secret, []byte(value), recipients) })
	if err != nil {
		t.Fatal(err)
	}
}

// faulty passes each call through calls. A call reads the file once, or replaces it in one step (see
// TestKilledAtEachStep), so it either has its effect or has none.
type faulty struct {
	*localstore.Store
	calls *rotationtest.Calls
}

func (s faulty) Versions(ctx context.Context) (v rotation.Versions, err error) {
	err = s.calls.Do("Versions", func() (err error) { v, err = s.Store.Versions(ctx); return err })
	return v, err
}

func (s faulty) Value(ctx context.Context, id string) (v rotation.Value, err error) {
	err = s.calls.Do("Value", func() (err error) { v, err = s.Store.Value(ctx, id); return err })
	return v, err
}

func (s faulty) Stage(ctx context.Context, token string, v rotation.Value) (id string, err error) {
	err = s.calls.Do("Stage", func() (err error) { id, err = s.Store.Stage(ctx, token, v); return err })
	return id, err
}

func (s faulty) Promote(ctx context.Context, id string) error {
	return s.calls.Do("Promote", func() error { return s.Store.Promote(ctx, id) })
}

func (s faulty) Schedule(ctx context.Context, id string, at time.Time) error {
	return s.calls.Do("Schedule", func() error { return s.Store.Schedule(ctx, id, at) })
}

func (s faulty) Retire(ctx context.Context, id string) error {
	return s.calls.Do("Retire", func() error { return s.Store.Retire(ctx, id) })
}

// Lease ends with the process, as a lock of the kernel does: also where a fault lost it, or who was to release it.
func (s faulty) Lease(ctx context.Context, until time.Time) (release func(context.Context) error, err error) {
	if err = s.calls.Do("Lease", func() (err error) { release, err = s.Store.Lease(ctx, until); return err }); err != nil {
		if release != nil {
			_ = release(ctx)
		}
		return nil, err
	}
	return release, nil
}

func TestConformance(t *testing.T) {
	rotationtest.Run(t, rotationtest.Harness{Slow: true, New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
		target, first := rotationtest.NewUsers(calls)
		store := newStore(t, first)
		return rotationtest.World{
			Open: func() (rotation.Store, rotation.Target) { return faulty{store, calls}, target },
			Current: func() (rotation.Value, error) {
				v, err := store.Versions(context.Background())
				if err != nil {
					return rotation.Value{}, err
				}
				return store.Value(context.Background(), v.Current.ID)
			},
			Works: target.Works,
			Live:  target.Live,
		}
	}})
}

// asleep is a target whose rotator is suspended before Apply.
type asleep struct {
	rotation.Target
	meanwhile func()
}

func (a asleep) Apply(ctx context.Context, pending, current rotation.Value) error {
	a.meanwhile()
	return a.Target.Apply(ctx, pending, current)
}

// A rotator that wakes up must find the secret as it was: what it applies would replace the password of a later round.
func TestAsleep(t *testing.T) {
	target, first := rotationtest.NewUser(nil)
	s := newStore(t, first)
	rotate := func(target rotation.Target) error {
		r := rotation.Rotator{Secret: name, Store: s, Target: target, Log: slog.New(slog.DiscardHandler)}
		return r.Rotate(t.Context())
	}
	if err := rotate(asleep{target, func() {
		for range 2 {
			err := rotate(target)
			if rotation.ClassOf(err) != rotation.Busy || !strings.Contains(err.Error(), "another rotator is at work on this secret") {
				t.Errorf("the other rotator: %v", err)
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	v, err := s.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	current, err := s.Value(t.Context(), v.Current.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Works(current); err != nil {
		t.Errorf("the current value: %v", err)
	}
	if err := rotate(target); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestHistory(t *testing.T) {
	s := newStore(t, rotation.NewValue("canary-1"))
	states := func() []string {
		t.Helper()
		events, err := s.History(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var states []string
		for _, e := range events {
			number, unique, _ := strings.Cut(e.Version, "-")
			if len(unique) != 8 || time.Since(e.Created) > time.Minute || e.Created.Location() != time.UTC {
				t.Errorf("version %q of %v", e.Version, e.Created)
			}
			states = append(states, number+" "+e.State)
		}
		return states
	}
	rotate := func(token, value string) string {
		t.Helper()
		id, err := s.Stage(t.Context(), token, rotation.NewValue(value))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if err := s.Promote(t.Context(), rotate("5f1c9a30-first", "canary-2")); err != nil {
		t.Fatal(err)
	}
	if id := rotate("77aa01bc-second", "canary-3"); id != "3-77aa01bc" {
		t.Errorf("staged as %s", id)
	}
	if diff := cmp.Diff([]string{"3 pending", "2 current", "1 previous"}, states()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}

	v, err := s.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Retire(t.Context(), v.Previous.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Value(t.Context(), v.Previous.ID)
	if !errors.Is(err, rotation.ErrNoValue) {
		t.Errorf("the value of a retired version: %v", err)
	}
	if diff := cmp.Diff([]string{"3 pending", "2 current"}, states()); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	ctx := t.Context()
	good := newStore(t, rotation.NewValue("canary"))
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	locked, missing, damaged := *good, *good, *good
	locked.Identities = []age.Identity{other}
	missing.Secret = "stripe-api-key"
	damaged.File = filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(damaged.File, []byte("canary"), 0o600); err != nil {
		t.Fatal(err)
	}
	versions, err := good.Versions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	current := versions.Current.ID
	for what, c := range map[string]struct {
		do    func() error
		class rotation.Class
		text  string
	}{
		"no key": {func() error { _, err := locked.Value(ctx, current); return err }, rotation.Refused, "not a reader"},
		"no key to stage": {
			func() error { _, err := locked.Stage(ctx, "token", rotation.NewValue("canary")); return err },
			rotation.Refused, "stage a value of orders-db",
		},
		"no secret":   {func() error { _, err := missing.Versions(ctx); return err }, rotation.Invalid, "provision it with secretstack up"},
		"no history":  {func() error { _, err := missing.History(ctx); return err }, rotation.Invalid, "secret not found"},
		"no version":  {func() error { return good.Promote(ctx, "7-00000000") }, rotation.Invalid, "version 7: not pending; rotate again"},
		"damaged":     {func() error { _, err := damaged.Versions(ctx); return err }, rotation.Internal, "truncated"},
		"foreign id":  {func() error { _, err := good.Value(ctx, "AWSCURRENT"); return err }, rotation.Internal, `"AWSCURRENT"`},
		"not its id":  {func() error { return good.Retire(ctx, "") }, rotation.Internal, "begins with its number"},
		"empty value": {func() error { _, err := good.Stage(ctx, "t", rotation.Value{}); return err }, rotation.Internal, "1 to 65536 bytes"},
	} {
		err := c.do()
		if err == nil || rotation.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %q of the class %s, want %q of %s", what, err, rotation.ClassOf(err), c.text, c.class)
		} else if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error holds a value", what)
		}
	}
}
