package identities

import (
	"fmt"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// target is an action and the kind of resources that it is about: the service and the beginning of the last part of
// their ARNs.
type target struct{ action, service, kind string }

// reach is whether a statement allows an action on all resources of its kind, if only in one account, under no condition
// that narrows it down but those excepted.
func (t target) reach(st iamdoc.Statement, except ...string) (f fact, resource policy.Value) {
	is := about(st, t.action)
	if is.Answer == iamdoc.No {
		return is, resource
	}
	where := on(st, func(r string) bool { return iamdoc.AllOf(r, t.service, t.kind) })
	return all(is, where, unconfined(st, except...)), where.at
}

// reaching finds the statements that allow one of the actions on all resources of its kind, of which they are said to be
// these.
func reaching(s policy.Subject, targets []target, which string, except ...string) []policy.Finding {
	return allowing(s, func(st iamdoc.Statement) []policy.Finding {
		if isAdmin(st) {
			return nil
		}
		var unknown []policy.Finding
		found := map[string][]string{} // actions, by where the resource is
		var at []policy.Value
		for _, t := range targets {
			f, resource := t.reach(st, except...)
			switch f.Answer {
			case iamdoc.Yes:
				if found[resource.Path()] == nil {
					at = append(at, resource)
				}
				found[resource.Path()] = append(found[resource.Path()], t.action)
			case iamdoc.Unknown:
				unknown = append(unknown, s.Unknown(f.at))
			}
		}
		for _, v := range at {
			where := fmt.Sprintf("%s, which is %s", v, which)
			if st.NotResource {
				where = fmt.Sprintf("all but %s", v)
			}
			unknown = append(unknown, s.Fail(v, "It allows %s on %s.", names(found[v.Path()]), where))
		}
		return unknown
	})
}

var readsSecrets = []target{
	{"secretsmanager:GetSecretValue", "secretsmanager", "secret:"},
	{"ssm:GetParameter", "ssm", "parameter/"},
	{"ssm:GetParameters", "ssm", "parameter/"},
	{"ssm:GetParametersByPath", "ssm", "parameter/"},
	{"ssm:GetParameterHistory", "ssm", "parameter/"},
}

var secretReadScoped = policy.Rule{
	Name:     "aws-iam-secret-read-scoped",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Secrets are read by name, not all of them",
	Why: "Who may read secret:* or parameter/* reads every credential of the account, also those that do not exist yet. One leaked session of a small service is then all of " +
		"them. A prefix such as secret:shop/* passes; so does secretsmanager:BatchGetSecretValue on \"*\", which has no resource and needs GetSecretValue on each secret.",
	Fix: "Allow it on the ARN of the secret; its suffix of six characters may be -??????. Where the secrets are many, use a prefix or a condition on " +
		"their tags.",
	Covers: []string{"CKV_AWS_108", "CKV_AWS_288"},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
		"https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html",
	},
	Types: withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return reaching(s, readsSecrets, "all of them")
	},
}

var decrypts = []target{{"kms:Decrypt", "kms", "key/"}, {"kms:ReEncryptFrom", "kms", "key/"}}

var kmsDecryptScoped = policy.Rule{
	Name:     "aws-iam-kms-decrypt-scoped",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Decrypting is allowed with named keys",
	Why: "A key of its own keeps a secret only from those who may not use the key. kms:Decrypt on key/* undoes that for every key whose policy trusts the account. A condition on " +
		"kms:ViaService, on the encryption context, on the key's alias or tags passes here; Security Hub's KMS.1 and KMS.2 do not look at conditions.",
	Fix:      "Allow it on the ARN of the key, or add a condition on kms:ResourceAliases or kms:ViaService.",
	Covers:   []string{"prowler:iam_policy_no_full_access_to_kms", "prowler:iam_inline_policy_no_full_access_to_kms"},
	Controls: []string{"Security Hub KMS.1", "Security Hub KMS.2"},
	Sources: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html",
	},
	Types: withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return reaching(s, decrypts, "every key")
	},
}

var passesRoles = []target{{"iam:PassRole", "iam", "role/"}}

var passRoleScoped = policy.Rule{
	Name:     "aws-iam-passrole-scoped",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Roles are handed to services by name",
	Why: "iam:PassRole on every role lets its holder start a function or a machine with the strongest role of the account, and act as that. iam:PassedToService alone " +
		"does not help much: any role that trusts the service can be passed.",
	Fix: "Allow it on the ARN of the role that is passed, and add iam:PassedToService.",
	Covers: []string{
		"Trivy:AWS-0342", "KICS:e39bee8c", "cfn_nag:F38", "cfn_nag:F39", "guard:iam_role_no_wildcard_resource_on_passrole", "guard:iam_policy_no_wildcard_resource_on_passrole",
	},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"},
	Types:   withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return reaching(s, passesRoles, "every role", "iam:passedtoservice")
	},
}

// mints are the actions that give somebody else's credentials.
var mints = []target{
	{"sts:AssumeRole", "iam", "role/"},
	{"sts:AssumeRoot", "iam", "root"},
	{"iam:CreateAccessKey", "iam", "user/"},
	{"iam:UpdateAccessKey", "iam", "user/"},
	{"iam:CreateLoginProfile", "iam", "user/"},
	{"iam:UpdateLoginProfile", "iam", "user/"},
	{"iam:CreateServiceSpecificCredential", "iam", "user/"},
	{"iam:ResetServiceSpecificCredential", "iam", "user/"},
	{"iam:UploadSSHPublicKey", "iam", "user/"},
	{"iam:UploadSigningCertificate", "iam", "user/"},
	{"rds-db:connect", "rds-db", "dbuser:"},
	{"redshift:GetClusterCredentials", "redshift", "dbuser:"},
	{"sso:GetRoleCredentials", "sso", ""},
}

var noCredentialMinting = policy.Rule{
	Name:     "aws-iam-no-credential-minting",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "Nobody may make credentials of all users or roles",
	Why: "Who may take any role, or make an access key, a password or a database login for any user, needs no secret any more: he makes himself one, and it outlives the session " +
		"in which he did.",
	Fix:     "Name the roles that may be taken. Let users manage their own credentials only: user/${aws:username}.",
	Covers:  []string{"CKV_AWS_107", "CKV_AWS_287"},
	Sources: []string{bestPractices, "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html"},
	Types:   withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return reaching(s, mints, "every user or role")
	},
}
