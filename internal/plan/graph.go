package plan

import (
	"cmp"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Graph is what a program declares. Two runs with the same input give equal graphs, but for the order of Log.
type Graph struct {
	// Resources stand in the order of a tree: each parent right before its descendants, siblings by type and name.
	Resources []Resource
	// Outputs are the stack's.
	Outputs property.Map
	// Log has all that the program logged, in the order of arrival. It may hold anything, so Text and JSON leave it out.
	Log []Message
}

// Resource is one registered resource. Its String and JSON forms show no secret value; its fields hold them.
type Resource struct {
	URN    string `json:"urn"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"` // a URN; zero: the stack
	Custom bool   `json:"custom"`           // false: a component

	Inputs  property.Map `json:"-"` // without the properties that are null
	Outputs property.Map `json:"-"` // only what a component registers as its outputs

	Dependencies         []string            `json:"dependencies,omitempty"`         // URNs, through properties and DependsOn
	PropertyDependencies map[string][]string `json:"propertyDependencies,omitempty"` // URNs, by input

	Provider                string   `json:"provider,omitempty"` // URN of an explicit provider; zero: the default one
	Protect                 bool     `json:"protect,omitempty"`
	RetainOnDelete          bool     `json:"retainOnDelete,omitempty"`
	IgnoreChanges           []string `json:"ignoreChanges,omitempty"`
	AdditionalSecretOutputs []string `json:"additionalSecretOutputs,omitempty"`
}

// String is the resource's type and name.
func (r Resource) String() string { return r.Type + " " + r.Name }

// Message is one that the program logged.
type Message struct {
	Severity string // debug, info, warning or error
	URN      string // of the resource that it is about; zero: none
	Text     string
}

// String has the message's text, after the resource that it is about.
func (m Message) String() string {
	if m.URN == "" {
		return m.Text
	}
	return short(m.URN) + ": " + m.Text
}

// Get gives the resource with a URN.
func (g *Graph) Get(urn string) (Resource, bool) {
	i := slices.IndexFunc(g.Resources, func(r Resource) bool { return r.URN == urn })
	if i < 0 {
		return Resource{}, false
	}
	return g.Resources[i], true
}

// Of gives the resources of a type.
func (g *Graph) Of(typ string) []Resource {
	return g.filter(func(r Resource) bool { return r.Type == typ })
}

// Children gives the resources directly below one; below the stack, for an empty URN.
func (g *Graph) Children(urn string) []Resource {
	return g.filter(func(r Resource) bool { return r.Parent == urn })
}

func (g *Graph) filter(keep func(Resource) bool) []Resource {
	var found []Resource
	for _, r := range g.Resources {
		if keep(r) {
			found = append(found, r)
		}
	}
	return found
}

// tree puts resources into the order of Graph.Resources.
func tree(resources map[string]*Resource) []Resource {
	children := map[string][]*Resource{}
	for _, r := range resources {
		children[r.Parent] = append(children[r.Parent], r)
	}
	ordered := make([]Resource, 0, len(resources))
	var add func(parent string)
	add = func(parent string) {
		siblings := children[parent]
		slices.SortFunc(siblings, func(a, b *Resource) int {
			return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
		})
		for _, r := range siblings {
			ordered = append(ordered, *r)
			add(r.URN)
		}
	}
	add("")
	return ordered
}

// short is how a resource is called in text: its type and name.
func short(id string) string {
	u := urn.URN(id)
	return string(u.Type()) + " " + u.Name()
}
