package ruleset_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/ruleset"
)

var (
	check = func(policy.Subject) []policy.Finding { return nil }
	rules = []policy.Rule{
		{Name: "base", Profile: policy.Baseline, Check: check},
		{Name: "tight", Profile: policy.Strict, Check: check, Settings: []policy.Setting{
			{Name: "days", Default: 90, Minimum: new(1), Maximum: new(365)},
			{Name: "kinds", Default: []string{"a"}, Allowed: []string{"a", "b"}},
		}},
		{Name: "noisy", Profile: policy.Hygiene, Check: check},
	}
	today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
)

func file(t *testing.T, text string) (*ruleset.File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), ruleset.FileName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ruleset.Read(path, rules)
}

func levels(f *ruleset.File, stack string, profile policy.Profile) string {
	var all []string
	for _, c := range f.Choose(stack, profile) {
		if c.Level != policy.Disabled {
			all = append(all, c.Name+" "+string(c.Level))
		}
	}
	return strings.Join(all, ", ")
}

func TestChoose(t *testing.T) {
	f, err := file(t, `
profile: baseline
stacks: {prod: strict}
rules:
  noisy: {level: advisory}
  tight: {days: 30, kinds: [a, b]}
`)
	if err != nil {
		t.Fatal(err)
	}
	const exemptions = ", exemptions-in-use mandatory"
	for _, test := range []struct {
		stack, profile, want string
	}{
		{"dev", "", "base mandatory, noisy advisory" + exemptions},
		{"prod", "", "base mandatory, tight mandatory, noisy advisory" + exemptions},
		{"dev", "strict", "base mandatory, tight mandatory, noisy advisory" + exemptions},
		{"prod", "hygiene", "base mandatory, tight mandatory, noisy advisory" + exemptions},
	} {
		if got := levels(f, test.stack, policy.Profile(test.profile)); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.stack, test.profile, got, test.want)
		}
	}
	values := f.Choose("prod", "")[1].Values
	if diff := cmp.Diff(map[string]any{"days": 30, "kinds": []string{"a", "b"}}, values); diff != "" {
		t.Error(diff)
	}
}

func TestNoFile(t *testing.T) {
	f, err := ruleset.Read(filepath.Join(t.TempDir(), "policies.yaml"), rules)
	if err != nil {
		t.Fatal(err)
	}
	if got := levels(f, "dev", ""); got != "base mandatory, exemptions-in-use mandatory" {
		t.Error(got)
	}
}

func TestMistakes(t *testing.T) {
	_, err := file(t, `
profile: strickt
stacks: {prod: loose}
rules:
  bass: {level: advisory}
  base: {level: warning}
  tight: {days: 400, kinds: [c], weeks: 3}
exemptions:
  - resource: orders-db
    rule: base
    reason: because
  - resource: urn:pulumi:prod::*
    rule: other
    reason: It is being moved out
    owner: platform
    expires: tomorrow
`)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"policies.yaml:2: profile: must be baseline, strict or hygiene",
		"policies.yaml:3: stacks.prod: must be baseline, strict or hygiene",
		`policies.yaml:5: rules.bass: is no field here; did you mean "base"?`,
		"policies.yaml:6: rules.base.level: must be mandatory, advisory or disabled",
		"policies.yaml:7: rules.tight.days: must be between 1 and 365",
		"policies.yaml:7: rules.tight.kinds: must be one of a, b",
		"policies.yaml:7: rules.tight.weeks: is no field here",
		"policies.yaml:9: exemptions[0].resource: must be a URN",
		"policies.yaml:11: exemptions[0].reason: must say why",
		"exemptions[0].owner: must say who",
		"exemptions[0].expires: must be a day",
		"policies.yaml:13: exemptions[1].rule: must be a rule about resources",
		`policies.yaml:16: exemptions[1].expires: "tomorrow" must be a day`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}

func TestSieve(t *testing.T) {
	f, err := file(t, `
exemptions:
  - {resource: "urn:pulumi:prod::shop::*::orders-db", rule: base, reason: A person changes it, owner: checkout, expires: 2026-11-23}
  - {resource: "urn:pulumi:prod::shop::*::old", rule: base, reason: A person changes it, owner: checkout, expires: 2026-11-22}
  - {resource: "urn:pulumi:prod::shop::*::gone", rule: base, reason: A person changes it, owner: checkout, expires: 2027-01-31}
  - {resource: "urn:pulumi:dev::shop::*::gone", rule: base, reason: A person changes it, owner: checkout, expires: 2027-01-31}
  - {resource: "urn:pulumi:*::other::*", rule: base, reason: A person changes it, owner: checkout, expires: 2027-01-31}
  - {resource: "urn:pulumi:prod::shop::*::gone", rule: tight, reason: A person changes it, owner: checkout, expires: 2027-01-31}
  - {resource: "urn:pulumi:prod::shop::*::new", rule: base, reason: A person changes it, owner: checkout, expires: 2027-01-31}
`)
	if err != nil {
		t.Fatal(err)
	}
	finding := func(rule, name string, v policy.Verdict) policy.Finding {
		return policy.Finding{Rule: rule, URN: "urn:pulumi:prod::shop::a:b/c:D::" + name, Verdict: v}
	}
	all := []policy.Finding{
		finding("base", "orders-db", policy.Fail), finding("base", "orders-db-admin", policy.Fail), finding("base", "old", policy.Fail),
		finding("tight", "orders-db", policy.Fail), finding("base", "new", policy.Unknown), finding("base", "orders-db", policy.Broken),
	}
	asked := map[string]int{"base": 6} // of another rule than tight

	s := f.Sieve(f.Choose("prod", ""), today, false)
	if kept := s.Keep(all); len(kept) != 5 || len(s.Exempt()) != 1 || s.Exempt()[0].Owner != "checkout" {
		t.Errorf("kept %v, exempt %v", kept, s.Exempt())
	}
	var about []string
	for _, finding := range s.Finish("prod", "shop", asked) {
		about = append(about, finding.Property+" "+finding.Message)
	}
	want := []string{
		"exemptions[1] The exemption of urn:pulumi:prod::shop::*::old from base expired on 2026-11-22 (checkout).",
		"exemptions[2] The exemption of urn:pulumi:prod::shop::*::gone from base is not needed: nothing fails there.",
	}
	if diff := cmp.Diff(want, about); diff != "" {
		t.Error(diff)
	}
	if f.Line("exemptions[1]") != 4 {
		t.Errorf("line %d", f.Line("exemptions[1]"))
	}

	ignoring := f.Sieve(f.Choose("prod", ""), today, true)
	if kept := ignoring.Keep(all); len(kept) != len(all) || ignoring.Finish("prod", "shop", asked) != nil {
		t.Error("an exemption counts that is ignored")
	}
	silent := f.Sieve([]policy.Chosen{{Rule: ruleset.Exemptions, Level: policy.Disabled}}, today, false)
	if kept := silent.Keep(all); len(kept) != 5 || silent.Finish("prod", "shop", asked) != nil {
		t.Error("the exemptions count, and nothing is said of them where that rule is disabled")
	}
}
