package rotationtest

import (
	"context"
	"fmt"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

// Store is a secret in memory, with the semantics that rotation.Store asks for and reads that lag behind
// where a schedule says so. It remembers nothing for its clients: each process may use the same one.
type Store struct {
	calls    *Calls
	values   map[string]rotation.Value
	tokens   map[string]string   // the version that was staged for a token
	versions []rotation.Versions // after each write, the newest last
	made     int
	// TokenIDs says that the token of a round becomes the id of its version, as on AWS.
	TokenIDs bool
}

// NewStore makes a secret with a current value; the zero Value: with none.
func NewStore(calls *Calls, current rotation.Value) *Store {
	s := &Store{
		calls:    calls,
		values:   map[string]rotation.Value{},
		tokens:   map[string]string{},
		versions: make([]rotation.Versions, 1, 16),
	}
	if !current.IsZero() {
		s.versions[0].Current.ID = s.add("", current)
	}
	return s
}

// Current is what a reader reads, past the faults.
func (s *Store) Current() (rotation.Value, error) { return s.value(s.now().Current.ID) }

// Versions implements rotation.Store.
func (s *Store) Versions(context.Context) (v rotation.Versions, err error) {
	err = s.calls.Do("store.Versions", func() error {
		v = s.versions[max(0, len(s.versions)-1-s.calls.Behind())]
		return nil
	})
	return v, err
}

// Value implements rotation.Store.
func (s *Store) Value(_ context.Context, id string) (v rotation.Value, err error) {
	err = s.calls.Do("store.Value", func() (err error) {
		v, err = s.value(id)
		return err
	})
	return v, err
}

// Stage implements rotation.Store.
func (s *Store) Stage(_ context.Context, token string, v rotation.Value) (id string, err error) {
	err = s.calls.Do("store.Stage", func() error {
		if id = s.tokens[token]; id != "" {
			return nil
		}
		if id = s.now().Pending.ID; id == "" {
			id = s.add(token, v)
			s.write().Pending.ID = id
		}
		return nil
	})
	return id, err
}

// Promote implements rotation.Store, with two calls as on AWS: one gives the readers the pending version,
// one ends the round.
func (s *Store) Promote(_ context.Context, id string) error {
	err := s.calls.Do("store.Promote(current)", func() error {
		switch id {
		case s.now().Current.ID:
		case s.now().Pending.ID:
			v := s.write()
			v.Previous = rotation.Version{ID: v.Current.ID}
			v.Current = rotation.Version{ID: id}
		default:
			return fmt.Errorf("promote %s: it is not pending", id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.calls.Do("store.Promote(pending)", func() error {
		if s.now().Pending.ID == id {
			s.write().Pending = rotation.Version{}
		}
		return nil
	})
}

// Schedule implements rotation.Store.
func (s *Store) Schedule(_ context.Context, id string, at time.Time) error {
	return s.calls.Do("store.Schedule", func() error {
		if s.now().Previous.ID == id {
			s.write().Previous.RetireAfter = at
		}
		return nil
	})
}

// Retire implements rotation.Store.
func (s *Store) Retire(_ context.Context, id string) error {
	return s.calls.Do("store.Retire", func() error {
		if s.now().Previous.ID == id {
			s.write().Previous = rotation.Version{}
			delete(s.values, id)
		}
		return nil
	})
}

func (s *Store) now() rotation.Versions { return s.versions[len(s.versions)-1] }

// write begins a new state of the versions.
func (s *Store) write() *rotation.Versions {
	s.versions = append(s.versions, s.now())
	return &s.versions[len(s.versions)-1]
}

func (s *Store) add(token string, v rotation.Value) (id string) {
	s.made++
	id = fmt.Sprintf("v%d", s.made)
	if s.TokenIDs && token != "" {
		id = token
	}
	s.values[id] = v
	s.tokens[token] = id
	return id
}

func (s *Store) value(id string) (rotation.Value, error) {
	v, ok := s.values[id]
	if !ok {
		return v, fmt.Errorf("version %q: %w", id, rotation.ErrNoValue)
	}
	return v, nil
}

// LeasedStore is a Store with leases.
type LeasedStore struct {
	*Store
	holder int // counts the leases
	until  time.Time
}

// NewLeasedStore makes a secret as NewStore does.
func NewLeasedStore(calls *Calls, current rotation.Value) *LeasedStore {
	return &LeasedStore{Store: NewStore(calls, current)}
}

// Lease implements rotation.Leaser.
func (s *LeasedStore) Lease(_ context.Context, until time.Time) (release func(context.Context) error, err error) {
	var holder int
	err = s.calls.Do("store.Lease", func() error {
		if s.calls.Now().Before(s.until) {
			return rotation.ErrBusy
		}
		s.holder++
		s.until, holder = until, s.holder
		return nil
	})
	return func(context.Context) error {
		return s.calls.Do("store.Release", func() error {
			if s.holder == holder {
				s.until = time.Time{}
			}
			return nil
		})
	}, err
}
