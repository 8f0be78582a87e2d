package main

import "github.com/secretstack/secretstack/policies/policy"

var secretHasOwner = policy.Rule{
	Name:     "secret-has-owner",
	Severity: policy.Low,
	Profile:  policy.Strict,
	Summary:  "Each secret says who owns it",
	Why:      "When it leaks at night, somebody has to know whom to wake.",
	Fix:      "Give the secret the tag owner, with the name of a team.",
	Types:    []string{"aws:secretsmanager/secret:Secret"},
	Check: func(s policy.Subject) []policy.Finding {
		named := func(owner policy.Value) bool { return owner.Text() != "" }
		return s.Require(s.Get("tags.owner"), named, "It has no tag owner.")
	},
}
