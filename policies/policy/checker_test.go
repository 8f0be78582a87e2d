package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func run(rules []Chosen, resources ...*Resource) ([]Finding, *Checker) {
	c := NewChecker(rules, time.Now())
	var all []Finding
	for _, r := range resources {
		all = append(all, c.Look(r)...)
	}
	return append(all, c.Finish()...), c
}

func named(urn, typ, name string) *Resource {
	return &Resource{URN: urn, Type: typ, Name: name, Inputs: property.NewMap(map[string]property.Value{"name": property.New(name)})}
}

// TestBroken: a rule that panics is reported, without what it panicked with, and the other rules still count.
func TestBroken(t *testing.T) {
	failing := Rule{Name: "fails", Check: func(s Subject) []Finding { return []Finding{s.Fail(s.All(), "It is wrong.")} }}
	for name, panics := range map[string]func(Subject){
		"with a value": func(Subject) { panic(canary) },
		"with an error": func(Subject) {
			panic(fmt.Errorf("cannot parse %s", canary))
		},
		"on nil": func(s Subject) { s.Graph.Of("x") },
	} {
		broken := Rule{Name: "breaks", Check: func(s Subject) []Finding { panics(s); return nil }}
		findings, _ := run([]Chosen{{Rule: broken}, {Rule: failing}}, named("a", "t", "a"), named("b", "t", "b"))
		if len(findings) != 4 {
			t.Fatalf("%s: %d findings, want 4", name, len(findings))
		}
		for _, f := range findings {
			if f.Rule == "breaks" && (f.Verdict != Broken || !strings.Contains(f.Message, ", in github.com/secretstack/secretstack/policies/policy.")) {
				t.Errorf("%s: %+v does not say where", name, f)
			}
			if strings.Contains(f.Message, canary) {
				t.Errorf("%s: shows a value", name)
			}
		}
	}
}

func TestAsked(t *testing.T) {
	var seen []string
	look := func(s Subject) []Finding {
		seen = append(seen, s.URN)
		return []Finding{s.Fail(s.All(), "It was looked at.")}
	}
	findings, c := run([]Chosen{
		{Rule: Rule{Name: "one", Types: []string{"t"}, Check: look}},
		{Rule: Rule{Name: "off", Check: look}, Level: Disabled},
		{Rule: Rule{Name: "no check"}},
		{Rule: Rule{Name: "whole", Types: []string{"t"}, Joins: []string{"u"}, Check: func(s Subject) []Finding {
			if len(s.Graph.Of("u")) != 1 || s.Graph.Of("v") != nil {
				t.Error("the graph has what the rule names, and no more")
			}
			return look(s)
		}}},
	}, named("a", "t", "a"), named("b", "u", "b"), named("c", "v", "c"))
	if got := strings.Join(seen, " "); got != "a a" || len(findings) != 2 {
		t.Errorf("asked of %s, with %d findings", got, len(findings))
	}
	if got := fmt.Sprint(c.Asked()); got != "map[one:1 whole:1]" {
		t.Error(got)
	}
}

func TestSettings(t *testing.T) {
	rule := Rule{
		Name: "set",
		Settings: []Setting{
			{Name: "days", Default: 90},
			{Name: "on", Default: true},
			{Name: "word", Default: "a"},
			{Name: "words", Default: []string{"b"}},
		},
		Check: func(s Subject) []Finding {
			return []Finding{s.Fail(s.Get("name"), "%d %t %s %v", s.Int("days"), s.Bool("on"), s.Text("word"), s.Texts("words"))}
		},
	}
	findings, _ := run([]Chosen{{Rule: rule, Values: map[string]any{"days": 30, "words": []string{"c", "d"}}}}, named("a", "t", "a"))
	if got := findings[0].Message; got != "30 true a [c d]" {
		t.Error(got)
	}
}

func TestReferrers(t *testing.T) {
	const (
		typ  = "aws:secretsmanager/secretRotation:SecretRotation"
		base = "urn:pulumi:prod::shop::"
		self = base + "aws:secretsmanager/secret:Secret::db"
		twin = base + "aws:secretsmanager/secret:Secret::twin"
		id   = "/subscriptions/1/resourceGroups/shop/vault"
	)
	with := func(to property.Value, on ...string) *Resource {
		return &Resource{
			URN: base + typ + "::r", Type: typ, Inputs: property.NewMap(map[string]property.Value{"of": to}),
			PropertyDependencies: map[string][]string{"of": on},
		}
	}
	secret, other := named(self, "secret", "db"), named(twin, "another type", "db")
	secret.ID = id
	unknown := property.New(property.Computed)
	for name, test := range map[string]struct {
		rotation    *Resource
		sure, maybe int
	}{
		"by dependency":                             {with(unknown, self), 1, 0},
		"by dependency on another":                  {with(unknown, twin), 0, 0},
		"by dependency on one that is not there":    {with(unknown, base+"aws:secretsmanager/secret:Secret::gone"), 0, 0},
		"by dependency on what has nothing to name": {with(unknown, base+"random:index/randomPet:RandomPet::name"), 0, 1},
		"by id":                         {with(property.New(id)), 1, 0},
		"by an id in other letters":     {with(property.New(strings.ToUpper(id))), 1, 0},
		"by name":                       {with(property.New("db")), 1, 0},
		"by a name in other letters":    {with(property.New("DB")), 0, 0},
		"by the name of another":        {with(property.New("db"), twin), 0, 0},
		"by another name":               {with(property.New("db2")), 0, 0},
		"one of a list":                 {with(property.New([]property.Value{property.New("x"), property.New("db")})), 1, 0},
		"unknown":                       {with(unknown), 0, 1},
		"known by value and dependency": {with(property.New("db"), self), 1, 0},
	} {
		g := NewGraph(secret, other, test.rotation)
		sure, maybe := g.Referrers(secret, typ, "of")
		if len(sure) != test.sure || len(maybe) != test.maybe {
			t.Errorf("%s: %d and %d, want %d and %d", name, len(sure), len(maybe), test.sure, test.maybe)
		}
		if got := len(g.Referents(test.rotation, "of", "secret")); got != test.sure {
			t.Errorf("%s: refers to %d, want %d", name, got, test.sure)
		}
	}
}
