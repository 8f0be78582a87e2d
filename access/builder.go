package access

import (
	"cmp"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/policies/policy"
)

// Options are what the resources may not say.
type Options struct {
	// Names are the short names of identities, with their ids as in secretstack:identities. Zero: none has one.
	Names map[string]string
	// Account and Region are those of AWS in which the resources are by default. Zero: as far as the resources say.
	Account, Region string
	// Project is that of Google Cloud, likewise.
	Project string
	// Subscription is that of Azure, likewise.
	Subscription string
}

// From is [Of] for the resources of a source, of which it holds no more than it looks at. It gives the source's error.
func From(all iter.Seq2[*policy.Resource, error], options Options) (*Access, error) {
	looked := map[string]bool{providerType: true}
	for _, typ := range Types() {
		looked[typ] = true
	}
	var resources []*policy.Resource
	for r, err := range all {
		if err != nil {
			return nil, err
		}
		if !looked[r.Type] { // others may depend on it: a managed identity is part of an application
			r = &policy.Resource{URN: r.URN, Type: r.Type, Name: r.Name, Parent: r.Parent}
		}
		resources = append(resources, r)
	}
	return Of(resources, options), nil
}

// Of finds who can read which of the secrets among the resources of a stack.
func Of(resources []*policy.Resource, options Options) *Access {
	b := &builder{
		Graph: policy.NewGraph(resources...), Options: options,
		identities: map[string]int{}, secretsByKey: map[string]*secret{}, ways: map[wayKey]int{}, noted: map[string]bool{},
	}
	for _, r := range resources {
		if u, err := urn.Parse(r.URN); err == nil && u.Stack() != "" {
			b.access.Stack = string(u.Project()) + "/" + string(u.Stack())
			break
		}
	}
	b.aws()
	b.gcp()
	b.azure()
	b.local()
	return b.finish()
}

// builder gathers who reads what, each cloud after the other.
type builder struct {
	*policy.Graph
	Options
	access Access

	identities   map[string]int // in access.Identities, by a key of the cloud
	secrets      []*secret
	secretsByKey map[string]*secret
	ways         map[wayKey]int // in allWays
	allWays      []Way
	noted        map[string]bool
}

// secret is a secret with its readers so far.
type secret struct {
	Secret
	readers [][2]int32 // an identity and one of its ways
}

type wayKey struct {
	by    By
	how   string
	level Level
	wide  bool
	ifs   string
}

// secret gives that with a key of the cloud, which it makes where there is none.
func (b *builder) secret(key string, s Secret) *secret {
	if found := b.secretsByKey[key]; found != nil {
		return found
	}
	made := &secret{Secret: s}
	b.secrets, b.secretsByKey[key] = append(b.secrets, made), made
	return made
}

// identity gives the index of that with a key of the cloud. What is told of it only now is added.
func (b *builder) identity(key string, id Identity) int {
	i, known := b.identities[key]
	if !known {
		i = len(b.access.Identities)
		b.identities[key] = i
		b.access.Identities = append(b.access.Identities, id)
		return i
	}
	old := &b.access.Identities[i]
	old.Name, old.ID, old.Kind = cmp.Or(old.Name, id.Name), cmp.Or(old.ID, id.ID), cmp.Or(old.Kind, id.Kind)
	old.Mark, old.Resource = cmp.Or(old.Mark, id.Mark), cmp.Or(old.Resource, id.Resource)
	return i
}

// read notes that an identity reads a secret.
func (b *builder) read(s *secret, identity int, w Way) { s.add(identity, b.way(w)) }

func (s *secret) add(identity, way int) {
	s.readers = append(s.readers, [2]int32{int32(identity), int32(way)})
}

func (b *builder) way(w Way) int {
	key := wayKey{w.By, w.How, w.Level, w.Wide, strings.Join(w.If, "\x00")}
	i, known := b.ways[key]
	if !known {
		i = len(b.allWays)
		b.ways[key] = i
		b.allWays = append(b.allWays, w)
	}
	return i
}

// note says what could not be looked at, once.
func (b *builder) note(text string) {
	if !b.noted[text] {
		b.noted[text] = true
		b.access.Notes = append(b.access.Notes, text)
	}
}

// finish names everything and puts secrets with equal readers together.
func (b *builder) finish() *Access {
	a := &b.access
	a.Format = Version
	used := make([]bool, len(a.Identities))
	for _, s := range b.secrets {
		for _, r := range s.readers {
			used[r[0]] = true
		}
	}
	uniqueNames(len(a.Identities), func(i int) (*string, string) { return &a.Identities[i].Name, a.Identities[i].ID },
		func(i int) bool { return used[i] })
	uniqueNames(len(b.secrets), func(i int) (*string, string) { return &b.secrets[i].Name, b.secrets[i].Where },
		func(int) bool { return true })
	slices.SortFunc(b.secrets, func(a, b *secret) int { return cmp.Compare(a.Name, b.Name) })

	groups := map[string]int{}
	for _, s := range b.secrets {
		slices.SortFunc(s.readers, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		s.readers = slices.Compact(s.readers)
		var signature []byte
		for _, r := range s.readers {
			signature = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(signature, uint32(r[0])), uint32(r[1]))
		}
		i, known := groups[string(signature)]
		if !known {
			i = len(a.Groups)
			groups[string(signature)] = i
			a.Groups = append(a.Groups, Group{Readers: b.readers(s.readers)})
		}
		a.Groups[i].Secrets = append(a.Groups[i].Secrets, s.Secret)
	}
	kept := []Identity{}
	for i, id := range a.Identities {
		if used[i] {
			kept = append(kept, id)
		}
	}
	slices.SortFunc(kept, func(a, b Identity) int { return cmp.Compare(a.Name, b.Name) })
	a.Identities = kept
	if a.Groups == nil {
		a.Groups = []Group{}
	}
	slices.Sort(a.Notes)
	return a
}

// readers are the readers of pairs of an identity and a way, which are in order.
func (b *builder) readers(pairs [][2]int32) []Reader {
	readers := []Reader{}
	for len(pairs) > 0 {
		n := 1
		for n < len(pairs) && pairs[n][0] == pairs[0][0] {
			n++
		}
		r := Reader{Identity: b.access.Identities[pairs[0][0]].Name}
		for _, p := range pairs[:n] {
			r.Ways = append(r.Ways, b.allWays[p[1]])
		}
		slices.SortStableFunc(r.Ways, func(a, b Way) int {
			return cmp.Or(cmp.Compare(a.Level.rank(), b.Level.rank()), order(a.Wide, b.Wide), cmp.Compare(a.How, b.How), cmp.Compare(a.String(), b.String()))
		})
		r.Level = r.Ways[0].Level
		r.Wide = !slices.ContainsFunc(r.Ways, func(w Way) bool { return w.Level == r.Level && !w.Wide })
		readers = append(readers, r)
		pairs = pairs[n:]
	}
	slices.SortFunc(readers, func(a, b Reader) int { return cmp.Compare(a.Identity, b.Identity) })
	return readers
}

// uniqueNames gives the longer name to what shares the short one with another, and a number where it shares both.
func uniqueNames(n int, at func(int) (name *string, long string), counts func(int) bool) {
	taken := map[string]int{}
	for i := range n {
		name, long := at(i)
		*name = cmp.Or(*name, long, "not known before the update")
		if counts(i) {
			taken[*name]++
		}
	}
	seen := map[string]int{}
	for i := range n {
		if !counts(i) {
			continue
		}
		name, long := at(i)
		if taken[*name] > 1 && long != "" {
			*name = long
		}
		if seen[*name]++; seen[*name] > 1 {
			*name += " #" + strconv.Itoa(seen[*name])
		}
	}
}

// order has false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Types are the types of the resources that are looked at, without Azure's API versions.
func Types() []string {
	types := slices.Concat(awsTypes, gcpTypes, azureTypes, []string{localsecret.EntryType})
	for _, a := range awsAttachments {
		types = append(types, a.typ)
	}
	types = slices.AppendSeq(types, maps.Keys(gcpGrants))
	slices.Sort(types)
	return slices.Compact(types)
}
