package source

import (
	"iter"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/policy"
)

// Plan gives the resources that a program declares, and the stack itself with its outputs.
func Plan(project, stack string, g *plan.Graph) iter.Seq2[*policy.Resource, error] {
	return func(yield func(*policy.Resource, error) bool) {
		root := urn.New(tokens.QName(stack), tokens.PackageName(project), "", resource.RootStackType, project+"-"+stack)
		ok := yield(&policy.Resource{
			URN: string(root), Type: string(resource.RootStackType), Name: root.Name(), Outputs: g.Outputs,
		}, nil)
		for i := 0; ok && i < len(g.Resources); i++ {
			r := g.Resources[i]
			ok = yield(&policy.Resource{
				URN: r.URN, Type: policy.Canonical(r.Type), Name: r.Name, Parent: r.Parent,
				Inputs: r.Inputs, Outputs: r.Outputs,
				Options:              property.NewMap(map[string]property.Value{"protect": property.New(r.Protect)}),
				Dependencies:         r.Dependencies,
				PropertyDependencies: r.PropertyDependencies,
			}, nil)
		}
	}
}
