package secrettest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

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

// MustRecord is Record of a preview; the test ends where the program fails.
func MustRecord(t testing.TB, program pulumi.RunFunc, config map[string]string) *plan.Graph {
	t.Helper()
	g, err := Record(program, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Names gives the type and the name of each resource, in the order of the graph.
func Names(g *plan.Graph) []string {
	var names []string
	for _, r := range g.Resources {
		names = append(names, r.String())
	}
	return names
}

// Show writes a value on one line, with the keys in order.
func Show(v property.Value) string {
	switch {
	case v.Secret():
		return "secret " + Show(v.WithSecret(false))
	case v.IsMap():
		var fields []string
		for key, v := range v.AsMap().All {
			fields = append(fields, key+": "+Show(v))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, ", ") + "}"
	case v.IsArray():
		var items []string
		for _, v := range v.AsArray().All {
			items = append(items, Show(v))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case v.IsString():
		return v.AsString()
	case v.IsBool():
		return strconv.FormatBool(v.AsBool())
	case v.IsNumber():
		return strconv.FormatFloat(v.AsNumber(), 'f', -1, 64)
	}
	return v.GoString()
}
