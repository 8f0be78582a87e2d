package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules"
)

// BenchmarkRules asks every rule, also those off by default, of the resources of many secrets with two readers each.
func BenchmarkRules(b *testing.B) {
	for _, name := range []string{"prod", "gcp", "azure"} {
		for _, secrets := range []int{100, 1_000, 5_000} {
			b.Run(fmt.Sprintf("stack=%s/secrets=%d", name, secrets), func(b *testing.B) {
				resources := many(b, name, secrets)
				var chosen []policy.Chosen
				for _, r := range rules.All() {
					chosen = append(chosen, policy.Chosen{Rule: r, Level: policy.Mandatory})
				}
				for b.Loop() {
					checker := policy.NewChecker(chosen, today)
					for _, r := range resources {
						checker.Look(r)
					}
					checker.Finish()
				}
				b.ReportMetric(float64(len(resources)), "resources")
			})
		}
	}
}

// many is a sample stack with further secrets.
func many(b *testing.B, name string, secrets int) []*policy.Resource {
	b.Helper()
	dir, root := b.TempDir(), filepath.Join("..", "..")
	for _, file := range []string{"Pulumi.yaml", "Pulumi." + name + ".yaml", "secrets.yaml"} {
		data, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			b.Fatal(err)
		}
		text := string(data)
		if file == "secrets.yaml" {
			var more strings.Builder
			for i := range secrets {
				fmt.Fprintf(&more, "  service-%04d/api-key:\n    readers: [checkout, reports]\n", i)
			}
			text += more.String()
		}
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	s, err := stack.Open(dir, name)
	if err != nil {
		b.Fatal(err)
	}
	var all []*policy.Resource
	for r, err := range planned.Resources(s.Plan) {
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
