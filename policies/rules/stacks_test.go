package rules_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules"
	"github.com/secretstack/secretstack/policies/ruleset"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sample gives the resources of a sample stack.
func sample(t *testing.T, name string) []*policy.Resource {
	t.Helper()
	s, err := stack.Open(needs.Root(t), name)
	if err != nil {
		t.Fatal(err)
	}
	var all []*policy.Resource
	for r, err := range planned.Resources(s.Plan) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// failures checks resources by a profile, and gives the rules that fail, or are broken, with the resource's name.
func failures(t *testing.T, stack string, resources []*policy.Resource) []string {
	t.Helper()
	file, err := ruleset.Read(filepath.Join(needs.Root(t), ruleset.FileName), rules.All())
	if err != nil {
		t.Fatal(err)
	}
	chosen := file.Choose(stack, policy.Strict)
	checker, sieve := policy.NewChecker(chosen, today), file.Sieve(chosen, today, false)
	var findings []policy.Finding
	for _, r := range resources {
		findings = append(findings, sieve.Keep(checker.Look(r))...)
	}
	findings = append(findings, sieve.Keep(checker.Finish())...)
	findings = append(findings, sieve.Finish(stack, "shop", checker.Asked())...)
	var failed []string
	for _, f := range findings {
		if f.Verdict != policy.Unknown {
			_, name, _ := strings.Cut(f.URN[strings.LastIndex(f.URN, "::")-1:], "::")
			failed = append(failed, strings.TrimSpace(fmt.Sprintf("%s %s", f.Rule, name)))
		}
		if f.Verdict == policy.Broken {
			t.Errorf("%s: %s", f.URN, f.Message)
		}
	}
	slices.Sort(failed)
	return slices.Compact(failed)
}

var samples = []string{"azure", "dev", "gcp", "local", "prod"}

// TestSamples: our own stacks pass the strict profile, with what policies.yaml exempts.
func TestSamples(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			if failed := failures(t, name, sample(t, name)); len(failed) > 0 {
				t.Errorf("fails:\n%s", strings.Join(failed, "\n"))
			}
		})
	}
}

// variant is a sample stack in which something is broken on purpose.
type variant struct {
	Stack    string                       `yaml:"stack"`
	Breaks   string                       `yaml:"breaks"`
	Resource string                       `yaml:"resource"` // the end of a URN: "aws:kms/key:Key::shop-dev"
	Set      map[string]any               `yaml:"set"`      // by path
	Replace  map[string]map[string]string `yaml:"replace"`  // in texts, by path
	Protect  *bool                        `yaml:"protect"`
	Remove   bool                         `yaml:"remove"`
	Want     []string                     `yaml:"want"` // the rule and the resource's name
}

// TestBrokenVariants: each change makes exactly the rules fail that it breaks.
func TestBrokenVariants(t *testing.T) {
	data, err := os.ReadFile("testdata/variants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var variants []variant
	if err := yaml.Unmarshal(data, &variants); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, v := range variants {
		count[v.Stack]++
		t.Run(v.Stack+"/"+v.Breaks, func(t *testing.T) {
			slices.Sort(v.Want)
			if diff := cmp.Diff(v.Want, failures(t, v.Stack, v.apply(t, sample(t, v.Stack)))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	for _, name := range samples {
		if count[name] == 0 {
			t.Errorf("no variant of %s", name)
		}
	}
}

func (v variant) apply(t *testing.T, resources []*policy.Resource) []*policy.Resource {
	t.Helper()
	found := 0
	var changed []*policy.Resource
	for _, r := range resources {
		if strings.HasSuffix(r.URN, v.Resource) {
			found++
			if v.Remove {
				continue
			}
			r = v.change(t, *r)
		}
		changed = append(changed, r)
	}
	if found != 1 {
		t.Fatalf("%d resources end in %s", found, v.Resource)
	}
	return changed
}

func (v variant) change(t *testing.T, r policy.Resource) *policy.Resource {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(v.Set)) {
		r.Inputs = set(r.Inputs, strings.Split(path, "."), func(property.Value) property.Value {
			return resource.FromResourcePropertyValue(resource.NewPropertyValue(v.Set[path]))
		})
	}
	for path, texts := range v.Replace {
		for old, text := range texts {
			r.Inputs = set(r.Inputs, strings.Split(path, "."), func(is property.Value) property.Value {
				if !is.IsString() || !strings.Contains(is.AsString(), old) {
					t.Fatalf("%s does not have %q", path, old)
				}
				return property.New(strings.ReplaceAll(is.AsString(), old, text))
			})
		}
	}
	if v.Protect != nil {
		r.Options = r.Options.Set("protect", property.New(*v.Protect))
	}
	return &r
}

func set(m property.Map, path []string, change func(property.Value) property.Value) property.Map {
	if len(path) == 1 {
		return m.Set(path[0], change(m.Get(path[0])))
	}
	inner := property.Map{}
	if v := m.Get(path[0]); v.IsMap() {
		inner = v.AsMap()
	}
	return m.Set(path[0], property.New(set(inner, path[1:], change)))
}
