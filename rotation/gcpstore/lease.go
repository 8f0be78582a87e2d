package gcpstore

import (
	"context"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

// Lease implements rotation.Leaser. A Store that has the lease may take it again.
func (s *Store) Lease(ctx context.Context, until time.Time) (release func(context.Context) error, err error) {
	s.known, s.newest, s.leased = nil, 0, true
	defer func() { s.leased = err == nil }()
	if err := s.sweep(ctx); err != nil { // a rotator may have been killed before it could
		return nil, err
	}
	var other *lease
	err = s.update(ctx, func(st *state) bool {
		if other = st.Lease; other.held(s.now()) && other.Holder != s.holder {
			return false
		}
		other, st.Lease = nil, &lease{Holder: s.holder, Until: until.UTC()}
		return true
	})
	if err != nil {
		return nil, err
	}
	if other != nil {
		return nil, &rotation.Error{
			Class: rotation.Busy, Op: "lease " + s.secret, Err: rotation.ErrBusy,
			Do: "try again; its lease ends by itself at " + other.Until.Format(time.RFC3339),
		}
	}
	return s.release, nil
}

func (s *Store) release(ctx context.Context) error {
	defer func() { s.leased = false }()
	return s.update(ctx, func(st *state) bool {
		if st.Lease == nil || st.Lease.Holder != s.holder {
			return false
		}
		st.Lease = nil
		return true
	})
}
