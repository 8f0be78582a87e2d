package policytest_test

import (
	"embed"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
	"github.com/secretstack/secretstack/policies/policytest/testdata/fixes"
)

//go:embed testdata/fixes/*.go
var sources embed.FS

// described is a rule with all that a rule can have.
var described = policy.Rule{
	Name: "test-described", Severity: policy.Low, Profile: policy.Strict, Summary: "A secret says what it is for",
	Settings: []policy.Setting{{Name: "least", Description: "How many characters it has at least", Default: 3}},
	Types:    []string{"aws:secretsmanager/secret:Secret"},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(s.Get("description"), func(v policy.Value) bool { return len(v.Text()) >= s.Int("least") },
			"The description %s is too short.", s.Get("description"))
	},
}

// rotated looks at two resources.
var rotated = policy.Rule{
	Name: "test-rotated", Severity: policy.Low, Profile: policy.Strict, Summary: "A secret is rotated",
	Types: []string{"aws:secretsmanager/secret:Secret"}, Joins: []string{"aws:secretsmanager/secretRotation:SecretRotation"},
	Check: func(s policy.Subject) []policy.Finding {
		sure, maybe := s.Graph.Referrers(s.Resource, "aws:secretsmanager/secretRotation:SecretRotation", "secretId")
		switch {
		case len(sure) > 0:
			return nil
		case len(maybe) > 0:
			return []policy.Finding{s.Unknown(s.All())}
		}
		return []policy.Finding{s.Fail(s.All(), "Nothing rotates it.")}
	},
}

func Test(t *testing.T) {
	rules := []policy.Rule{described, rotated}
	all := map[string]pulumi.RunFunc{"test-described": fixes.TestDescribed, "test-rotated": fixes.TestRotated}
	policytest.Run(t, rules, "testdata")
	policytest.Fixes(t, rules, all, sources)
	policytest.Types(t, rules, all, "testdata", map[string]policytest.Type{
		"aws:secretsmanager/secret:Secret":                 {Resource: secretsmanager.Secret{}, Args: secretsmanager.SecretArgs{}},
		"aws:secretsmanager/secretRotation:SecretRotation": {Resource: secretsmanager.SecretRotation{}, Args: secretsmanager.SecretRotationArgs{}},
	})
}
