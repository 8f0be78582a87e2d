package source

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// State reads what `pulumi stack export` prints, or the file in which a backend keeps a stack's state. It holds one
// resource at a time, so that the size of the file does not matter. A secret is unknown, unless the state was exported
// with --show-secrets.
func State(in io.Reader) iter.Seq2[*policy.Resource, error] {
	return each(in, state, func(d *document, give func(*policy.Resource) error) error {
		version, known := 0, false
		deployment := func() error {
			if known && !supported(version) {
				return d.unsupported(version)
			}
			return d.deployment(give)
		}
		err := d.top([]string{"deployment", "checkpoint"}, func(name string) error {
			switch name {
			case "version":
				known = true
				return d.decode(&version)
			case "deployment":
				return deployment()
			case "checkpoint":
				return d.field("latest", deployment)
			}
			return d.skip()
		})
		if err == nil && !supported(version) {
			return d.unsupported(version)
		}
		return err
	})
}

// supported tells whether a version of the state's schema has resources as they are read here. Older ones are of before
// 2018; `pulumi stack export` of a current CLI turns them into one that is supported.
func supported(version int) bool { return version == 3 || version == 4 }

func (d *document) unsupported(version int) error {
	return fmt.Errorf("its version is %d, while 3 and 4 can be read: export it with a current Pulumi (`pulumi stack export`)", version)
}

func (d *document) deployment(give func(*policy.Resource) error) error {
	return d.field("resources", func() error {
		index := -1
		return d.items("resources", func() error {
			index++
			var r *stored
			if err := d.decode(&r); err != nil {
				return fmt.Errorf("resource %d: %w", index, err)
			}
			found, err := r.resource(decoder{})
			switch {
			case err != nil:
				return fmt.Errorf("resource %d: %w", index, d.wrong("%w", err))
			case found == nil:
				return nil
			}
			return give(found)
		})
	})
}

// stored is a resource as Pulumi writes it (apitype.ResourceV3), as far as it is wanted here.
type stored struct {
	URN                  string              `json:"urn"`
	ID                   string              `json:"id"`
	Parent               string              `json:"parent"`
	Delete               bool                `json:"delete"`
	External             bool                `json:"external"`
	Protect              bool                `json:"protect"`
	Inputs               map[string]any      `json:"inputs"`
	Outputs              map[string]any      `json:"outputs"`
	Dependencies         []string            `json:"dependencies"`
	PropertyDependencies map[string][]string `json:"propertyDependencies"`
}

// resource gives nil for what is not there any more after the next update, and for what Pulumi only reads.
func (s *stored) resource(values decoder) (*policy.Resource, error) {
	if s == nil {
		return nil, errors.New("it is null")
	}
	id, err := urn.Parse(s.URN)
	switch {
	case err != nil:
		return nil, errors.New("it has no valid URN")
	case s.Delete || s.External:
		return nil, nil
	}
	r := &policy.Resource{
		URN: s.URN, Type: policy.Canonical(string(id.Type())), Name: id.Name(), ID: s.ID,
		Inputs: values.properties(s.Inputs), Outputs: values.properties(s.Outputs),
		Options:      property.NewMap(map[string]property.Value{"protect": property.New(s.Protect)}),
		Dependencies: s.Dependencies, PropertyDependencies: map[string][]string{},
	}
	if slices.Contains(unknowns, r.ID) {
		r.ID = ""
	}
	if parent, err := urn.Parse(s.Parent); err == nil && parent.QualifiedType() != stackType {
		r.Parent = s.Parent
	}
	for name, urns := range s.PropertyDependencies {
		if len(urns) > 0 {
			r.PropertyDependencies[name] = urns
		}
	}
	return r, nil
}

// stackType is the type of the resource whose outputs are the stack's.
const stackType = "pulumi:pulumi:Stack"
