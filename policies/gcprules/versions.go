package gcprules

import "github.com/secretstack/secretstack/policies/policy"

var secretVersionDestroyTTL = policy.Rule{
	Name:     "gcp-secret-version-destroy-ttl",
	Severity: policy.Low,
	Profile:  policy.Strict,
	Summary:  "A destroyed version can be recovered for a while, and no secret expires by itself",
	Why: "Who destroys a version by mistake destroys the value for good, at once. A secret with an expiry is deleted at its hour with all " +
		"its versions, without a warning to those who read it.",
	Fix: "Set versionDestroyTtl to a day or more, such as 604800s: until then a destroyed version is only disabled. Leave ttl and " +
		"expireTime out.",
	Covers:  []string{"hardhat:destroy_ttl_required"},
	Sources: []string{"https://cloud.google.com/secret-manager/docs/delay-destruction-of-secret-versions"},
	Types:   secretTypes,
	Check: func(s policy.Subject) []policy.Finding {
		delayed := func(v policy.Value) bool { d, ok := duration(v); return ok && d > 0 }
		findings := s.Require(s.Get("versionDestroyTtl"), delayed, "A version that is destroyed is gone at once.")
		stays := func(v policy.Value) bool { return v.Text() == "" }
		for _, path := range []string{"ttl", "expireTime"} {
			at := s.Get(path)
			findings = append(findings, s.Require(at, stays, "The secret itself is deleted when its time is over: %s.", at)...)
		}
		return findings
	},
}
