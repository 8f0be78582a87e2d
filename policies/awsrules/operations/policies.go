package operations

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var snsPolicyNoPublic = policy.Rule{
	Name:     "aws-sns-policy-no-public",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Not everybody in AWS may publish to a topic or subscribe to it",
	Why: "Who subscribes to a topic of alerts learns which secrets there are and who reads them. Who publishes to it can cry " +
		"wolf until nobody listens.",
	Fix: "Name the principals, or require aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID. List the actions that are " +
		"allowed, rather than those that are not.",
	Covers: []string{
		"CKV_AWS_169", "KICS:b26d2b7e", "KICS:5ea624e4", "guard:sns_topicpolicy_no_wildcard_principal", "guard:sns_topicpolicy_no_allow_plus_not_action",
		"cfn_nag:F18", "prowler:sns_topics_not_publicly_accessible",
	},
	Controls: []string{"Security Hub SNS.4"},
	Sources: []string{
		"https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html",
	},
	Types: []string{topic, topicPolicy},
	Check: func(s policy.Subject) []policy.Finding {
		return inPolicy(s, func(doc iamdoc.Document) []policy.Finding {
			return append(doc.Open(s), grantsAllBut(s, doc)...)
		})
	},
}

var sqsPolicyNoPublic = policy.Rule{
	Name:     "aws-sqs-policy-no-public",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "Not everybody in AWS may use a queue",
	Why: "A dead-letter queue of alerts or rotations holds names of secrets and what went wrong with them. Who may receive from " +
		"it can also make messages disappear.",
	Fix: "Name the principals, or require aws:SourceArn, aws:SourceAccount or aws:PrincipalOrgID.",
	Covers: []string{
		"CKV_AWS_168", "CKV_AWS_387", "KICS:abb06e5f", "KICS:730675f9", "guard:sqs_queuepolicy_no_wildcard_principal", "cfn_nag:F21",
		"prowler:sqs_queues_not_publicly_accessible",
	},
	Controls: []string{"Security Hub SQS.3"},
	Sources: []string{
		"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/sqs-controls.html",
	},
	Types: []string{queue, queuePolicy},
	Check: func(s policy.Subject) []policy.Finding {
		return inPolicy(s, func(doc iamdoc.Document) []policy.Finding { return doc.Open(s) })
	},
}

var sqsPolicyNoWildcardAction = policy.Rule{
	Name:     "aws-sqs-policy-no-wildcard-action",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A queue's policy names the actions that it allows",
	Why:      "Whom a policy allows * or sqs:* may not only send: he may purge the queue, delete it, and change the policy itself.",
	Fix:      "List the actions: sqs:SendMessage for those who send, sqs:ReceiveMessage and sqs:DeleteMessage for those who receive.",
	Covers:   []string{"CKV_AWS_72", "Trivy:AWS-0097", "KICS:816ea8cf", "guard:sqs_queuepolicy_no_wildcard_action", "cfn_nag:F20"},
	Sources:  []string{"https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html"},
	Types:    []string{queue, queuePolicy},
	Check: func(s policy.Subject) []policy.Finding {
		return inPolicy(s, func(doc iamdoc.Document) []policy.Finding {
			found := grantsAllBut(s, doc)
			for _, statement := range doc.Statements {
				if statement.NotAction {
					continue
				}
				for _, action := range statement.Actions {
					every := strings.Trim(action.Text(), "*") == "" || strings.EqualFold(action.Text(), "sqs:*")
					switch allows := statement.Allows(); {
					case allows == iamdoc.No:
					case action.Unknown():
						found = append(found, s.Unknown(action))
					case every && allows == iamdoc.Unknown:
						found = append(found, s.Unknown(statement.Effect))
					case every:
						found = append(found, s.Fail(action, "It allows %s.", action))
					}
				}
			}
			return found
		})
	},
}

var snsPolicyNoCrossAccount = policy.Rule{
	Name:     "aws-sns-policy-no-cross-account",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A topic's policy lets no other accounts in than those that are listed",
	Why: "Another account's administrators decide who in it uses the permission. A topic of alerts is seldom meant for more than" +
		" one's own account and a few known ones.",
	Fix: "Remove the account from the policy, or list it in the rule's setting. An organization (aws:PrincipalOrgID) is taken as" +
		" one's own.",
	Covers:  []string{"CKV_AWS_385"},
	Sources: []string{"https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"},
	Settings: []policy.Setting{{
		Name: "accounts", Description: "Accounts that topics may be open to, beside their own.", Default: []string{},
	}},
	Types: []string{topic, topicPolicy},
	Check: func(s policy.Subject) []policy.Finding {
		return inPolicy(s, func(doc iamdoc.Document) []policy.Finding {
			own := ownAccount(s, doc)
			var found []policy.Finding
			for _, statement := range doc.Statements {
				if statement.Allows() == iamdoc.No || statement.NotPrincipal {
					continue
				}
				for _, v := range admitted(statement) {
					switch account := accountOf(v.Text()); {
					case account != "" && (account == own || slices.Contains(s.Texts("accounts"), account)), account == "" && !v.Unknown():
					case v.Unknown():
						found = append(found, s.Unknown(v))
					case own == "" || statement.Allows() == iamdoc.Unknown:
						found = append(found, s.Unknown(v))
					default:
						found = append(found, s.Fail(v, "It lets in the account %s, which is not the topic's.", account))
					}
				}
			}
			return found
		})
	},
}

// admitted are the values of a statement that name accounts from which it lets in: its principals and, where these are
// everybody or a service, what its conditions require of the account.
func admitted(s iamdoc.Statement) []policy.Value {
	var in []policy.Value
	narrowed := false
	for _, p := range s.Principals {
		switch p.Class() {
		case iamdoc.Account, iamdoc.Identity, iamdoc.Canonical:
			in = append(in, p.ID)
		case iamdoc.Unclear:
			if p.Kind != "Service" {
				in = append(in, p.ID)
			}
		default:
			narrowed = true
		}
	}
	for _, c := range s.Conditions {
		operator := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(c.Operator, "ForAnyValue:"), "ForAllValues:"), "IfExists")
		if narrowed && slices.Contains(accountKeys, c.Key) && !strings.Contains(operator, "Not") {
			in = append(in, c.Values...)
		}
	}
	return in
}

// accountKeys are the condition keys whose values name accounts.
var accountKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:sourceaccount", "aws:sourceowner", "aws:sourcearn",
}

// ownAccount is the account of the topic: that of its ARN, or of the resources that the document is about.
func ownAccount(s policy.Subject, doc iamdoc.Document) string {
	for _, path := range []string{"arn", "owner"} {
		if account := accountOf(s.Output(path).Text()); account != "" {
			return account
		}
	}
	for _, statement := range doc.Statements {
		for _, arn := range statement.Resources {
			if account := accountOf(arn.Text()); account != "" {
				return account
			}
		}
	}
	return ""
}

// inPolicy finds something in the policy of a topic or queue, which may be one of its own properties or a resource beside it.
func inPolicy(s policy.Subject, find func(iamdoc.Document) []policy.Finding) []policy.Finding {
	return iamdoc.Look(s, s.Get("policy"), find)
}

// grantsAllBut are the statements that allow all actions but those in a list.
func grantsAllBut(s policy.Subject, doc iamdoc.Document) []policy.Finding {
	var found []policy.Finding
	for _, statement := range doc.Statements {
		if !statement.NotAction {
			continue
		}
		switch statement.Allows() {
		case iamdoc.Yes:
			found = append(found, s.Fail(statement.At, "It allows all actions but those that NotAction lists."))
		case iamdoc.Unknown:
			found = append(found, s.Unknown(statement.Effect))
		}
	}
	return found
}
