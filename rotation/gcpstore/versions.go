package gcpstore

import (
	"context"
	"errors"
	"path"
	"strconv"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/rotation"
)

// Versions implements rotation.Store.
func (s *Store) Versions(ctx context.Context) (rotation.Versions, error) {
	c, err := s.load(ctx)
	if err != nil {
		return rotation.Versions{}, err
	}
	current, previous, since, err := s.list(ctx, c.state)
	if err != nil {
		return rotation.Versions{}, err
	}
	var v rotation.Versions
	if current > 0 {
		v.Current = rotation.Version{ID: strconv.Itoa(current), Since: since}
	}
	if c.state.Pending > 0 {
		v.Pending.ID = pendingID(c.state.Pending)
		if current > c.state.Newest { // perhaps a rotator was killed amid Promote
			same, err := s.same(ctx, v.Pending.ID, v.Current.ID)
			if err != nil {
				return rotation.Versions{}, err
			}
			if same {
				v.Current.ID, previous = v.Pending.ID, 0
				if first := c.state.oldest(); first < current {
					previous = first
				}
			}
		}
	}
	if previous > 0 {
		v.Previous.ID = strconv.Itoa(previous)
		if r := c.state.Retire; r != nil && r.Version == previous {
			v.Previous.RetireAfter = r.After
		}
	}
	return v, nil
}

// list gives the current and the previous version's numbers, 0: there is none; and the time of the current one,
// zero: it is in no list yet.
func (s *Store) list(ctx context.Context, st state) (current, previous int, since time.Time, err error) {
	current = max(st.Newest, s.newest)
	oldest := 0
	for v, err := range s.client.ListSecretVersions(ctx, &pb.ListSecretVersionsRequest{
		Parent: s.secret, PageSize: 25,
	}, again).All() { // the newest first
		if err != nil {
			return 0, 0, since, s.explain(ctx, "list the versions of", s.secret, err)
		}
		n := number(v)
		if n >= current {
			current, since = n, v.CreateTime.AsTime()
		}
		if st.First > 0 && n >= st.First && v.State == pb.SecretVersion_ENABLED {
			oldest = n
		}
		if st.First == 0 || n <= st.First {
			break
		}
	}
	if s.leased && s.newest == 0 { // what was put a moment ago may be in no list yet
		newest, err := s.climb(ctx, current)
		if err != nil {
			return 0, 0, since, err
		}
		if newest > current {
			current, since = newest, time.Time{}
		}
	}
	s.newest = current
	if r := st.Retire; r != nil && r.Version < current {
		oldest = r.Version
	}
	if oldest < current {
		previous = oldest
	}
	return current, previous, since, nil
}

// climb gives the newest version's number, from one that is not over it.
func (s *Store) climb(ctx context.Context, n int) (int, error) {
	for {
		_, err := s.access(ctx, s.secret, strconv.Itoa(n+1))
		switch {
		case errors.Is(err, errNoVersion):
			return n, nil
		case err != nil && !errors.Is(err, rotation.ErrNoValue):
			return 0, err
		}
		n++
	}
}

// same tells whether two versions have one value.
func (s *Store) same(ctx context.Context, a, b string) (bool, error) {
	x, err := s.Value(ctx, a)
	if err == nil {
		var y rotation.Value
		if y, err = s.Value(ctx, b); err == nil {
			return x == y, nil
		}
	}
	if errors.Is(err, rotation.ErrNoValue) {
		err = nil
	}
	return false, err
}

// isCurrent tells whether a version is the newest.
func (s *Store) isCurrent(ctx context.Context, n int) (bool, error) {
	c, err := s.load(ctx)
	if err != nil || n < max(c.state.Newest, s.newest) {
		return false, err
	}
	current, _, _, err := s.list(ctx, c.state) // perhaps an operator has added another since
	return n >= current, err
}

func number(v *pb.SecretVersion) int { return versionNumber(path.Base(v.GetName())) }

// versionNumber gives 0 for the id of a pending version.
func versionNumber(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}
