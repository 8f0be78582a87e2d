package secrets

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

var secretOwnKey = policy.Rule{
	Name:     "aws-secret-cmk-encryption",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A secret and each of its replicas are encrypted with a key of your own",
	Why: "The key aws/secretsmanager is open to everybody in the account who may use Secrets Manager, its policy cannot be changed, " +
		"and other accounts cannot use it. With a key of your own, a second policy decides who can read, and disabling the key closes all of its secrets at once.",
	Fix: "Make a KMS key and name it in kmsKeyId, and for each replica a key in its region in replicas[].kmsKeyId.",
	Covers: []string{
		"CKV_AWS_149", "Trivy:AWS-0098", "KICS:a2f548f2", "KICS:b0d3ef3f", "KICS:c8ae9ba9", "cfn_nag:W77", "guard:secretsmanager_using_cmk",
		"pulumi:aws-secretsmanager-secret-configure-customer-managed-key", "terrascan:AC_AWS_0500", "cdk-nag:HIPAA.Security-SecretsManagerUsingKMSKey",
	},
	Sources: []string{"https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"},
	Types:   []string{secret},
	Joins:   keyNames,
	Check: func(s policy.Subject) []policy.Finding {
		const shared = "AWS manages the key, and the whole account can use it through Secrets Manager."
		findings := ownKey(s, s.Get("kmsKeyId"), "kmsKeyId", "No key is named, so it is aws/secretsmanager: "+shared, shared)
		for _, replica := range s.Get("replicas").Items() {
			if replica.Unknown() {
				findings = append(findings, s.Unknown(replica))
				continue
			}
			findings = append(findings, ownKey(s, replica.At("kmsKeyId"), "replicas",
				"No key is named for this replica, so it is aws/secretsmanager of its region: "+shared, shared)...)
		}
		return findings
	},
}

// ownKey finds a property that names no key, or one that AWS manages. A key that is not known yet is one of our own
// where everything that the input depends on is such a key.
func ownKey(s policy.Subject, at policy.Value, input, absent, managed string) []policy.Finding {
	switch name := at.Text(); {
	case at.Unknown() && fromKeys(s, input):
		return nil
	case at.Unknown():
		return []policy.Finding{s.Unknown(at)}
	case name == "":
		return []policy.Finding{s.Fail(at, "%s", absent)}
	case strings.HasPrefix(name, "alias/aws/") || strings.Contains(name, ":alias/aws/"):
		return []policy.Finding{s.Fail(at, "%s", managed)}
	}
	return nil
}

func fromKeys(s policy.Subject, input string) bool {
	on := s.PropertyDependencies[input]
	return len(on) > 0 && !slices.ContainsFunc(on, func(urn string) bool {
		r := s.Graph.ByURN(urn)
		return r == nil || !slices.Contains(keyNames, r.Type)
	})
}
