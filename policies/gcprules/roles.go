package gcprules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// accounts are the types by which a member that is not known yet is told to be a service account.
var accounts = []string{accountType, agentType}

// onSecrets are what lets members at values. Who manages versions cannot read them.
// https://cloud.google.com/secret-manager/docs/access-control
var onSecrets = powers{
	{"roles/secretmanager.admin", "read, replace and delete every secret"},
	{"roles/secretmanager.secretAccessor", "read every secret"},
	{"roles/secretmanager.secretVersionManager", "replace and destroy the value of every secret"},
	{"roles/secretmanager.secretVersionAdder", "replace the value of every secret"},
	{"secretmanager.versions.access", "read every secret"},
	{"secretmanager.secrets.setIamPolicy", "grant themselves every secret"},
	{"secretmanager.versions.destroy", "destroy the value of every secret"},
	{"secretmanager.versions.add", "replace the value of every secret"},
}

var secretAccessorNotProjectWide = policy.Rule{
	Name:     "gcp-secret-accessor-not-project-wide",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "Who may read or replace secrets may do so with single ones, not with all of a project",
	Why: "A role on the project is a role on each secret in it, also on those that come later. One application that is broken into " +
		"then gives away the credentials of all the others.",
	Fix: "Grant the role on each secret that is needed, with SecretIamMember. Where it has to be on the project, give it a condition " +
		"that names the secrets: resource.name.startsWith('projects/123456789012/secrets/shop-').",
	Covers: []string{"hardhat:iam_roles_restricted"},
	Sources: []string{
		"https://cloud.google.com/secret-manager/docs/access-control",
		"https://docs.cloud.google.com/iam/docs/conditions-resource-attributes",
	},
	Types: wideGrants,
	Joins: customRoleTypes,
	Check: func(s policy.Subject) []policy.Finding {
		all, findings := grantsOf(s)
		for _, g := range all {
			lets, known := onSecrets.of(s, g)
			expression := g.condition.At("expression")
			switch {
			case !known:
				findings = append(findings, s.Unknown(g.role))
			case lets == "":
			case expression.Unknown():
				findings = append(findings, s.Unknown(expression))
			case !namesSecrets(expression.Text()):
				findings = append(findings, s.Fail(g.role, "On the whole %s %s lets its members %s.", extent(s.Type), g.name(), lets))
			}
		}
		return findings
	},
}

// named is what the name of a secret, or of its versions, begins with where it is not that of any secret.
var named = regexp.MustCompile(`^projects/[^/]+/(locations/[^/]+/)?secrets/.`)

// namesSecrets tells whether a condition holds for single secrets only: by their name, or by a tag.
func namesSecrets(expression string) bool {
	c, ok := parse(expression)
	return ok && c.requires(func(c comparison) bool {
		switch c.attribute {
		case "resource.name":
			return (c.operator == "==" || c.operator == "startsWith") && named.MatchString(c.text)
		case "resource.type": // what is granted on the other types lets nobody at a value
			return c.operator == "!=" && c.text == "secretmanager.googleapis.com/SecretVersion"
		case "resource":
			return strings.HasPrefix(c.operator, "matchTag")
		}
		return strings.HasPrefix(c.attribute, "resource.name.extract(") && strings.Contains(c.attribute, "secrets/{") && c.operator == "==" && c.text != ""
	})
}

// basic are the basic roles, and the ones that take their place:
// https://docs.cloud.google.com/iam/docs/roles-overview.
var basic = powers{
	{"roles/owner", "do everything: read each secret, and grant it to others"},
	{"roles/admin", "do everything: read each secret, and grant it to others"},
	{"roles/editor", "change nearly everything"},
	{"roles/writer", "change nearly everything"},
	{"roles/viewer", "see nearly everything"},
	{"roles/reader", "see nearly everything"},
}

var iamNoBasicRoles = policy.Rule{
	Name:     "gcp-iam-no-basic-roles",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "Nobody has a basic role: owner, editor or viewer",
	Why: "The basic roles have thousands of permissions in all services, also in those that come later. An owner reads each secret of the " +
		"project. They cannot have a condition.",
	Fix: "Grant the predefined roles that are needed, such as roles/run.developer, or a custom one. What a person needs in an emergency " +
		"can be granted for hours, with Privileged Access Manager.",
	Covers: []string{"CKV_GCP_117", "CKV_GCP_116", "CKV_GCP_115", "Trivy:GCP-0007", "KICS:cefdad16", "SHA:PRIMITIVE_ROLES_USED"},
	Sources: []string{
		"https://docs.cloud.google.com/iam/docs/roles-overview",
		"https://docs.cloud.google.com/iam/docs/conditions-overview",
	},
	Types: wideGrants,
	Joins: accounts,
	Check: func(s policy.Subject) []policy.Finding {
		all, findings := grantsOf(s)
		for _, g := range all {
			if g.role.Unknown() {
				findings = append(findings, s.Unknown(g.role))
			} else if lets, _ := basic.of(s, g); lets != "" {
				findings = append(findings, exceptAgents(s, g, "On the %s %s lets its members %s.", extent(s.Type), g.role, lets)...)
			}
		}
		return findings
	},
}

var admin = regexp.MustCompile(`(?i)^roles/.*admin(\.v\d+)?$`)

var iamServiceAccountNoAdmin = policy.Rule{
	Name:     "gcp-iam-sa-no-admin",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "No service account, and no workload elsewhere, administers a project",
	Why: "Whoever gets at the account's token, through a hole in the application or a dependency of its build, has its rights; and " +
		"an administrator's are to grant himself others.",
	Fix: "Grant the roles with which the program does its work, on the resources with which it works. What deploys may need more: give " +
		"that an account of its own, which nothing else can use, and exempt it.",
	Covers:   []string{"CKV_GCP_42", "KICS:84d36481", "SHA:ADMIN_SERVICE_ACCOUNT"},
	Controls: []string{"CIS GCP 5.0 1.6"},
	Sources:  []string{"https://cloud.google.com/iam/docs/best-practices-service-accounts"},
	Types:    wideGrants,
	Joins:    accounts,
	Check: func(s policy.Subject) []policy.Finding {
		all, findings := grantsOf(s)
		for _, g := range all {
			if !g.role.Unknown() && (!admin.MatchString(g.role.Text()) || g.role.Text() == "roles/admin") {
				continue // roles/admin is a basic role, which has its own rule
			}
			for _, m := range g.members {
				switch k := kindOf(s, m); {
				case (k == workload || k == byBirth) && !g.role.Unknown():
					findings = append(findings, s.Fail(m, "On the %s this service account or workload has %s.", extent(s.Type), g.role))
				case k == workload || k == byBirth || k == unknown:
					findings = append(findings, s.Unknown(m))
				}
			}
		}
		return findings
	},
}

// asOthers are what lets members work as a service account.
// https://cloud.google.com/iam/docs/service-account-permissions
var asOthers = powers{
	{"roles/iam.serviceAccountUser", "run what they like as any service account"},
	{"roles/iam.serviceAccountTokenCreator", "get tokens of any service account"},
	{"roles/iam.serviceAccountOpenIdTokenCreator", "get tokens of any service account"},
	{"roles/iam.workloadIdentityUser", "get tokens of any service account"},
	{"roles/iam.serviceAccountKeyAdmin", "make keys of any service account"},
	{"iam.serviceAccounts.actAs", "run what they like as any service account"},
	{"iam.serviceAccounts.getAccessToken", "get tokens of any service account"},
	{"iam.serviceAccounts.getOpenIdToken", "get tokens of any service account"},
	{"iam.serviceAccounts.implicitDelegation", "get tokens of any service account"},
	{"iam.serviceAccounts.signBlob", "sign as any service account"},
	{"iam.serviceAccounts.signJwt", "sign as any service account"},
	{"iam.serviceAccounts.setIamPolicy", "grant themselves any service account"},
	{"iam.serviceAccountKeys.create", "make keys of any service account"},
}

var iamNoProjectImpersonation = policy.Rule{
	Name:     "gcp-iam-no-project-impersonation",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Who may work as a service account may do so with single ones, not with all of a project",
	Why: "On the project, roles/iam.serviceAccountUser and the like are for each service account in it: whoever has one works as the " +
		"strongest of them, and reads all that any of them may read.",
	Fix: "Grant the role on the one service account that is needed, with gcp.serviceaccount.IAMMember. A condition on the name does not " +
		"help: service accounts are not among what conditions know by name.",
	Covers:   []string{"CKV_GCP_41", "CKV_GCP_49", "Trivy:GCP-0011", "KICS:c68b4e6d", "KICS:617ef6ff"},
	Controls: []string{"CIS GCP 5.0 1.7"},
	Sources: []string{
		"https://cloud.google.com/iam/docs/service-account-permissions",
		"https://cloud.google.com/iam/docs/best-practices-service-accounts",
		"https://docs.cloud.google.com/iam/docs/conditions-resource-attributes",
	},
	Types: wideGrants,
	Joins: slices.Concat(customRoleTypes, accounts),
	Check: func(s policy.Subject) []policy.Finding {
		all, findings := grantsOf(s)
		for _, g := range all {
			if lets, known := asOthers.of(s, g); lets != "" {
				findings = append(findings, exceptAgents(s, g, "On the %s %s lets its members %s.", extent(s.Type), g.name(), lets)...)
			} else if !known {
				findings = append(findings, s.Unknown(g.role))
			}
		}
		return findings
	},
}

var iamNoDefaultOrUserPrincipal = policy.Rule{
	Name:     "gcp-iam-no-default-or-user-principal",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Roles go to groups and to service accounts of one purpose, not to single people or default accounts",
	Why: "What is granted to one person stays when he changes his job. The default service accounts are used by whatever names no other: " +
		"a role for one program is one for all of them, and by default they can change nearly everything.",
	Fix: "Grant roles on projects, folders and organizations to groups. Make a service account for each program, and name it in its " +
		"function, service or job.",
	Covers: []string{"CKV_GCP_46", "Trivy:GCP-0006", "Trivy:GCP-0003", "KICS:3cb4af0b", "KICS:704fcc44"},
	Sources: []string{
		"https://cloud.google.com/iam/docs/service-account-types",
		"https://cloud.google.com/iam/docs/best-practices-service-accounts",
		"https://cloud.google.com/run/docs/securing/service-identity",
	},
	Types: append(slices.Clone(wideGrants), function1Type, function2Type, run1Type, run2Type, runJobType),
	Joins: accounts,
	Check: func(s policy.Subject) []policy.Finding {
		if path := runsAs[s.Type]; path != "" {
			return ownAccount(s, s.Get(path))
		}
		all, findings := grantsOf(s)
		for _, g := range all {
			for _, m := range g.members {
				switch kindOf(s, m) {
				case person:
					findings = append(findings, s.Fail(m, "On the %s a single person has %s.", extent(s.Type), g.name()))
				case byBirth:
					findings = append(findings, s.Fail(m, "On the %s a default service account has %s.", extent(s.Type), g.name()))
				case unknown:
					findings = append(findings, s.Unknown(m))
				}
			}
		}
		return findings
	},
}

// runsAs is where programs name their service account.
var runsAs = map[string]string{
	function1Type: "serviceAccountEmail",
	function2Type: "serviceConfig.serviceAccountEmail",
	run1Type:      "template.spec.serviceAccountName",
	run2Type:      "template.serviceAccount",
	runJobType:    "template.template.serviceAccount",
}

func ownAccount(s policy.Subject, email policy.Value) []policy.Finding {
	switch {
	case email.Unknown() && dependsOn(s, email, accountType):
		return nil
	case email.Unknown():
		return []policy.Finding{s.Unknown(email)}
	case email.Text() == "":
		return []policy.Finding{s.Fail(email, "It names no service account, so it runs as a default one.")}
	case born.MatchString("serviceAccount:" + email.Text()):
		return []policy.Finding{s.Fail(email, "It runs as the default service account %s.", email)}
	}
	return nil
}

var serviceAccountNoUserManagedKey = policy.Rule{
	Name:     "gcp-sa-no-user-managed-key",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "No service account has a key that is a file",
	Why: "A key works for years, from anywhere, for whoever has a copy, and the copies cannot be counted. One that Pulumi makes is " +
		"also in the stack's state.",
	Fix: "Attach the service account to the function, service or machine. Outside Google Cloud use workload identity federation; people " +
		"impersonate the account.",
	Covers:   []string{"CKV2_GCP_3", "SHA:USER_MANAGED_SERVICE_ACCOUNT_KEY", "prowler:iam_sa_no_user_managed_keys"},
	Controls: []string{"CIS GCP 5.0 1.5"},
	Sources:  []string{"https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys"},
	Types:    []string{token("serviceaccount", "Key"), accountType},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == accountType {
			return nil // it passes: a key is a resource of its own
		}
		if public := s.Get("publicKeyData"); public.Unknown() || public.Text() != "" {
			return []policy.Finding{s.Fail(public, "It lets whoever has a private key work as the service account, until somebody deletes it.")}
		}
		return []policy.Finding{s.Fail(policy.Value{}, "It is a private key of the service account, which is in the stack's state and does not end.")}
	},
}
