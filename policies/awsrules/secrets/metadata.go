package secrets

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

var secretRecoverable = policy.Rule{
	Name:     "aws-secret-recovery-window",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A deleted secret can be recovered for at least 7 days",
	Why: "With a recovery window of 0, a secret that is deleted or replaced by mistake is gone at once, with all of its versions. " +
		"With a window, it is restored with one command.",
	Fix: "Leave recoveryWindowInDays out, which means 30 days, or set it to at least 7. In throw-away stacks, switch the rule off.",
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "For how many days a deleted secret can be recovered at least", Default: 7, Minimum: limit(7), Maximum: limit(30),
	}},
	Types: []string{secret},
	Check: func(s policy.Subject) []policy.Finding {
		at, least := s.Get("recoveryWindowInDays"), s.Int("days")
		days, set := at.Number()
		if set && days == 0 {
			return []policy.Finding{s.Fail(at, "It is deleted at once and cannot be recovered.")}
		}
		return s.Require(at, func(policy.Value) bool { return at.Absent() || days >= float64(least) },
			"It can be recovered for %v days; at least %d are wanted.", at, least)
	},
}

var secretDescribed = policy.Rule{
	Name:     "aws-secret-tags-description",
	Severity: policy.Low,
	Profile:  policy.Strict,
	Summary:  "A secret says what it opens and whose it is",
	Why:      "When a secret leaks, somebody must know within minutes what it opens and who can change it. Nobody dares to delete one that says neither.",
	Fix:      "Set a description, and tags for what your organization asks: the owner, the service, how it is rotated.",
	Covers:   []string{"pulumi:aws-secretsmanager-secret-missing-description"},
	Controls: []string{"Security Hub SecretsManager.5"},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/managing-secrets_tagging.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html",
	},
	Settings: []policy.Setting{{Name: "tags", Description: "The tags that a secret must have; none: any one", Default: []string{}}},
	Types:    []string{secret},
	Check: func(s policy.Subject) []policy.Finding {
		findings := s.Require(s.Get("description"), func(v policy.Value) bool { return strings.TrimSpace(v.Text()) != "" },
			"It has no description.")
		at := s.Get("tags")
		if at.Unknown() {
			return append(findings, s.Unknown(at))
		}
		var has []string
		for name := range at.Fields() { // those that the provider adds by default are among them
			if !strings.HasPrefix(name, "aws:") { // the tags of AWS itself
				has = append(has, name)
			}
		}
		if len(has) == 0 {
			return append(findings, s.Fail(at, "It has no tags."))
		}
		for _, name := range s.Texts("tags") {
			if !slices.Contains(has, name) {
				findings = append(findings, s.Fail(at, "It has no tag %s.", name))
			}
		}
		return findings
	},
}
