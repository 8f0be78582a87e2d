// Package report prints what a check has found: for people, for programs, and for the code hosts' CI.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/ruleset"
)

// Report is the outcome of a check.
type Report struct {
	Subject   string          // what was checked, as in "stack prod of shop"
	Profile   policy.Profile  // of the rules
	Resources int             // that were checked
	Rules     []policy.Chosen // all that there are, the disabled ones too
	Asked     map[string]int  // of how many resources each rule was asked
	Findings  []Finding       // that count
	Exempt    []ruleset.Exempt
	Notes     []string // what else the reader should know, as sentences
}

// Finding is one with its rule, the level that the team has chosen, and its place.
type Finding struct {
	policy.Finding
	Chosen *policy.Chosen
	Place  Place
}

// Place is a line in a file of the project.
type Place struct {
	File string // as the user would write it; zero: not known
	Line int    // zero: the file as a whole
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// Add adds findings, with a place for each.
func (r *Report) Add(findings []policy.Finding, place func(policy.Finding) Place) {
	for _, f := range findings {
		r.Findings = append(r.Findings, Finding{f, r.rule(f.Rule), place(f)})
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(rank[a.Verdict], rank[b.Verdict]), cmp.Compare(b.Chosen.Severity, a.Chosen.Severity),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.URN, b.URN), cmp.Compare(a.Property, b.Property))
	})
}

var rank = map[policy.Verdict]int{policy.Broken: 0, policy.Fail: 1, policy.Unknown: 2}

// rule is the one of a name.
func (r *Report) rule(name string) *policy.Chosen {
	return &r.Rules[slices.IndexFunc(r.Rules, func(c policy.Chosen) bool { return c.Name == name })]
}

// Failed tells whether the check has failed: whether anything that is mandatory does not hold, or could not be asked.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Verdict != policy.Unknown && f.Chosen.Level == policy.Mandatory
	})
}

// Checks is how often a rule was asked of a resource.
func (r *Report) Checks() int {
	sum := 0
	for _, n := range r.Asked {
		sum += n
	}
	return sum
}

func (r *Report) count(v policy.Verdict) int {
	n := 0
	for _, f := range r.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// Summary is the report in one sentence.
func (r *Report) Summary() string {
	failed, advisory := fmt.Sprintf("%d failed", r.count(policy.Fail)), 0
	for _, f := range r.Findings {
		if f.Verdict == policy.Fail && f.Chosen.Level == policy.Advisory {
			advisory++
		}
	}
	if advisory > 0 {
		failed += fmt.Sprintf(" (%d advisory)", advisory)
	}
	parts := []string{failed}
	if n := r.count(policy.Broken); n > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", n))
	}
	parts = append(parts, fmt.Sprintf("%d not known before the update", r.count(policy.Unknown)),
		fmt.Sprintf("%d exempt", len(r.Exempt)))
	return fmt.Sprintf("%s, profile %s: %d checks of %d resources, %s.", r.Subject, r.Profile, r.Checks(), r.Resources, strings.Join(parts, ", "))
}

// name is a resource's own name, and its type.
func name(id string) (string, string) {
	u := urn.URN(id)
	if !u.IsValid() {
		return id, ""
	}
	return u.Name(), string(u.Type())
}

// where is the property of the resource that a finding is about.
func where(f policy.Finding) string {
	resource, typ := name(f.URN)
	text := resource
	if typ != "" {
		text += " (" + typ + ")"
	}
	if f.Property != "" {
		text += ", " + f.Property
	}
	return text
}

// said is a finding in one sentence.
func said(f Finding) string { return where(f.Finding) + ": " + f.Message }
