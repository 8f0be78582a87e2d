// Package gcpstore keeps the versions of one secret in Google Cloud's Secret Manager.
//
// Secret Manager knows no pending version: each version that is added is latest at once. So a secret has a
// companion, <secret>--rotation, which only the rotator reads. It holds the pending value as a version of
// its own, and the state of the rotation in its annotation [StateAnnotation], which is changed by compare
// and swap with the etag (https://cloud.google.com/secret-manager/docs/etags).
//
//   - Current is always latest, whoever added it.
//   - Pending is named by the state, so that there is one at most. What else is in the companion is left from
//     a try that lost, and is destroyed with the pending version once that one is promoted.
//   - Previous is the oldest enabled version that was current since the first rotation began and is not retired.
//     So each has its turn to be revoked, also those that an operator added, one after the other. What was replaced
//     before the first rotation is left alone.
//   - Retiring destroys: Secret Manager disables the version at once and destroys it when the secret's destroy
//     TTL has passed, until when it can be enabled again
//     (https://cloud.google.com/secret-manager/docs/delay-destruction-of-secret-versions). A call to disable it
//     first would be a second change of the version within the second, which is over the limit of
//     https://cloud.google.com/secret-manager/quotas.
//
// Only access by a version's number is strongly consistent, not latest, and no list
// (https://cloud.google.com/secret-manager/docs/reference/consistency). So a Store looks, by their numbers, for
// versions that came after those it knows, once it has the lease: for the current one, and for its own if it was
// killed amid Promote.
// These accesses end with NOT_FOUND, which is in the audit log and is no fault.
//
// A rotator needs these permissions, and no more:
//
//	on the secret     secretmanager.secrets.get       (its Job; Secret Manager has no narrower one)
//	                  secretmanager.versions.access
//	                  secretmanager.versions.add
//	                  secretmanager.versions.destroy
//	                  secretmanager.versions.get
//	                  secretmanager.versions.list
//	on its companion  the same, and secretmanager.secrets.update, but not secretmanager.versions.list
//	on a secret that
//	the target reads  secretmanager.versions.access
package gcpstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
)

// Store is a rotation.Store, a rotation.Leaser and a rotation.Historian.
type Store struct {
	// Now is the clock by which leases end. Zero: time.Now.
	Now func() time.Time

	client    *secretmanager.Client
	secret    string
	companion string
	holder    string // of a lease: this Store

	// What is known of the companion, and whether it is true still since this Store has the lease. A write
	// that is decided by a state that others have changed meanwhile fails by its etag.
	known  *known
	leased bool

	newest int // the newest version of the secret that was seen; 0: look for it
}

var (
	_ rotation.Leaser    = (*Store)(nil)
	_ rotation.Historian = (*Store)(nil)
)

// New makes a Store of the secret with a resource name, projects/PROJECT/secrets/SECRET.
func New(client *secretmanager.Client, name string) *Store {
	return &Store{client: client, secret: name, companion: name + secret.CompanionSuffix, holder: uuid.NewString()}
}

// Read gives the current value of a secret that is not rotated here, such as an administrator's. Its error
// is rotation.ErrNoValue where there is none, and where there is no such secret: who may only access its versions
// cannot tell these apart.
func Read(ctx context.Context, client *secretmanager.Client, name string) (rotation.Value, error) {
	v, err := New(client, name).access(ctx, name, "latest")
	if errors.Is(err, errNoVersion) {
		err = &rotation.Error{
			Class: rotation.Invalid, Op: "read " + name,
			Err: fmt.Errorf("there is no such secret, or it has no version yet: %w", rotation.ErrNoValue),
			Do:  "check that it exists, in the project and by the name that it has here",
		}
	}
	return v, err
}

// The id of a version is its number; a pending one's is that in the companion, with a prefix.
const pendingPrefix = "pending-"

func pendingID(n int) string { return pendingPrefix + strconv.Itoa(n) }

// Value implements rotation.Store.
func (s *Store) Value(ctx context.Context, id string) (rotation.Value, error) {
	if n, ok := strings.CutPrefix(id, pendingPrefix); ok {
		return s.access(ctx, s.companion, n)
	}
	return s.access(ctx, s.secret, id)
}

// Stage implements rotation.Store.
func (s *Store) Stage(ctx context.Context, token string, v rotation.Value) (string, error) {
	c, err := s.load(ctx)
	if err != nil {
		return "", err
	}
	if id := c.state.staged(token); id != "" {
		return id, nil
	}
	if s.newest == 0 {
		if _, _, _, err := s.list(ctx, c.state); err != nil {
			return "", err
		}
	}
	added, err := s.add(ctx, s.companion, v)
	if err != nil {
		return "", err
	}
	var id string
	err = s.update(ctx, func(st *state) bool {
		if id = st.staged(token); id != "" {
			return false
		}
		st.Pending, st.Token, st.Newest = added, token, max(st.Newest, s.newest)
		id = pendingID(added)
		return true
	})
	if err == nil && id != pendingID(added) {
		err = s.destroy(ctx, s.companion, added) // another was first
	}
	return id, err
}

// Promote implements rotation.Store.
func (s *Store) Promote(ctx context.Context, id string) error {
	c, err := s.load(ctx)
	if err != nil {
		return err
	}
	switch {
	case id == pendingID(c.state.Pending):
	case id == strconv.Itoa(c.state.Newest), c.state.promoted(id):
		return s.sweep(ctx)
	default:
		return &rotation.Error{
			Class: rotation.Invalid, Op: "rotate " + s.secret,
			Err: fmt.Errorf("the version %s is neither pending nor current", id), Do: "start a new rotation",
		}
	}
	n, err := s.reveal(ctx, id, c.state.Newest)
	if err != nil {
		return err
	}
	err = s.update(ctx, func(st *state) bool {
		if id != pendingID(st.Pending) {
			return false
		}
		st.First = st.oldest()
		st.Promoted, st.Pending, st.Newest, st.Retire = st.Pending, 0, n, nil
		if st.First < n {
			st.Retire = &retirement{Version: st.First}
		}
		return true
	})
	if err != nil {
		return err
	}
	return s.sweep(ctx)
}

// reveal gives the readers the pending value, unless a version after newest has it already, and tells the number
// of its version.
func (s *Store) reveal(ctx context.Context, id string, newest int) (int, error) {
	value, err := s.Value(ctx, id)
	if err != nil {
		return 0, err
	}
	for n := newest + 1; ; n++ {
		v, err := s.access(ctx, s.secret, strconv.Itoa(n))
		switch {
		case errors.Is(err, errNoVersion):
			return s.add(ctx, s.secret, value)
		case err == nil && v == value:
			return n, nil
		case err != nil && !errors.Is(err, rotation.ErrNoValue):
			return 0, err
		}
	}
}

// sweep destroys what was pending in the companion up to the last promoted version.
func (s *Store) sweep(ctx context.Context) error {
	c, err := s.load(ctx)
	if err != nil {
		return err
	}
	for n := c.state.Swept + 1; n <= c.state.Promoted; n++ {
		if err := s.destroy(ctx, s.companion, n); err != nil {
			return err
		}
		c.state.Swept = n // noted with the next change
	}
	return nil
}

// Schedule implements rotation.Store. An older version whose turn comes before has the time too: it was replaced
// earlier.
func (s *Store) Schedule(ctx context.Context, id string, at time.Time) error {
	n := versionNumber(id)
	if n == 0 {
		return nil
	}
	if current, err := s.isCurrent(ctx, n); err != nil || current {
		return err
	}
	return s.update(ctx, func(st *state) bool {
		if st.First == 0 || n < st.First {
			return false
		}
		turn := n
		if st.Retire != nil {
			turn = min(turn, st.Retire.Version)
		}
		st.Retire = &retirement{Version: turn, After: at.UTC().Truncate(time.Second)}
		return true
	})
}

// Retire implements rotation.Store.
func (s *Store) Retire(ctx context.Context, id string) error {
	c, err := s.load(ctx)
	if err != nil {
		return err
	}
	n := versionNumber(id)
	if n == 0 || n < c.state.First {
		return nil
	}
	if current, err := s.isCurrent(ctx, n); err != nil || current {
		return err
	}
	if err := s.destroy(ctx, s.secret, n); err != nil {
		return err
	}
	return s.update(ctx, func(st *state) bool {
		if n < st.First {
			return false
		}
		st.First = n + 1
		if st.Retire != nil && st.Retire.Version <= n {
			st.Retire = nil
		}
		return true
	})
}

func (s *Store) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
