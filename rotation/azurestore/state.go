package azurestore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

// state is what the two lists say.
type state struct {
	main, companion history
	read            time.Time
}

// history is a secret's versions, the oldest first. It has at least one.
type history []version

type version struct {
	id          string
	created     time.Time
	enabled     bool
	contentType *string
	tags        tags
}

func (v version) retireAfter() time.Time {
	at, _ := time.Parse(time.RFC3339, v.tags.get(tagRetireAfter)) // what is no time is none
	return at
}

// is tells whether two are one version, or twins.
func (v version) is(other version) bool {
	claim := v.tags.get(tagClaim)
	return v.id == other.id || claim != "" && claim == other.tags.get(tagClaim)
}

func (h history) newest() version { return h[len(h)-1] }

func (h history) find(id string) version {
	for _, v := range h {
		if v.id == id {
			return v
		}
	}
	return version{}
}

// has tells whether a claim was promoted.
func (h history) has(claim string) bool {
	return slices.ContainsFunc(h, func(v version) bool { return v.tags.get(tagClaim) == claim })
}

// previous gives the oldest version that is to be retired, for its twins too: there are several where somebody put
// a value by hand, and each is to be revoked. What was replaced before the first promotion is not the rotator's.
func (h history) previous() version {
	first := slices.IndexFunc(h, func(v version) bool { return v.tags.get(tagClaim) != "" })
	if first < 0 {
		return version{}
	}
	for i := max(0, first-1); i < len(h); i++ {
		v := h[i]
		again := func(w version) bool { return w.enabled && w.is(v) }
		if v.enabled && !v.is(h.newest()) && !slices.ContainsFunc(h[i+1:], again) {
			return v
		}
	}
	return version{}
}

// pending gives the oldest open claim.
func (s *state) pending() version {
	for _, c := range s.companion {
		if c.enabled && s.open(c) {
			return c
		}
	}
	return version{}
}

func (s *state) open(claim version) bool {
	base := claim.tags.get(tagBase)
	i := slices.IndexFunc(s.main, func(v version) bool { return v.id == base })
	if i < 0 {
		return false
	}
	if after := s.main[i+1:]; len(after) > 0 && !after[0].created.After(claim.created) {
		return false // it was staged by a stale view
	}
	return !slices.ContainsFunc(s.companion, func(c version) bool {
		return c.tags.get(tagBase) == base && s.main.has(c.id)
	})
}

func (s *Store) look(ctx context.Context) error {
	s.seen = nil
	main, err := s.list(ctx, s.Name)
	if err != nil {
		return err
	}
	companion, err := s.list(ctx, s.companion())
	if err != nil {
		return err
	}
	s.seen = &state{main: main, companion: companion, read: s.now()}
	return nil
}

func (s *Store) list(ctx context.Context, name string) (history, error) {
	op := "list the versions of the Key Vault secret " + name
	var h history
	for pager := s.Client.NewListSecretPropertiesVersionsPager(name, nil); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, failure(op, err)
		}
		for _, p := range page.Value {
			if p.ID == nil || p.Attributes == nil || p.Attributes.Created == nil || p.Attributes.Enabled == nil {
				return nil, failure(op, errors.New("Key Vault gave a version without its attributes"))
			}
			h = append(h, version{p.ID.Version(), *p.Attributes.Created, *p.Attributes.Enabled, p.ContentType, p.Tags})
		}
	}
	if len(h) == 0 {
		return nil, &rotation.Error{Class: rotation.Invalid, Op: op, Err: errors.New("there are none"), Do: deploy}
	}
	slices.SortFunc(h, func(a, b version) int {
		return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id))
	})
	return h, nil
}
