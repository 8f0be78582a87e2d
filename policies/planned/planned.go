// Package planned gives the resources of a plan to the rules.
package planned

import (
	"iter"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/policy"
)

// Resources gives the resources of a plan, and first the stack with its outputs. It gives no error.
func Resources(g *plan.Graph) iter.Seq2[*policy.Resource, error] {
	return func(yield func(*policy.Resource, error) bool) {
		stack, project := tokens.QName("stack"), tokens.PackageName("project")
		if len(g.Resources) > 0 {
			id := urn.URN(g.Resources[0].URN)
			stack, project = id.Stack(), id.Project()
		}
		if !yield(Stack(string(stack), string(project), g.Outputs), nil) {
			return
		}
		for _, r := range g.Resources {
			if !yield(&policy.Resource{
				URN: r.URN, Type: policy.Canonical(r.Type), Name: r.Name, Parent: r.Parent,
				Inputs: r.Inputs, Outputs: r.Outputs,
				Options:      property.NewMap(map[string]property.Value{"protect": property.New(r.Protect)}),
				Dependencies: r.Dependencies, PropertyDependencies: r.PropertyDependencies,
			}, nil) {
				return
			}
		}
	}
}

// Stack is the resource whose outputs are the stack's.
func Stack(stack, project string, outputs property.Map) *policy.Resource {
	root := urn.New(tokens.QName(stack), tokens.PackageName(project), "", resource.RootStackType, project+"-"+stack)
	return &policy.Resource{
		URN: string(root), Type: string(resource.RootStackType), Name: root.Name(), Outputs: outputs,
		Options:              property.NewMap(map[string]property.Value{"protect": property.New(false)}),
		PropertyDependencies: map[string][]string{},
	}
}
