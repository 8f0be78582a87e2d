package policy

import (
	"cmp"
	"slices"
)

// Verdict is an answer of a rule. To pass is to give no finding.
type Verdict string

// The verdicts.
const (
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown" // a property that decides is not known before the update
	Broken  Verdict = "broken"  // the rule itself failed
)

// Finding is what a rule says of a resource.
type Finding struct {
	Rule     string
	URN      string
	Property string // its path, as in "replicas[0].kmsKeyId"; zero: the resource as a whole
	Verdict  Verdict
	Message  string
}

// Sort puts findings into the order in which they are shown, and leaves out repetitions.
func Sort(findings []Finding) []Finding {
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.URN, b.URN), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Property, b.Property),
			cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(findings)
}
