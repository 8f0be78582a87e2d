package gcprules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// FuzzBeginnings compares what is said of a regular expression with the texts that it matches.
func FuzzBeginnings(f *testing.F) {
	for _, expression := range []string{"^shop/.*", "^(shop|orders)/[a-z]+$", "^a|^b", "^a|b", "(?i)^shop$", "^(a|b)(c|d)*e", "^(?:^a)?b", ".*^a"} {
		f.Add(expression, "shop/checkout")
		f.Add(expression, "ab")
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		re, err := regexp.Compile(expression)
		if err != nil || !re.MatchString(text) {
			return
		}
		all := beginnings(expression)
		if len(all) == 0 || slices.ContainsFunc(all, func(b beginning) bool { return !b.anchored }) {
			return // nothing is said
		}
		if !slices.ContainsFunc(all, func(b beginning) bool {
			if b.whole {
				return strings.EqualFold(text, b.text)
			}
			return len(text) >= len(b.text) && strings.EqualFold(text[:len(b.text)], b.text)
		}) {
			t.Errorf("%q matches %q, and begins with none of %+v", expression, text, all)
		}
	})
}

// FuzzCondition reads anything. Where no comparison counts, nothing that can be met requires one.
func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		"assertion.repository == 'shop/checkout'", "a ? b : c", "!(a in ['b', 'c'])", "a.matches('^(b|c)') || true", "a['b'].split('/')[0] == 1",
		"has(a.b) && [1, 2].exists(x, x == a)", "-1 == a", "'a' in b.c", "a.b(", "resource.matchTag('a', 'b')",
	} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if c, ok := parse(text); ok {
			c.requires(func(comparison) bool { return true })
			c.requires(func(comparison) bool { return false })
		}
	})
}

// FuzzPolicy gives anything to the rules that read whole policies.
func FuzzPolicy(f *testing.F) {
	for _, text := range []string{
		`{"bindings":[{"role":"roles/owner","members":["allUsers"],"condition":{"expression":"true"}}]}`,
		`{"bindings":[{"role":"projects/shop/roles/r","members":"user:ana@example.com"}],"auditConfigs":[{"service":"allServices"}]}`,
		`{"bindings":{"role":["roles/cloudkms.admin"],"members":[null, 1]},"auditConfigs":[{"auditLogConfigs":[[]]}]}`, `[]`, `null`, `"a"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var chosen []policy.Chosen
		for _, rule := range All {
			chosen = append(chosen, policy.Chosen{Rule: rule, Level: policy.Mandatory})
		}
		checker := policy.NewChecker(chosen, time.Now())
		inputs := property.NewMap(map[string]property.Value{"policyData": property.New(text)})
		var findings []policy.Finding
		for i, typ := range slices.Concat(secretGrants, keyGrants, wideGrants) {
			findings = append(findings, checker.Look(&policy.Resource{URN: strconv.Itoa(i), Type: typ, Inputs: inputs})...)
		}
		for _, finding := range append(findings, checker.Finish()...) {
			if finding.Verdict == policy.Broken {
				t.Errorf("%s: %s", finding.Rule, finding.Message)
			}
		}
	})
}

// The SDK that this module uses does not have the property yet.
func TestInvokerCheckSwitchedOff(t *testing.T) {
	off := &policy.Resource{Type: run2Type, Inputs: property.NewMap(map[string]property.Value{"invokerIamDisabled": property.New(true)})}
	if got := runNoPublic.Check(policy.Subject{Resource: off}); len(got) != 1 || got[0].Property != "invokerIamDisabled" {
		t.Errorf("a service that asks nobody who he is: %+v", got)
	}
	if got := runNoPublic.Check(policy.Subject{Resource: &policy.Resource{Type: run2Type}}); got != nil {
		t.Errorf("a service that asks: %+v", got)
	}
}
