package policy

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
)

// Graph has resources of a stack, and finds which refer to which.
type Graph struct {
	byType     map[string][]*Resource
	byURN      map[string]*Resource
	referrers  map[[2]string]*referrers          // by type and path; made when they are first asked for
	identities map[string]map[string][]*Resource // by type and identity; likewise
	dependents map[string]map[string][]*Resource // by type and URN; likewise
}

// NewGraph makes a graph of resources, in their order.
func NewGraph(resources ...*Resource) *Graph {
	g := &Graph{
		byType: map[string][]*Resource{}, byURN: map[string]*Resource{},
		referrers: map[[2]string]*referrers{}, identities: map[string]map[string][]*Resource{},
		dependents: map[string]map[string][]*Resource{},
	}
	for _, r := range resources {
		g.byType[r.Type] = append(g.byType[r.Type], r)
		g.byURN[r.URN] = r
	}
	return g
}

// Of gives the resources of a type.
func (g *Graph) Of(typ string) []*Resource { return g.byType[typ] }

// ByURN gives a resource; nil: it is not in the graph.
func (g *Graph) ByURN(urn string) *Resource { return g.byURN[urn] }

// referrers are the resources of one type, by what one property of theirs refers to.
type referrers struct {
	to      map[string][]*Resource // by the URN, or by the text of the value
	unknown []*Resource            // that may refer to any
}

// Referrers gives the resources of a type whose property refers to a resource: by dependency first, then by its value,
// which may be the id, the ARN, the name or the URI of the resource. A list refers to each of its items, also one that
// the path leads through. The second result is those that may refer to it: their property is unknown, and depends on no
// resource of their own provider.
func (g *Graph) Referrers(to *Resource, typ, path string) (sure, maybe []*Resource) {
	index := g.index(typ, path)
	for _, key := range append(identities(to), to.URN) {
		for _, r := range index.to[key] {
			if !slices.Contains(sure, r) {
				sure = append(sure, r)
			}
		}
	}
	return sure, index.unknown
}

// Referents gives the resources of a type to which a property of r refers, as [Graph.Referrers] finds them.
func (g *Graph) Referents(r *Resource, path, typ string) []*Resource {
	var found []*Resource
	add := func(to *Resource) {
		if to != nil && to.Type == typ && !slices.Contains(found, to) {
			found = append(found, to)
		}
	}
	keys, _ := g.refers(r, path)
	for _, key := range keys {
		add(g.byURN[key])
		for _, to := range g.named(typ)[key] {
			add(to)
		}
	}
	return found
}

// refers gives by what a property refers to others: the URNs on which it depends, and the texts of its values. A text
// that one of the former has for its own is left out, since others may have it too: the same name in two projects.
// The second result is whether it may refer to any, as nothing is known of a value. What comes from another provider,
// such as a random name, says nothing either.
func (g *Graph) refers(r *Resource, path string) (keys []string, unknown bool) {
	on := r.PropertyDependencies[root(path)]
	keys = slices.Clone(on)
	for _, item := range values(r, path) {
		switch text := folded(item.Text()); {
		case text != "":
			if !slices.ContainsFunc(on, func(id string) bool { return g.byURN[id] != nil && slices.Contains(identities(g.byURN[id]), text) }) {
				keys = append(keys, text)
			}
		case item.Unknown() && !slices.ContainsFunc(on, func(id string) bool { return provider(typeOf(id)) == provider(r.Type) }):
			unknown = true
		}
	}
	return keys, unknown
}

// typeOf is the token of a URN's type; zero: it is none.
func typeOf(id string) string {
	if u := urn.URN(id); u.IsValid() {
		return string(u.Type())
	}
	return ""
}

// provider is the one of a token, as in "aws".
func provider(token string) string {
	name, _, _ := strings.Cut(token, ":")
	return name
}

// Dependents gives the resources of a type that depend on a resource, by a property or by the option dependsOn.
func (g *Graph) Dependents(on *Resource, typ string) []*Resource {
	dependents := g.dependents[typ]
	if dependents == nil {
		dependents = map[string][]*Resource{}
		for _, r := range g.byType[typ] {
			for _, urn := range slices.Compact(slices.Sorted(slices.Values(r.Dependencies))) {
				dependents[urn] = append(dependents[urn], r)
			}
		}
		g.dependents[typ] = dependents
	}
	return dependents[on.URN]
}

// named finds the resources of a type by their identities.
func (g *Graph) named(typ string) map[string][]*Resource {
	if named := g.identities[typ]; named != nil {
		return named
	}
	named := map[string][]*Resource{}
	for _, r := range g.byType[typ] {
		for _, id := range identities(r) {
			named[id] = append(named[id], r)
		}
	}
	g.identities[typ] = named
	return named
}

func (g *Graph) index(typ, path string) *referrers {
	key := [2]string{typ, path}
	if index := g.referrers[key]; index != nil {
		return index
	}
	index := &referrers{to: map[string][]*Resource{}}
	g.referrers[key] = index
	for _, r := range g.byType[typ] {
		keys, unknown := g.refers(r, path)
		for _, key := range keys {
			index.to[key] = append(index.to[key], r)
		}
		if unknown {
			index.unknown = append(index.unknown, r)
		}
	}
	return index
}

// identities are the texts by which other resources name this one: its id, and its name, ARN, URI and the like as far
// as they are known.
func identities(r *Resource) []string {
	var known []string
	for _, id := range []string{
		r.ID, r.Output("id").Text(), r.Output("arn").Text(), r.Output("name").Text(), r.Output("url").Text(), r.Output("keyId").Text(),
		r.Output("secretId").Text(), r.Output("selfLink").Text(), r.Output("email").Text(),
	} {
		if id = folded(id); id != "" && !slices.Contains(known, id) {
			known = append(known, id)
		}
	}
	return known
}

// folded is a text by which it is compared. Azure's ids are the same in capitals and small letters:
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func folded(id string) string {
	if lower := strings.ToLower(id); strings.HasPrefix(lower, "/subscriptions/") {
		return lower
	}
	return id
}

// values are those at a path, of each item where the path leads through a list.
func values(r *Resource, path string) []Value {
	if v := r.Output(path); !v.Absent() {
		return v.Items()
	}
	found := []Value{r.Output(root(path))}
	for name := range strings.SplitSeq(strings.TrimPrefix(path, root(path)+"."), ".") {
		var inner []Value
		for _, v := range found {
			for _, item := range v.Items() {
				inner = append(inner, item.At(name).Items()...)
			}
		}
		found = inner
	}
	return found
}

// root is the property that a path begins with, by which dependencies are known.
func root(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return name
}
