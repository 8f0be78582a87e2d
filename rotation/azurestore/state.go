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

// previous gives the version that was current before the last promotion, unless it is retired.
func (h history) previous() version {
	claim := ""
	for _, v := range slices.Backward(h) {
		switch {
		case claim == "":
			claim = v.tags.get(tagClaim)
		case v.tags.get(tagClaim) == claim: // a twin
		case v.enabled:
			return v
		default:
			return version{}
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
