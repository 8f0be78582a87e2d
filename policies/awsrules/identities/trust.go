package identities

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// trusting looks at the document that says who may take a role.
func trusting(s policy.Subject, look func(iamdoc.Document) []policy.Finding) []policy.Finding {
	return read(s, []policy.Value{s.Get("assumeRolePolicy")}, look)
}

var roleNoPublicTrust = policy.Rule{
	Name:     "aws-iam-role-no-public-trust",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "Not everybody in AWS may take a role",
	Why: "A role whose trust policy names the principal \"*\" can be taken from any account in the world, by whoever learns its ARN, and ARNs are no secrets. " +
		"An external id does not change that: it is a name, not a credential.",
	Fix:     "Name the roles, accounts or services that take the role. For all of an organization, add a condition on aws:PrincipalOrgID.",
	Covers:  []string{"CKV_AWS_60", "CKV_AWS_283", "KICS:12b7e704"},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html", bestPractices},
	Types:   []string{role},
	Check: func(s policy.Subject) []policy.Finding {
		return trusting(s, func(doc iamdoc.Document) []policy.Finding {
			var findings []policy.Finding
			for _, o := range doc.Public() {
				findings = append(findings, report(s, fact{o.At, o.Answer}, o.At, "Everybody in AWS may take the role.")...)
			}
			return findings
		})
	},
}

// ofCaller are the condition keys by which those in an account are told apart, in small letters.
var ofCaller = []string{
	"sts:externalid", "sts:sourceidentity", "sts:rolesessionname", "aws:principalarn", "aws:principaltag/", "aws:userid", "aws:username",
	"aws:multifactorauthpresent", "aws:multifactorauthage", "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceidentity",
}

var roleNoAccountRootTrust = policy.Rule{
	Name:     "aws-iam-role-no-account-root-trust",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A role does not trust a whole account unconditionally",
	Why: "The principal 111122223333 or …:root is not the root user: it is everybody in that account whose own policies allow sts:AssumeRole. Its administrators decide who reads your " +
		"secrets. If the account is a vendor's, the vendor can be tricked by another customer who knows the role's ARN, and only an external id prevents that.",
	Fix:     "Name the roles of the account that take the role. For a vendor's account add a condition on sts:ExternalId, for people one on aws:MultiFactorAuthPresent.",
	Covers:  []string{"CKV_AWS_61", "KICS:bcdcbdc6", "KICS:09c35abf"},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"},
	Types:   []string{role},
	Check: func(s policy.Subject) []policy.Finding {
		return trusting(s, func(doc iamdoc.Document) []policy.Finding {
			return granting(s, doc, func(st iamdoc.Statement) []policy.Finding {
				if st.NotPrincipal {
					return nil // aws-iam-role-no-public-trust has it
				}
				var findings []policy.Finding
				for _, p := range st.Principals {
					whole := fact{p.ID, iamdoc.No}
					switch {
					case p.Kind == "AWS" && p.ID.Unknown():
						whole.Answer = iamdoc.Unknown
					case p.Class() == iamdoc.Account:
						whole.Answer = iamdoc.Yes
					}
					findings = append(findings, report(s, all(whole, undistinguished(st)), p.ID,
						"Everybody in the account %s whose own policies allow it may take the role: no condition tells them apart.", p.ID)...)
				}
				return findings
			})
		})
	},
}

// undistinguished is whether no condition of a statement tells apart who in an account asks.
func undistinguished(st iamdoc.Statement) fact {
	return without(st, func(c iamdoc.Condition) bool {
		of := c.Key == "" || slices.ContainsFunc(ofCaller, func(k string) bool { return c.Key == k || strings.HasSuffix(k, "/") && strings.HasPrefix(c.Key, k) })
		return of && (requires(c) || slices.Contains([]string{"IpAddress", "NumericLessThan", "NumericLessThanEquals"}, c.Operator))
	})
}

// tellsSource are the services of which AWS documents that they say for which account or resource they take a role. A
// condition on that would keep others from taking it.
var tellsSource = map[string]string{
	"lambda":    "https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html",
	"scheduler": "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
	"states":    "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
}

// ofSource are the condition keys by which a service says so, in small letters.
var ofSource = []string{"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}

var roleConfusedDeputy = policy.Rule{
	Name:     "aws-iam-role-confused-deputy",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A service takes a role only on behalf of your own resources",
	Why: "A service works for all customers of AWS. A trust policy that names the service alone leaves it to the service to see that nobody else makes it use your role. " +
		"The rule looks at services of which AWS documents that they say for whom they take a role: Lambda, EventBridge Scheduler and Step Functions.",
	Fix:     "Add a condition on aws:SourceAccount, or on aws:SourceArn where the resource is known before the role.",
	Covers:  []string{"prowler:iam_role_cross_service_confused_deputy_prevention"},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html", tellsSource["lambda"], tellsSource["scheduler"], tellsSource["states"]},
	Types:   []string{role},
	Check: func(s policy.Subject) []policy.Finding {
		return trusting(s, func(doc iamdoc.Document) []policy.Finding {
			return granting(s, doc, func(st iamdoc.Statement) []policy.Finding {
				st.Conditions = slices.DeleteFunc(slices.Clone(st.Conditions), func(c iamdoc.Condition) bool {
					return c.Key != "" && !slices.Contains(ofSource, c.Key)
				})
				at, tamed := st.Tamed()
				var findings []policy.Finding
				for _, p := range st.Principals {
					asks := fact{p.ID, iamdoc.No}
					name, _, _ := strings.Cut(p.ServiceName(), ".")
					switch {
					case p.Kind == "Service" && p.ID.Unknown():
						asks.Answer = iamdoc.Unknown
					case tellsSource[name] != "":
						asks.Answer = iamdoc.Yes
					}
					findings = append(findings, report(s, all(asks, fact{at, tamed.Not()}), p.ID,
						"%s may take the role on behalf of anybody: neither aws:SourceAccount nor aws:SourceArn says for whom.", p.ID)...)
				}
				return findings
			})
		})
	},
}

// subjects say of issuers how many parts of a subject must be fixed, the parts being between colons: the repository and
// the branch, the project and the workspace, the namespace and the account.
var subjects = []struct {
	of    string // a part of the issuer's name, or the beginning of its subjects
	fixed int
	means string
}{
	{"token.actions.githubusercontent.com", 4, "repository and branch, tag or environment"},
	{"gitlab", 6, "project and branch or tag"},
	{"app.terraform.io", 6, "organization, project and workspace"},
	{"system:serviceaccount", 3, "namespace"},
	{"api.bitbucket.org", 1, "repository"},
	{"oidc.circleci.com", 1, "project"},
	{"", 2, "subject"},
}

var oidcSubjectPinned = policy.Rule{
	Name:     "aws-iam-oidc-subject-pinned",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A role for builds trusts one repository and branch, not all that the issuer knows",
	Why: "GitHub, GitLab and the like sign tokens for everybody who has an account there. Without a condition on the subject, or with one like repo:example/*, any build of a " +
		"stranger, of a fork's maintainer or of an unreviewed branch takes the role and what it may read.",
	Fix:     "Require the subject with StringEquals or StringLike: repo:example/shop:ref:refs/heads/main, or better an environment that asks for approval.",
	Covers:  []string{"CKV_AWS_358", "CKV_AWS_393"},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html", "https://docs.github.com/en/actions/reference/security/oidc", "https://docs.gitlab.com/ci/cloud_services/aws/"},
	Types:   []string{role},
	Check: func(s policy.Subject) []policy.Finding {
		return trusting(s, func(doc iamdoc.Document) []policy.Finding {
			return granting(s, doc, func(st iamdoc.Statement) []policy.Finding {
				var findings []policy.Finding
				for _, p := range st.Principals {
					if p.Kind == "Federated" && !strings.Contains(p.ID.Text(), ":saml-provider/") {
						f, message := unpinned(st, p)
						findings = append(findings, report(s, all(about(st, "sts:AssumeRoleWithWebIdentity"), f), p.ID, message, p.ID)...)
					}
				}
				return findings
			})
		})
	},
}

// unpinned is whether no condition of a statement requires a certain subject of an issuer's tokens, and what is to be
// said then. Public issuers such as accounts.google.com, which AWS knows by name, have an audience for each customer.
func unpinned(st iamdoc.Statement, issuer iamdoc.Principal) (f fact, message string) {
	f, message = fact{issuer.ID, iamdoc.Yes}, "No condition says which subject of %s may take the role."
	byName := !issuer.ID.Unknown() && !strings.Contains(issuer.ID.Text(), ":oidc-provider/")
	for _, c := range st.Conditions {
		i := strings.LastIndex(c.Key, ":")
		name, claim := c.Key[:max(i, 0)], c.Key[i+1:]
		says := claim == "sub" || c.Key == "" || byName && slices.Contains([]string{"aud", "oaud", "app_id"}, claim)
		if !says || !requires(c) || len(c.Values) == 0 {
			continue
		}
		here := fact{c.Values[0], iamdoc.No}
		for _, v := range c.Values {
			left := ""
			if claim == "sub" {
				left = open(name, v.Text())
			}
			switch {
			case v.Unknown():
				here = fact{v, max(here.Answer, iamdoc.Unknown)}
			case left != "":
				here = fact{v, iamdoc.Yes}
				message = "The subjects of %s that may take the role are not limited to one " + left + "."
			}
		}
		f = all(f, here)
	}
	return f, message
}

// open tells what a pattern of subjects leaves open; "": nothing.
func open(issuer, pattern string) string {
	parts := strings.Split(pattern, ":")
	for _, s := range subjects {
		if !strings.Contains(issuer, s.of) && !strings.HasPrefix(pattern, s.of) {
			continue
		}
		fixed := min(s.fixed, len(parts))
		for i, part := range parts[:fixed] {
			bare := strings.Trim(part, "*?")
			// What is fixed must be so wholly, but for the last part, which may have a prefix: a release's tag.
			if bare == "" || i < fixed-1 && bare != part || bare == "refs/" || bare == "refs/heads/" || bare == "refs/tags/" {
				return s.means
			}
		}
		if s.of != "" && fixed < s.fixed && strings.HasSuffix(pattern, "*") {
			return s.means
		}
		return ""
	}
	return ""
}
