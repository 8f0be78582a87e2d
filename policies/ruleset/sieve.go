package ruleset

import (
	"fmt"
	"slices"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

// Exemptions is the rule that keeps the list of exemptions short. It is not one of the rules on resources.
var Exemptions = policy.Rule{
	Name:     "exemptions-in-use",
	Severity: policy.Low,
	Profile:  policy.Baseline,
	Summary:  "Each exemption is used, and not expired",
	Why: "An exemption that nothing needs any more hides the next failure of its rule. One that has expired was a promise to look again " +
		"at that day; from then on the failure counts as any other.",
	Fix: "Remove the exemption from policies.yaml, or mend what it was for. Where it must go on, give it a new day and say in the reason what has changed.",
}

// Sieve sorts findings into those that count and those that are exempt, for one stack.
type Sieve struct {
	exemptions []Exemption
	needed     []bool // or perhaps needed
	now        time.Time
	silent     bool // nothing is said of the exemptions themselves
	exempt     []Exempt
}

// Exempt is a failure that does not count.
type Exempt struct {
	policy.Finding
	Exemption
}

// Sieve makes a sieve of the exemptions, for the rules that were chosen; none where they are to be ignored.
func (f *File) Sieve(chosen []policy.Chosen, now time.Time, ignore bool) *Sieve {
	s := &Sieve{now: now, silent: slices.ContainsFunc(chosen, func(c policy.Chosen) bool {
		return c.Name == Exemptions.Name && c.Level == policy.Disabled
	})}
	if !ignore {
		s.exemptions = f.Exemptions
	}
	s.needed = make([]bool, len(s.exemptions))
	return s
}

// Keep gives the findings that count. What is unknown is no failure yet, so it counts; but it may become one, for which
// its exemption is needed.
func (s *Sieve) Keep(findings []policy.Finding) []policy.Finding {
	var kept []policy.Finding
	for _, f := range findings {
		i := slices.IndexFunc(s.exemptions, func(e Exemption) bool { return e.covers(f) && !e.Expires.over(s.now) })
		if i >= 0 {
			s.needed[i] = true
		}
		if i >= 0 && f.Verdict == policy.Fail {
			s.exempt = append(s.exempt, Exempt{f, s.exemptions[i]})
		} else {
			kept = append(kept, f)
		}
	}
	return kept
}

// Exempt are the failures that Keep has held back so far.
func (s *Sieve) Exempt() []Exempt { return s.exempt }

// Finish gives the findings on the exemptions themselves, once all others have been through Keep. They stand at the
// stack's own URN. An exemption is left alone where it is about other stacks, or its rule was asked of nothing here:
// asked is how many resources each rule has looked at.
func (s *Sieve) Finish(stack, project string, asked map[string]int) []policy.Finding {
	urn := fmt.Sprintf("urn:pulumi:%s::%s::pulumi:pulumi:Stack::%s-%s", stack, project, project, stack)
	var findings []policy.Finding
	for i, e := range s.exemptions {
		if s.silent || asked[e.Rule] == 0 || !e.about(stack, project) {
			continue
		}
		message := ""
		switch {
		case e.Expires.over(s.now):
			message = fmt.Sprintf("The exemption of %s from %s expired on %s (%s).", e.Resource, e.Rule, e.Expires, e.Owner)
		case !s.needed[i]:
			message = fmt.Sprintf("The exemption of %s from %s is not needed: nothing fails there.", e.Resource, e.Rule)
		default:
			continue
		}
		findings = append(findings, policy.Finding{
			Rule: Exemptions.Name, URN: urn, Property: e.field, Verdict: policy.Fail, Message: message,
		})
	}
	return findings
}
