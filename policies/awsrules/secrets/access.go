package secrets

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// reads is what a reader of a secret does; reading many at once asks for it on each.
const reads = "secretsmanager:GetSecretValue"

var secretNotPublic = policy.Rule{
	Name:     "aws-secret-policy-no-public",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A secret's policy opens it to nobody outside",
	Why: "A secret's policy may name everybody in AWS (\"*\", or an Allow with NotPrincipal). Then anybody with any account can read the secret, " +
		"where its key lets him, and nothing in your own account shows who may.",
	Fix:    "Name the roles and accounts that read it. Where the principal must be \"*\", add a condition on the organization, the account or the network endpoint.",
	Covers: []string{"KICS:fa00ce45", "terrascan:AC_AWS_0501", "prowler:secretsmanager_not_publicly_accessible"},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
	},
	Types: []string{secret, secretPolicy},
	Check: public,
}

var secretRestricted = policy.Rule{
	Name:     "aws-secret-policy-restrictive",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A secret has a policy that denies reading to all but those who should",
	Why: "Without a policy of its own, a secret is open to every role of the account whose own policies allow secretsmanager:GetSecretValue on \"*\": " +
		"administrators, build agents, tools that somebody tried once. An Allow in the secret's policy takes nothing from them; only a Deny does.",
	Fix: "Give the secret a SecretPolicy with blockPublicPolicy, and a Deny of secretsmanager:GetSecretValue for every principal " +
		"but the readers (ArnNotEquals on aws:PrincipalArn), or outside the organization or the network endpoint.",
	Covers: []string{"prowler:secretsmanager_has_restrictive_resource_policy"},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html",
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
	},
	Types: []string{secret, secretPolicy},
	Joins: []string{secretPolicy},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == secret && !declared(s.Get("policy")) {
			switch sure, maybe := s.Graph.Referrers(s.Resource, secretPolicy, "secretArn"); {
			case len(sure) > 0:
				return nil
			case len(maybe) > 0:
				return unclear(s, policy.Value{}, "Which secret a policy is for is not known before the update.")
			}
			return []policy.Finding{s.Fail(policy.Value{}, "It has no policy, so every role that may read all secrets of the account can read it.")}
		}
		findings := look(s, func(doc iamdoc.Document) []policy.Finding { return unrestricted(s, doc) })
		if s.Type == secretPolicy { // a policy on the secret itself has no such property
			findings = append(findings, s.Require(s.Get("blockPublicPolicy"), policy.Value.True,
				"AWS is not asked to refuse a policy that opens the secret to everybody.")...)
		}
		return findings
	},
}

// unrestricted finds a policy that allows everything, and one that denies reading to nobody. Resources do not count: in
// a secret's own policy there is no other.
func unrestricted(s policy.Subject, doc iamdoc.Document) []policy.Finding {
	var findings []policy.Finding
	var kept iamdoc.Answer
	var unknown policy.Value
	for _, st := range doc.Statements {
		// An action that nobody has: what is about it is about all.
		switch at, all := st.About("secretsmanager:Anything"); min(all, st.Allows()) {
		case iamdoc.Yes:
			findings = append(findings, s.Fail(at, "%s allows everything with the secret: also to change this policy and to delete the secret.", st.Label()))
		case iamdoc.Unknown:
			findings = append(findings, s.Unknown(st.At))
		}
		_, reading := st.About(reads)
		at, others := keepsOut(st)
		if a := min(st.Denies(), reading, others); a > kept {
			kept, unknown = a, at
		}
	}
	switch kept {
	case iamdoc.No:
		findings = append(findings, s.Fail(doc.At, "It denies reading to nobody, so every role that may read all secrets of the account can read this one."))
	case iamdoc.Unknown:
		findings = append(findings, s.Unknown(unknown))
	}
	return findings
}

// keepsOut is [iamdoc.Statement.KeepsOut], for which conditions on the tags that a reader must have count as well: within
// the account they keep others out as names do, if who may set them is restricted. The value is what is not known.
func keepsOut(st iamdoc.Statement) (at policy.Value, a iamdoc.Answer) {
	tags := iamdoc.Yes
	var tag policy.Value
	st.Conditions = slices.DeleteFunc(slices.Clone(st.Conditions), func(c iamdoc.Condition) bool {
		by := byTag(c)
		if by == iamdoc.Unknown {
			tag, tags = c.Values[0], by
		}
		return by != iamdoc.No
	})
	at, a = st.KeepsOut()
	if _, all := st.ToEverybody(); len(st.Conditions) == 0 && !st.NotPrincipal {
		a = all // but those with the tags; without any conditions, nobody reads
	}
	if tags < a {
		return tag, tags
	}
	return at, a
}

// byTag tells of a condition on the tags that a reader must have.
func byTag(c iamdoc.Condition) iamdoc.Answer {
	if !strings.HasPrefix(c.Key, "aws:principaltag/") ||
		!slices.Contains([]string{"StringNotEquals", "StringNotLike"}, strings.TrimSuffix(c.Operator, "IfExists")) {
		return iamdoc.No
	}
	return narrow(c)
}
