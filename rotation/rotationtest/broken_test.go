package rotationtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/secretstack/secretstack/rotation"
)

// TestBroken breaks a rotator, a store or a target, and wants the suite to find it out.
func TestBroken(t *testing.T) {
	for _, test := range []struct {
		name          string
		target, store string
		rotator       func(*rotation.Rotator) rotator
		open          func(rotation.Store, rotation.Target) (rotation.Store, rotation.Target)
		want          string
	}{
		{
			name: "the rotator promotes before it applies", target: "users", store: "store",
			rotator: func(r *rotation.Rotator) rotator { return promotesFirst{r} },
			want:    "the current value does not work",
		},
		{
			name: "the rotator revokes early", target: "users", store: "store",
			rotator: func(r *rotation.Rotator) rotator {
				r.Grace = -time.Hour
				return r
			},
			want: "its grace has not passed",
		},
		{
			name: "the rotator allows for no wrong clock", target: "users", store: "store",
			rotator: func(r *rotation.Rotator) rotator {
				r.Grace -= 10 * time.Minute
				return r
			},
			want: "its grace has not passed",
		},
		{
			name: "the rotator mints with another token each time", target: "issuer", store: "store",
			rotator: func(r *rotation.Rotator) rotator { return newTokens{r} },
			want:    "neither current nor previous",
		},
		{
			name: "the rotator drops what another round has staged", target: "issuer", store: "steps",
			rotator: func(r *rotation.Rotator) rotator { return dropsOthers{r} },
			want:    "neither current nor previous",
		},
		{
			name: "the rotator never retires", target: "issuer", store: "store",
			rotator: func(r *rotation.Rotator) rotator { return neverRetires{r} },
			want:    "was not retired",
		},
		{
			name: "the rotator retires without revoking", target: "issuer", store: "store",
			rotator: func(r *rotation.Rotator) rotator {
				r.Target = struct{ rotation.Target }{r.Target} // no Revoker
				return r
			},
			want: "neither current nor previous",
		},
		{
			name: "the rotator passes errors on as they are", target: "users", store: "store",
			rotator: func(r *rotation.Rotator) rotator { return blabs{r} },
			want:    "holds a value",
		},
		{
			name: "the rotator logs values", target: "nowhere", store: "store",
			rotator: func(r *rotation.Rotator) rotator {
				r.Target = logs{r.Target, r.Log}
				return r
			},
			want: "holds a value",
		},
		{
			name: "the rotator says that it is done too early", target: "user", store: "store",
			rotator: func(r *rotation.Rotator) rotator { return lazy{r} },
			want:    "not done after",
		},
		{
			name: "the store replaces what is pending", target: "user", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return replaces{s.(*Store)}, t
			},
			want: "the current value does not work",
		},
		{
			name: "the store keeps what is pending in memory", target: "user", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return &forgets{Store: s.(*Store)}, t
			},
			want: "the current value does not work",
		},
		{
			name: "the store takes the current version away before it promotes", target: "users", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return gap{s.(*Store)}, t
			},
			want: "no current value can be read",
		},
		{
			name: "the store retires what is current", target: "users", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return retiresCurrent{s.(*Store)}, t
			},
			want: "no current value can be read",
		},
		{
			name: "the store stages a token twice", target: "users", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return stagesTwice{s.(*Store)}, t
			},
			want: "the current value does not work",
		},
		{
			name: "the target revokes the current user", target: "users", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return s, revokesCurrent{t.(*Users)}
			},
			want: "the current value does not work",
		},
		{
			name: "the target revokes a user whatever has become of it", target: "users", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return s, revokesUser{t.(*Users)}
			},
			want: "the current value does not work",
		},
		{
			name: "the issuer forgets what it gave for a token", target: "issuer", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return s, forgetful{t.(*Issuer)}
			},
			want: "neither current nor previous",
		},
		{
			name: "the target applies nothing twice", target: "user", store: "store",
			open: func(s rotation.Store, t rotation.Target) (rotation.Store, rotation.Target) {
				return s, once{t.(*User)}
			},
			want: "not done after",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := actor{harness: harness(test.target, test.store), rotator: test.rotator}
			if test.open != nil {
				whole := a.harness.New
				a.harness.New = func(t *testing.T, calls *Calls) World {
					w := whole(t, calls)
					open := w.Open
					w.Open = func() (rotation.Store, rotation.Target) { return test.open(open()) }
					return w
				}
			}
			o := a.play(t, plan{more: 3})
			for _, p := range a.plans(o) {
				if o.err != nil {
					break
				}
				o = a.play(t, p)
			}
			if o.err == nil || !strings.Contains(o.err.Error(), test.want) {
				t.Errorf("the suite found %v, want %q", o.err, test.want)
			}
		})
	}
}

type promotesFirst struct{ *rotation.Rotator }

func (r promotesFirst) Rotate(ctx context.Context) error {
	store, target := r.Store.(*Store), r.Target
	r.Target = verifiesAll{target}
	if err := r.Create(ctx, ""); err != nil {
		return err
	}
	pending := store.now().Pending.ID
	if err := r.Finish(ctx, pending); err != nil {
		return err
	}
	v, _ := store.value(pending)
	return target.Apply(ctx, v, v)
}

type verifiesAll struct{ rotation.Target }

func (verifiesAll) Verify(context.Context, rotation.Value) error { return nil }

type newTokens struct{ *rotation.Rotator }

func (r newTokens) Rotate(ctx context.Context) error {
	token := uuid.NewString()
	return errors.Join(r.Create(ctx, token), r.Set(ctx, token), r.Finish(ctx, token))
}

type dropsOthers struct{ *rotation.Rotator }

func (r dropsOthers) Create(ctx context.Context, token string) error {
	if s := r.Store.(*Store); s.now().Pending.ID != token {
		s.write().Pending = rotation.Version{}
	}
	return r.Rotator.Create(ctx, token)
}

type neverRetires struct{ *rotation.Rotator }

func (neverRetires) Retire(context.Context) error { return nil }

type blabs struct{ *rotation.Rotator }

func (r blabs) Rotate(ctx context.Context) error {
	watch := &lastError{Target: r.Target}
	r.Target = watch
	err := r.Rotator.Rotate(ctx)
	return errors.Join(err, watch.err)
}

type lastError struct {
	rotation.Target
	err error
}

func (l *lastError) Apply(ctx context.Context, pending, current rotation.Value) error {
	l.err = l.Target.Apply(ctx, pending, current)
	return l.err
}

type logs struct {
	rotation.Target
	log *slog.Logger
}

func (l logs) Apply(ctx context.Context, pending, current rotation.Value) error {
	l.log.Info("apply", "password", pending.Reveal())
	return l.Target.Apply(ctx, pending, current)
}

type lazy struct{ *rotation.Rotator }

func (r lazy) Rotate(ctx context.Context) error {
	return errors.Join(r.Create(ctx, ""), r.Create(ctx, ""))
}

type replaces struct{ *Store }

func (s replaces) Stage(ctx context.Context, token string, v rotation.Value) (string, error) {
	if s.now().Pending.ID != "" {
		delete(s.tokens, token)
		s.write().Pending = rotation.Version{}
	}
	return s.Store.Stage(ctx, token, v)
}

type forgets struct {
	*Store
	pending rotation.Value
}

func (s *forgets) Stage(_ context.Context, _ string, v rotation.Value) (string, error) {
	s.pending = v
	return "p", nil
}

func (s *forgets) Versions(ctx context.Context) (rotation.Versions, error) {
	v, err := s.Store.Versions(ctx)
	if !s.pending.IsZero() {
		v.Pending.ID = "p"
	}
	return v, err
}

func (s *forgets) Value(ctx context.Context, id string) (rotation.Value, error) {
	if id == "p" {
		return s.pending, nil
	}
	return s.Store.Value(ctx, id)
}

func (s *forgets) Promote(ctx context.Context, _ string) error {
	id, err := s.Store.Stage(ctx, uuid.NewString(), s.pending)
	if err != nil {
		return err
	}
	s.pending = rotation.Value{}
	return s.Store.Promote(ctx, id)
}

type gap struct{ *Store }

func (s gap) Promote(ctx context.Context, id string) error {
	before := s.now()
	if err := s.calls.Do("store.Promote(away)", func() error {
		s.write().Current = rotation.Version{}
		return nil
	}); err != nil {
		return err
	}
	s.write().Current = before.Current
	return s.Store.Promote(ctx, id)
}

type retiresCurrent struct{ *Store }

func (s retiresCurrent) Retire(ctx context.Context, id string) error {
	delete(s.values, s.now().Current.ID)
	return s.Store.Retire(ctx, id)
}

type stagesTwice struct{ *Store }

func (s stagesTwice) Stage(ctx context.Context, token string, v rotation.Value) (string, error) {
	if id := s.tokens[token]; id != s.now().Pending.ID {
		delete(s.tokens, token)
	}
	return s.Store.Stage(ctx, token, v)
}

type revokesCurrent struct{ *Users }

func (u revokesCurrent) Revoke(ctx context.Context, _, current rotation.Value) error {
	return u.Users.Revoke(ctx, current, rotation.Value{})
}

type revokesUser struct{ *Users }

func (u revokesUser) Revoke(_ context.Context, previous, _ rotation.Value) error {
	return u.calls.Do("target.Revoke", func() error {
		user, _ := split(previous)
		delete(u.passwords, user)
		return nil
	})
}

type forgetful struct{ *Issuer }

func (i forgetful) Mint(ctx context.Context, _ string, current rotation.Value) (rotation.Value, error) {
	return i.Issuer.Mint(ctx, uuid.NewString(), current)
}

type once struct{ *User }

func (u once) Apply(ctx context.Context, pending, current rotation.Value) error {
	if u.Works(pending) == nil {
		return fmt.Errorf("it is the password already")
	}
	return u.User.Apply(ctx, pending, current)
}
