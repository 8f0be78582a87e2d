package main

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
)

// Where a stack has two rotators, a rotation is started by the secret's own.
func TestByHandOfTwoRotators(t *testing.T) {
	for cloud, c := range map[string]struct{ rotator, start, name string }{
		gcpsecret.Limits.Name:   {gcpsecret.RotatorType, "gcp:pubsub/topic:Topic", "name"},
		azuresecret.Limits.Name: {azuresecret.RotatorType, "azure-native:app/v20240301:Job", "jobName"},
	} {
		g := &plan.Graph{}
		for _, name := range []string{"one", "two"} {
			g.Resources = append(g.Resources,
				plan.Resource{URN: name, Type: c.rotator},
				plan.Resource{URN: name + "-account", Parent: name},
				plan.Resource{URN: name + "-start", Type: c.start, Parent: name, Inputs: property.NewMap(map[string]property.Value{
					c.name: property.New("rotator-" + name), "resourceGroupName": property.New("shop"),
				})},
				plan.Resource{Name: "secret-" + name + "/rotator", Dependencies: []string{"secret", name + "-account"}})
		}
		s := &stack.Stack{Plan: g, Config: stack.Config{Cloud: cloud}}
		err := byHand(s, []secret.Spec{{Name: "secret-two"}}).Error()
		if !strings.Contains(err, "rotator-two") || strings.Contains(err, "rotator-one") {
			t.Errorf("%s: %s", cloud, err)
		}
	}
}
