package identities

import (
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// The pages that the rules on policies rest on.
const (
	bestPractices = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
	resourceTypes = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
	hubIAM        = "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html"
)

var noAdminStatement = policy.Rule{
	Name:     "aws-iam-no-admin-statement",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No policy allows every action on every resource",
	Why: "Who has such a policy can read every secret, change every key's policy and undo every other rule. A mistake or a stolen session of that identity is the whole " +
		"account. Conditions do not help: whoever may do everything may also change what they depend on.",
	Fix: "List the actions that the identity needs and the resources that it needs them on. For people who administer, use a role that they take for a while.",
	Covers: []string{
		"CKV_AWS_1", "CKV_AWS_62", "Trivy:AWS-0057", "KICS:2f37c4a3", "KICS:575a2155", "KICS:b1ffa705", "guard:iam_policy_no_statements_with_admin_access",
		"prowler:iam_inline_policy_no_administrative_privileges",
	},
	Controls: []string{"Security Hub IAM.1", "CIS AWS 7.0 2.14"},
	Sources:  []string{bestPractices, hubIAM},
	Types:    withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return allowing(s, func(st iamdoc.Statement) []policy.Finding {
			f := everything(st)
			return report(s, f, f.at, "It allows every action on every resource.")
		})
	},
}

var noActionWildcard = policy.Rule{
	Name:     "aws-iam-no-action-wildcard",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "No policy allows all actions, or all of a service",
	Why: "secretsmanager:* is not only reading: it deletes secrets, changes their policies and stops their rotation. What AWS adds to the service tomorrow is allowed " +
		"as well, and nobody decides it.",
	Fix:      "List the actions. A wildcard behind a verb, such as secretsmanager:Describe*, is fine.",
	Covers:   []string{"CKV_AWS_49", "CKV_AWS_63", "CKV2_AWS_40", "Trivy:AWS-0057", "cfn_nag:F4", "cfn_nag:F3", "guard:iam_role_no_wildcard_actions_on_permissions"},
	Controls: []string{"Security Hub IAM.21"},
	Sources:  []string{bestPractices, hubIAM},
	Types:    withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return allowing(s, func(st iamdoc.Statement) []policy.Finding {
			if st.NotAction || isAdmin(st) {
				return nil
			}
			var findings []policy.Finding
			for _, v := range st.Actions {
				_, name, _ := strings.Cut(v.Text(), ":")
				switch {
				case v.Unknown():
					findings = append(findings, s.Unknown(v))
				case strings.Trim(v.Text(), "*?:") == "":
					findings = append(findings, s.Fail(v, "It allows every action of every service."))
				case name != "" && strings.Trim(name, "*?") == "" && iamdoc.HasScope(v.Text()) != iamdoc.No:
					findings = append(findings, s.Fail(v, "It allows every action of a service: %s.", v))
				}
			}
			return findings
		})
	},
}

var noResourceWildcard = policy.Rule{
	Name:     "aws-iam-no-resource-wildcard",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Resource \"*\" is only for actions that have no narrower one",
	Why: "An action on \"*\" reaches what is made in the account later too, and what belongs to others in it. For many actions AWS knows no resource, such as " +
		"secretsmanager:GetRandomPassword, and \"*\" is right; they pass, as do patterns that begin with List or Describe, and services that the rules do not know. Writing, " +
		"reading secrets and decrypting have rules of their own.",
	Fix: "Name the resources by their ARN, or add a condition on their tags. Put actions that have no resource into a statement of their own.",
	Covers: []string{
		"CKV_AWS_355", "CKV_AWS_356", "Trivy:AWS-0057", "cfn_nag:W11", "cfn_nag:W12", "guard:iam_policydocument_no_wildcard_resource", "cdk-nag:AwsSolutions-IAM5",
	},
	Sources: []string{resourceTypes, bestPractices},
	Types:   withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return boundless(s, "", func(pattern string) bool {
			_, name, _ := strings.Cut(pattern, ":")
			listing := strings.Contains(name, "*") && (hasPrefixFold(name, "List") || hasPrefixFold(name, "Describe"))
			return iamdoc.LevelOf(pattern) == iamdoc.Reads && !listing &&
				!slices.ContainsFunc(sensitive, func(action string) bool { return iamdoc.MatchAction(pattern, action) })
		})
	},
}

var noUnconstrainedWrite = policy.Rule{
	Name:     "aws-iam-no-unconstrained-write",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "What changes something is allowed on named resources, or under a condition",
	Why: "Who may write to every resource can replace the value of every secret, delete every key and stop every alarm, by mistake or on purpose. Conditions on who asks, " +
		"from where or when do not narrow that down: who has the policy satisfies them. The network interfaces " +
		"of functions pass: Lambda makes them, so nobody can name them before.",
	Fix:     "Name the resources by their ARN. Where they are not known before, add a condition on their tags, or on the service that asks (kms:ViaService, aws:CalledVia).",
	Covers:  []string{"CKV_AWS_111", "CKV_AWS_290", "CKV_AWS_109", "CKV_AWS_289"},
	Sources: []string{resourceTypes, bestPractices},
	Types:   withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		return boundless(s, ", under no condition that narrows it down", func(pattern string) bool {
			return iamdoc.LevelOf(pattern) != iamdoc.Reads &&
				!slices.ContainsFunc(slices.Concat(sensitive, ofInterfaces), func(action string) bool { return strings.EqualFold(pattern, action) })
		})
	},
}

// ofInterfaces are the actions that the role of a function in a network has for Lambda. The interfaces are not known
// before, and AWS's own policies name none: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html.
var ofInterfaces = []string{
	"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
}

// sensitive are the actions of which a rule of its own says where they may be allowed.
var sensitive = func() []string {
	var list []string
	for _, one := range slices.Concat(readsSecrets, decrypts, passesRoles, mints) {
		list = append(list, one.action)
	}
	return list
}()

// boundless finds the statements that allow such actions on every resource, although a policy could name theirs. The end
// is said of them too.
func boundless(s policy.Subject, end string, such func(pattern string) bool) []policy.Finding {
	return allowing(s, func(st iamdoc.Statement) []policy.Finding {
		if st.NotAction || isAdmin(st) {
			return nil
		}
		var named []string
		var unknown []policy.Finding
		for _, v := range st.Actions {
			switch pattern := v.Text(); {
			case v.Unknown():
				unknown = append(unknown, s.Unknown(v))
			case iamdoc.HasScope(pattern) == iamdoc.Yes && such(pattern):
				named = append(named, v.String())
			}
		}
		where := all(on(st, iamdoc.Boundless), unconfined(st))
		switch {
		case where.Answer == iamdoc.No:
			return nil
		case len(named) > 0:
			at := on(st, iamdoc.Boundless).at
			which := ""
			switch {
			case st.NotResource:
				which = fmt.Sprintf(" but %s", at)
			case at.Text() != "*":
				which = fmt.Sprintf(" that %s covers", at)
			}
			return append(report(s, where, at, "It allows %s on every resource%s%s.", names(named), which, end), unknown...)
		}
		return unknown
	})
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

var noAllowNotAction = policy.Rule{
	Name:     "aws-iam-no-allow-not-action",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "An Allow lists what it allows, not what it does not",
	Why: "An Allow with NotAction, NotResource or NotPrincipal allows all but those listed: hundreds of services that nobody thought of, and every one that AWS adds. " +
		"In a Deny they are right, as they keep everything but a few out.",
	Fix:     "List actions, resources and principals. To take something from a wider permission, add a Deny for it.",
	Covers:  []string{"cfn_nag:W15", "cfn_nag:W21", "guard:iam_role_or_policy_no_allow_plus_not_action", "guard:iam_role_or_policy_no_allow_plus_not_resource"},
	Sources: []string{"https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"},
	Types:   withPolicies,
	Check: func(s policy.Subject) []policy.Finding {
		values := documents(s)
		if s.Type == role {
			values = append(values, s.Get("assumeRolePolicy"))
		}
		return read(s, values, func(doc iamdoc.Document) []policy.Finding {
			return granting(s, doc, func(st iamdoc.Statement) []policy.Finding {
				var findings []policy.Finding
				for _, element := range []struct {
					used bool
					what string
				}{{st.NotAction, "action"}, {st.NotResource, "resource"}, {st.NotPrincipal, "principal"}} {
					if element.used {
						findings = append(findings, s.Fail(st.At, "It allows every %s but those that it lists.", element.what))
					}
				}
				return findings
			})
		})
	},
}
