package secrettest

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/internal/plan"
)

// Record runs a program without engine, cloud or credentials and gives the resources that it
// registers. Config is by full key, as in "aws:region". Create gives the id and the outputs, beside
// its inputs, of each custom resource; nil records a preview, in which both are unknown.
func Record(
	program pulumi.RunFunc, config map[string]string, create func(plan.Resource) (string, property.Map),
) (*plan.Graph, error) {
	return plan.Run(context.Background(), program, plan.Options{
		Project: "shop", Stack: "test", Config: config, Create: create,
	})
}
