package policytest

import (
	"embed"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules/example"
)

// Fixes runs the example of each rule, and checks that the rule looks at it and does not fail.
func Fixes(t *testing.T, rules []policy.Rule, fixes map[string]pulumi.RunFunc, sources embed.FS) {
	t.Helper()
	unused := maps.Clone(fixes)
	for _, rule := range rules {
		delete(unused, rule.Name)
		t.Run(rule.Name, func(t *testing.T) {
			if _, err := example.Of(sources, rule.Name); err != nil {
				t.Fatal(err)
			}
			if fixes[rule.Name] == nil {
				t.Fatal("the example is not in the map of all")
			}
			checker := policy.NewChecker([]policy.Chosen{{Rule: rule, Level: policy.Mandatory}}, time.Now())
			var findings []policy.Finding
			for r, err := range planned.Resources(record(t, fixes[rule.Name])) {
				if err != nil {
					t.Fatal(err)
				}
				findings = append(findings, checker.Look(r)...)
			}
			for _, f := range append(findings, checker.Finish()...) {
				if f.Verdict != policy.Unknown {
					t.Errorf("%s %s %s: %s", f.Verdict, f.URN, f.Property, f.Message)
				}
			}
			if checker.Asked()[rule.Name] == 0 {
				t.Error("the rule has looked at no resource")
			}
		})
	}
	for name := range unused {
		t.Errorf("there is no rule %s", name)
	}
}

// record runs a program without an engine.
func record(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	graph, err := plan.Run(t.Context(), program, plan.Options{
		Project: "shop", Stack: "test",
		Config: map[string]string{"aws:region": "eu-west-1", "aws:allowedAccountIds": `["111122223333"]`, "gcp:project": "shop"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return graph
}

// recorded are the tokens of the types that the examples make.
func recorded(t *testing.T, fixes map[string]pulumi.RunFunc) []string {
	t.Helper()
	types := map[string]bool{}
	for _, program := range fixes {
		for _, r := range record(t, program).Resources {
			types[policy.Canonical(r.Type)] = true
		}
	}
	return slices.Sorted(maps.Keys(types))
}
