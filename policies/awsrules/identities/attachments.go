package identities

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// attachments are the types that attach policies by their ARN.
var attachments = []string{roleAttachment, roleAttachments, userAttachment, groupAttachment, policyAttachment}

// tooMuch are policies of AWS by which everything can be done, or every secret be read.
var tooMuch = map[string]string{
	"AdministratorAccess":                   "which allows everything",
	"IAMFullAccess":                         "by which one can give oneself every permission",
	"PowerUserAccess":                       "which allows everything but identities",
	"SecretsManagerReadWrite":               "which reads and changes every secret",
	"AWSSecretsManagerClientReadOnlyAccess": "which reads every secret",
	"AmazonSSMFullAccess":                   "which reads and changes every parameter",
	"AmazonSSMReadOnlyAccess":               "which reads every parameter",
}

var noAdminManagedPolicy = policy.Rule{
	Name:     "aws-iam-no-admin-managed-policy",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "AWS's policies for administrators, and those that read all secrets, are attached to nothing",
	Why: "AdministratorAccess, PowerUserAccess and SecretsManagerReadWrite read every secret, and IAMFullAccess gives itself what it lacks. Attached to a service or a build, " +
		"they make its session the most valuable thing in the account.",
	Fix: "Attach a policy of your own with the actions and resources that are needed. People who administer take a role of IAM Identity Center.",
	Covers: []string{
		"CKV_AWS_274", "CKV_AWS_275", "CKV2_AWS_56", "cfn_nag:W43", "guard:iam_role_administrator_access_policy_rule", "prowler:iam_role_administratoraccess_policy",
	},
	Sources: []string{
		bestPractices, "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html",
		"https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SecretsManagerReadWrite.html",
	},
	Types: slices.Concat([]string{role}, attachments),
	Joins: []string{managedPolicy}, // what an ARN that is not known depends on is known when all resources are
	Check: func(s policy.Subject) []policy.Finding {
		property := "policyArn"
		switch s.Type {
		case role:
			property = "managedPolicyArns"
		case roleAttachments:
			property = "policyArns"
		}
		var findings []policy.Finding
		for _, arn := range s.Get(property).Items() {
			_, name, _ := strings.Cut(arn.Text(), ":iam::aws:policy/")
			switch {
			case arn.Unknown() && !ofTheProgram(s, property):
				findings = append(findings, s.Unknown(arn))
			case tooMuch[name] != "":
				findings = append(findings, s.Fail(arn, "It attaches AWS's policy %s, %s.", name, tooMuch[name]))
			}
		}
		return findings
	},
}

// ofTheProgram tells that a property depends on policies of the program only, so what is not known in it is no policy
// of AWS.
func ofTheProgram(s policy.Subject, property string) bool {
	urns := s.PropertyDependencies[property]
	return len(urns) > 0 && !slices.ContainsFunc(urns, func(urn string) bool {
		r := s.Graph.ByURN(urn)
		return r == nil || r.Type != managedPolicy
	})
}

var noUserAttachedPolicy = policy.Rule{
	Name:     "aws-iam-no-user-attached-policy",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Users have policies through groups only",
	Why: "A policy on a single user is forgotten when the user changes jobs, and nobody sees it who looks at groups and roles. Secrets then have readers that no list of " +
		"roles shows.",
	Fix:      "Attach the policy to a group or, better, to a role that people take through IAM Identity Center.",
	Covers:   []string{"CKV_AWS_40", "Trivy:AWS-0143", "KICS:b4378389", "prowler:iam_policy_attached_only_to_group_or_roles", "guard:iam_no_policy_on_user", "guard:iam_user_no_policies_check", "pulumi:aws-iam-userpolicyattachment-only-permissions-via-groups"},
	Controls: []string{"Security Hub IAM.2"},
	Sources:  []string{bestPractices, hubIAM},
	Types:    []string{userPolicy, userAttachment, policyAttachment},
	Check: func(s policy.Subject) []policy.Finding {
		users := s.Get("user")
		if s.Type == policyAttachment {
			users = s.Get("users")
			if users.Unknown() { // there may be none
				return []policy.Finding{s.Unknown(users)}
			}
		}
		var findings []policy.Finding
		for _, user := range users.Items() {
			findings = append(findings, s.Fail(user, "It gives a policy to a single user."))
		}
		return findings
	},
}

var noLongLivedAccessKey = policy.Rule{
	Name:     "aws-iam-no-long-lived-access-key",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "No access key is made whose secret lies in the state",
	Why: "An access key works from anywhere until somebody replaces it, and its secret half is in the state of the stack for everybody who can decrypt that. " +
		"With pgpKey only its owner can read it.",
	Fix: "Let programs take a role: on AWS by their function or machine, outside by OIDC or IAM Roles Anywhere. Where only a key will do, set pgpKey, and replace the key " +
		"regularly.",
	Covers:   []string{"CKV_AWS_273", "KICS:7081f85c", "awsguard:access-keys-rotated", "prowler:iam_user_with_temporary_credentials"},
	Controls: []string{"Security Hub IAM.3"},
	Sources: []string{
		"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
		"https://www.pulumi.com/registry/packages/aws/api-docs/iam/accesskey/",
	},
	Types: []string{accessKey},
	Check: func(s policy.Subject) []policy.Finding {
		status, key := s.Get("status"), s.Get("pgpKey")
		switch {
		case status.Text() == "Inactive":
			return nil
		case status.Unknown() && key.Absent():
			return []policy.Finding{s.Unknown(status)}
		}
		return s.Require(key, func(v policy.Value) bool { return v.Text() != "" }, "Its secret is kept in the stack's state, and works until somebody replaces the key.")
	},
}

var noPolicyMgmtConflict = policy.Rule{
	Name:     "aws-iam-no-policy-mgmt-conflict",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A role's policies are managed in one place",
	Why: "Where a role lists all its policies (managedPolicyArns, inlinePolicies, RolePolicyAttachmentsExclusive), each update removes those that other resources attach, and the next " +
		"one attaches them again. A rotator then loses its permissions at every other deployment.",
	Fix:     "Use either the lists or resources of their own, RolePolicyAttachment and RolePolicy, for one role.",
	Covers:  []string{"awsguard:iam-role-no-policy-management-conflicts"},
	Sources: []string{"https://www.pulumi.com/registry/packages/aws/api-docs/iam/role/", "https://www.pulumi.com/registry/packages/aws/api-docs/iam/rolepolicyattachmentsexclusive/"},
	Types:   []string{role},
	Joins:   []string{roleAttachment, roleAttachments, rolePolicy},
	Check: func(s policy.Subject) []policy.Finding {
		findings := conflict(s, s.Get("managedPolicyArns"), roleAttachment, "policyArn")
		exclusive, _ := s.Graph.Referrers(s.Resource, roleAttachments, "roleName")
		for _, e := range exclusive {
			for _, f := range conflict(s, e.Get("policyArns"), roleAttachment, "policyArn") {
				f.URN = e.URN
				findings = append(findings, f)
			}
		}
		return append(findings, conflict(s, s.Get("inlinePolicies"), rolePolicy, "name")...)
	},
}

// conflict finds a resource of a type that gives the role a policy which the exclusive list does not have.
func conflict(s policy.Subject, list policy.Value, typ, named string) []policy.Finding {
	if list.Absent() {
		return nil
	}
	sure, maybe := s.Graph.Referrers(s.Resource, typ, "role")
	for _, r := range sure {
		one := r.Get(named)
		listed := one.Text() != "" && slices.ContainsFunc(list.Items(), func(v policy.Value) bool { return v.Text() == one.Text() })
		switch {
		case listed:
		case list.Unknown():
			return []policy.Finding{s.Unknown(list)}
		case one.Unknown() && list.HasUnknown(): // it may be one of the list's
			return []policy.Finding{s.Unknown(list)}
		default:
			return []policy.Finding{s.Fail(list, "It lists all policies of the role, but %s gives the role another one.", r.Name)}
		}
	}
	if len(maybe) > 0 {
		return []policy.Finding{s.Unknown(list)}
	}
	return nil
}
