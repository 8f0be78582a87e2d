package rotationtest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/secretstack/secretstack/rotation"
)

// The targets in memory put the value into their errors, in several forms, as real ones may: the rotator
// is to take it out again. They remember nothing for their clients: each process may use the same one.

// Users is a Target with two users that take turns, and a Revoker.
type Users struct {
	calls     *Calls
	passwords map[string]string // by user
	mint      minter
}

// NewUsers makes a target, and the value that works there at first.
func NewUsers(calls *Calls) (*Users, rotation.Value) {
	u := &Users{calls: calls, passwords: map[string]string{}}
	first := u.mint.value("a")
	u.set(first)
	return u, first
}

// Mint implements rotation.Target. It makes no outside call.
func (u *Users) Mint(_ context.Context, _ string, current rotation.Value) (rotation.Value, error) {
	if user, _ := split(current); user == "a" {
		return u.mint.value("b"), nil
	}
	return u.mint.value("a"), nil
}

// Apply implements rotation.Target.
func (u *Users) Apply(_ context.Context, pending, _ rotation.Value) error {
	return blab(pending, u.calls.Do("target.Apply", func() error {
		u.set(pending)
		return nil
	}))
}

// Verify implements rotation.Target.
func (u *Users) Verify(_ context.Context, v rotation.Value) error {
	return blab(v, u.calls.Do("target.Verify", func() error { return u.Works(v) }))
}

// Revoke implements rotation.Revoker.
func (u *Users) Revoke(_ context.Context, previous, current rotation.Value) error {
	return blab(previous, u.calls.Do("target.Revoke", func() error {
		if u.Works(previous) == nil && previous != current {
			user, _ := split(previous)
			delete(u.passwords, user)
		}
		return nil
	}))
}

// Works tells, past the faults, whether a value is accepted.
func (u *Users) Works(v rotation.Value) error {
	user, password := split(v)
	return accept(password != "" && u.passwords[user] == password)
}

// Live gives, past the faults, what is accepted.
func (u *Users) Live() []rotation.Value {
	var live []rotation.Value
	for user, password := range u.passwords {
		live = append(live, rotation.NewValue(user+":"+password))
	}
	return live
}

func (u *Users) set(v rotation.Value) {
	user, password := split(v)
	u.passwords[user] = password
}

// User is a Target with one user, whose password is changed in place.
type User struct {
	calls    *Calls
	password rotation.Value
	mint     minter
}

// NewUser makes a target, and the value that works there at first. Its Harness is Exclusive.
func NewUser(calls *Calls) (*User, rotation.Value) {
	u := &User{calls: calls}
	u.password = u.mint.value("a")
	return u, u.password
}

// Mint implements rotation.Target. It makes no outside call.
func (u *User) Mint(context.Context, string, rotation.Value) (rotation.Value, error) {
	return u.mint.value("a"), nil
}

// Apply implements rotation.Target. The user alters itself, with whichever password works.
func (u *User) Apply(_ context.Context, pending, current rotation.Value) error {
	return blab(pending, u.calls.Do("target.Apply", func() error {
		if u.Works(pending) != nil && u.Works(current) != nil {
			return u.Works(current)
		}
		u.password = pending
		return nil
	}))
}

// Verify implements rotation.Target.
func (u *User) Verify(_ context.Context, v rotation.Value) error {
	return blab(v, u.calls.Do("target.Verify", func() error { return u.Works(v) }))
}

// Works tells, past the faults, whether a value is accepted.
func (u *User) Works(v rotation.Value) error { return accept(u.password == v) }

// Nowhere is the Target of a value that nothing has to know.
type Nowhere struct{ mint minter }

// NewNowhere makes a target, and a first value.
func NewNowhere() (*Nowhere, rotation.Value) {
	n := &Nowhere{}
	return n, n.mint.value("a")
}

// Mint implements rotation.Target.
func (n *Nowhere) Mint(context.Context, string, rotation.Value) (rotation.Value, error) {
	return n.mint.value("a"), nil
}

// Apply implements rotation.Target.
func (*Nowhere) Apply(context.Context, rotation.Value, rotation.Value) error { return nil }

// Verify implements rotation.Target.
func (*Nowhere) Verify(context.Context, rotation.Value) error { return nil }

// Works accepts any value.
func (*Nowhere) Works(v rotation.Value) error { return accept(!v.IsZero()) }

// Issuer is a Target that gives out keys, each of which works until it is revoked. It remembers which key
// it gave for a token.
type Issuer struct {
	calls *Calls
	keys  map[string]rotation.Value // by token; zero: revoked
	mint  minter
}

// NewIssuer makes a target, and the value that works there at first.
func NewIssuer(calls *Calls) (*Issuer, rotation.Value) {
	i := &Issuer{calls: calls, keys: map[string]rotation.Value{}}
	i.keys[""] = i.mint.value("key")
	return i, i.keys[""]
}

// Mint implements rotation.Target.
func (i *Issuer) Mint(_ context.Context, token string, _ rotation.Value) (v rotation.Value, err error) {
	err = i.calls.Do("target.Mint", func() error {
		if _, ok := i.keys[token]; !ok {
			i.keys[token] = i.mint.value("key")
		}
		v = i.keys[token]
		return nil
	})
	return v, blab(v, err)
}

// Apply implements rotation.Target. There is nothing to do.
func (*Issuer) Apply(context.Context, rotation.Value, rotation.Value) error { return nil }

// Verify implements rotation.Target.
func (i *Issuer) Verify(_ context.Context, v rotation.Value) error {
	return blab(v, i.calls.Do("target.Verify", func() error { return i.Works(v) }))
}

// Revoke implements rotation.Revoker.
func (i *Issuer) Revoke(_ context.Context, previous, _ rotation.Value) error {
	return blab(previous, i.calls.Do("target.Revoke", func() error {
		for token, v := range i.keys {
			if v == previous {
				i.keys[token] = rotation.Value{}
			}
		}
		return nil
	}))
}

// Works tells, past the faults, whether a value is accepted.
func (i *Issuer) Works(v rotation.Value) error {
	for _, key := range i.Live() {
		if key == v {
			return nil
		}
	}
	return accept(false)
}

// Live gives, past the faults, the keys that work.
func (i *Issuer) Live() []rotation.Value {
	var live []rotation.Value
	for _, key := range i.keys {
		if !key.IsZero() {
			live = append(live, key)
		}
	}
	return live
}

// A minter makes values that have been seen nowhere before, with characters that get escaped.
type minter int

func (m *minter) value(user string) rotation.Value {
	*m++
	return rotation.NewValue(fmt.Sprintf("%s:can'ary/%%\"%d", user, *m))
}

func split(v rotation.Value) (user, password string) {
	user, password, _ = strings.Cut(v.Reveal(), ":")
	return user, password
}

func accept(ok bool) error {
	if !ok {
		return &rotation.Error{Class: rotation.Refused, Op: "log in", Err: fmt.Errorf("not accepted")}
	}
	return nil
}

// blab puts a value into an error.
func blab(v rotation.Value, err error) error {
	if err == nil {
		return nil
	}
	text := v.Reveal()
	return fmt.Errorf("sent %s, %q, %s, %s: %w", text, text, url.QueryEscape(text),
		base64.StdEncoding.EncodeToString([]byte("x:"+text)), err)
}
