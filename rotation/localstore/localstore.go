// Package localstore keeps the versions of a secret of the local cloud: the entry of a stack's encrypted
// file (internal/agefile). A version's id is the value's number in the entry and the beginning of the value's own
// id, as in 3-1f3a9c2e: numbers alone begin anew with the next file, and tokens are made of these ids.
//
// Each method reads the file once, or replaces it once and in one step, so a rotator that is killed leaves
// the versions as they were before the call or as they are after it.
//
// A lease is a lock on this machine. Who shares the file by way of git has to agree on who rotates.
package localstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/rotation"
)

// Store is the versions of one secret. All of its fields are required.
type Store struct {
	File   string // the path of the encrypted file
	Secret string // the name in it
	// Identities hold the private key of at least one of the secret's readers. The pending version is
	// encrypted to the readers as well, but nothing hands it to them.
	Identities []age.Identity
}

var (
	_ rotation.Leaser    = (*Store)(nil)
	_ rotation.Historian = (*Store)(nil)
)

// Lease is for rotation.Leaser. It is not over at a time: a rotator that was suspended may wake up in the middle of
// a call to the target, and must have been alone until then. The lease ends with the process at the latest.
func (s *Store) Lease(context.Context, time.Time) (release func(context.Context) error, err error) {
	unlock, err := agefile.LockSecret(s.File, s.Secret)
	if errors.Is(err, agefile.ErrLocked) {
		return nil, fmt.Errorf("%w (%w; lsof shows by whom): wait until it has ended; if it sleeps, continue or end it", rotation.ErrBusy, err)
	}
	if err != nil {
		return nil, s.error("lock", err)
	}
	return func(context.Context) error { return unlock() }, nil
}

// Versions is for rotation.Store. A secret that is not in the file is an error: its readers are not known.
func (s *Store) Versions(context.Context) (rotation.Versions, error) {
	values, err := s.values()
	if err != nil {
		return rotation.Versions{}, err
	}
	version := func(state string) rotation.Version {
		v, ok := values[state]
		if !ok {
			return rotation.Version{}
		}
		return rotation.Version{ID: id(v), RetireAfter: v.RetireAfter}
	}
	return rotation.Versions{Current: version(current), Pending: version(pending), Previous: version(previous)}, nil
}

// Value is for rotation.Store.
func (s *Store) Value(_ context.Context, id string) (rotation.Value, error) {
	n, err := number(id)
	if err != nil {
		return rotation.Value{}, err
	}
	f, err := agefile.Read(s.File)
	if err != nil {
		return rotation.Value{}, s.error("read", err)
	}
	value, err := f.GetVersion(s.Secret, n, s.Identities)
	if errors.Is(err, agefile.ErrNotFound) {
		return rotation.Value{}, fmt.Errorf("%w: %w", rotation.ErrNoValue, err)
	}
	if err != nil {
		return rotation.Value{}, s.error("read", err)
	}
	defer clear(value)
	return rotation.NewValue(string(value)), nil
}

// Stage is for rotation.Store. For a token whose value is current already, because another rotator has
// finished its round, it gives the current version's id.
func (s *Store) Stage(_ context.Context, token string, v rotation.Value) (staged string, err error) {
	err = s.update("stage a value of", func(f *agefile.File) error {
		value := []byte(v.Reveal())
		defer clear(value)
		n, err := f.Stage(s.Secret, token, value, s.Identities)
		e, _ := f.Entry(s.Secret)
		for _, v := range valuesOf(e) {
			if v.Version == n {
				staged = id(v)
			}
		}
		return err
	})
	return staged, err
}

// Promote is for rotation.Store.
func (s *Store) Promote(_ context.Context, id string) error {
	return s.change("promote", id, func(f *agefile.File, n int) error { return f.Promote(s.Secret, n) })
}

// Schedule is for rotation.Store. The time is rounded up to the second.
func (s *Store) Schedule(_ context.Context, id string, at time.Time) error {
	return s.change("schedule the end of", id, func(f *agefile.File, n int) error { return f.Schedule(s.Secret, n, at) })
}

// Retire is for rotation.Store. The version is gone from the file then; git may have kept it.
func (s *Store) Retire(_ context.Context, id string) error {
	return s.change("retire", id, func(f *agefile.File, n int) error { return f.Retire(s.Secret, n) })
}

// History is for rotation.Historian: the versions that the file has. It knows nothing of retired ones.
func (s *Store) History(context.Context) ([]rotation.Event, error) {
	values, err := s.values()
	if err != nil {
		return nil, err
	}
	var events []rotation.Event
	for state, v := range values {
		events = append(events, rotation.Event{Version: id(v), Created: v.Updated, State: state})
	}
	slices.SortFunc(events, func(a, b rotation.Event) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(values[b.State].Version, values[a.State].Version))
	})
	return events, nil
}

// The states of a version.
const (
	current  = "current"
	pending  = "pending"
	previous = "previous"
)

// values gives the secret's values by their state.
func (s *Store) values() (map[string]agefile.Other, error) {
	f, err := agefile.Read(s.File)
	if err != nil {
		return nil, s.error("read", err)
	}
	e, ok := f.Entry(s.Secret)
	if !ok || !e.PurgeAfter.IsZero() {
		return nil, s.error("read", fmt.Errorf("%s: %w", s.File, agefile.ErrNotFound))
	}
	return valuesOf(e), nil
}

func valuesOf(e agefile.Entry) map[string]agefile.Other {
	values := map[string]agefile.Other{current: {Version: e.Version, ID: e.ID, Updated: e.Updated}}
	if e.Pending != nil {
		values[pending] = *e.Pending
	}
	if e.Previous != nil {
		values[previous] = *e.Previous
	}
	return values
}

// change is update for a method that is given a version's id.
func (s *Store) change(what, id string, change func(*agefile.File, int) error) error {
	n, err := number(id)
	if err != nil {
		return err
	}
	return s.update(what+" version "+id+" of", func(f *agefile.File) error { return change(f, n) })
}

func (s *Store) update(what string, change func(*agefile.File) error) error {
	if err := agefile.Update(s.File, change); err != nil {
		return s.error(what, err)
	}
	return nil
}

// error gives an error of the file its class and says what to do where the file does not.
func (s *Store) error(what string, err error) error {
	e := &rotation.Error{Class: rotation.Internal, Op: what + " " + s.Secret, Err: err}
	switch {
	case errors.Is(err, agefile.ErrNotReader):
		e.Class = rotation.Refused
	case errors.Is(err, agefile.ErrNotFound):
		e.Class, e.Do = rotation.Invalid, "provision it with secretstack up"
	case errors.Is(err, agefile.ErrNotPending):
		e.Class, e.Do = rotation.Invalid, "rotate again"
	case errors.Is(err, agefile.ErrTampered):
		e.Class = rotation.Invalid
	}
	return e
}

func id(v agefile.Other) string {
	if v.ID == "" {
		return strconv.Itoa(v.Version)
	}
	return fmt.Sprintf("%d-%.8s", v.Version, v.ID)
}

func number(id string) (int, error) {
	number, _, _ := strings.Cut(id, "-")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0, fmt.Errorf("%w: a version of the local cloud begins with its number, and %q does not", rotation.ErrNoValue, id)
	}
	return n, nil
}
