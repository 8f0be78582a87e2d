package access

import (
	"cmp"
	"slices"
	"strings"
)

// Diff is what a change adds to who can read what, and takes away.
type Diff struct {
	Changes []Change `json:"changes"` // by kind and identity
}

// Change is that one identity reads secrets otherwise than before.
type Change struct {
	Kind     Kind            `json:"kind"`
	Identity Identity        `json:"identity"`
	Secrets  []ChangedSecret `json:"secrets"` // by name
	Old      *Reader         `json:"old,omitempty"`
	New      *Reader         `json:"new,omitempty"`
}

// ChangedSecret is a secret of a change.
type ChangedSecret struct {
	Secret
	Fresh bool `json:"fresh,omitempty"` // it is new itself
	Gone  bool `json:"gone,omitempty"`  // it is deleted itself
}

// Kind is what a change does.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed" // in how, or in how sure it is
)

// Kinds are all of them, in the order in which they are shown.
var Kinds = []Kind{Added, Changed, Removed}

// Compare finds what differs. Secrets are the same by name; identities by id or by the resource that makes them, between two
// stacks also by name, and as the only rotator.
func Compare(before, after *Access) *Diff {
	same := twins(before, after)
	old, fresh := index(before, func(id Identity) string { return id.Name }), index(after, same)
	changes := map[string]*Change{}
	add := func(c Change, s ChangedSecret) {
		key := string(c.Kind) + "\x00" + c.Identity.Name + "\x00" + c.Old.key() + "\x00" + c.New.key()
		if changes[key] == nil {
			changes[key] = &c
		}
		changes[key].Secrets = append(changes[key].Secrets, s)
	}
	for name, s := range fresh {
		was, existed := old[name]
		for key, r := range s.readers {
			c := Change{Kind: Added, Identity: r.identity, New: r.Reader}
			if o, read := was.readers[key]; read {
				c.Kind, c.Old = Changed, o.Reader
			}
			if c.Old.key() != c.New.key() {
				add(c, ChangedSecret{Secret: s.Secret, Fresh: !existed})
			}
		}
	}
	for name, s := range old {
		now, exists := fresh[name]
		for key, r := range s.readers {
			if _, reads := now.readers[key]; !reads {
				add(Change{Kind: Removed, Identity: r.identity, Old: r.Reader}, ChangedSecret{Secret: s.Secret, Gone: !exists})
			}
		}
	}
	d := &Diff{Changes: []Change{}}
	for _, c := range changes {
		slices.SortFunc(c.Secrets, func(a, b ChangedSecret) int { return cmp.Compare(a.Name, b.Name) })
		d.Changes = append(d.Changes, *c)
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(Kinds, a.Kind), slices.Index(Kinds, b.Kind)),
			cmp.Compare(a.Identity.Name, b.Identity.Name), cmp.Compare(a.Secrets[0].Name, b.Secrets[0].Name), cmp.Compare(a.New.key(), b.New.key()))
	})
	return d
}

// key tells readers of different ways apart.
func (r *Reader) key() string {
	if r == nil {
		return ""
	}
	var ways []string
	for _, w := range r.Ways {
		ways = append(ways, string(w.Level)+" "+w.String())
	}
	return strings.Join(ways, "\x01")
}

// indexed is a secret with its readers by a key that is the same before and after.
type indexed struct {
	Secret
	readers map[string]indexedReader
}

type indexedReader struct {
	*Reader
	identity Identity
}

func index(a *Access, key func(Identity) string) map[string]indexed {
	byName := map[string]Identity{}
	for _, id := range a.Identities {
		byName[id.Name] = id
	}
	secrets := map[string]indexed{}
	for _, g := range a.Groups {
		readers := map[string]indexedReader{} // which the secrets of the group share
		for i, r := range g.Readers {
			id := byName[r.Identity]
			readers[key(id)] = indexedReader{&g.Readers[i], id}
		}
		for _, s := range g.Secrets {
			secrets[s.Name] = indexed{s, readers}
		}
	}
	return secrets
}

// twins gives for an identity the name that the same one had before, or else one that nobody had.
func twins(before, after *Access) func(Identity) string {
	byName := before.Stack != after.Stack && before.Stack != "" && after.Stack != ""
	names := map[string]string{}
	for _, id := range before.Identities {
		for _, key := range []string{"id " + id.ID, "resource " + id.Resource} {
			if !strings.HasSuffix(key, " ") {
				names[key] = id.Name
			}
		}
		if byName || id.ID == "" && id.Resource == "" {
			names["name "+id.Name] = id.Name
		}
	}
	if r := rotators(before); byName && len(r) == 1 && len(rotators(after)) == 1 {
		names["mark "+string(Rotator)] = r[0]
	}
	return func(id Identity) string {
		return cmp.Or(names["id "+id.ID], names["resource "+id.Resource], names["name "+id.Name], names["mark "+string(id.Mark)], "new "+id.ID+" "+id.Name)
	}
}

func rotators(a *Access) (names []string) {
	for _, id := range a.Identities {
		if id.Mark == Rotator {
			names = append(names, id.Name)
		}
	}
	return names
}
