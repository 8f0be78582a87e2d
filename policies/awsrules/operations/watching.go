package operations

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/awsrules/operations/records"
	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var secretAccessAlarm = policy.Rule{
	Name:     "aws-secret-access-alarm",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Somebody is told of reads of a secret's value that should not be",
	Why: "A leaked role reads secrets as its owner does. The first sign is a read by somebody else, from elsewhere, or far more " +
		"often than usual. CloudTrail records it; without an alarm nobody looks. A call may name the secret by its name, its " +
		"ARN, or the ARN without the last six characters, so an alarm on one of these misses the others.",
	Fix: "Make an EventBridge rule with the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS on GetSecretValue by callers " +
		"that are no readers, with a target that tells somebody; or a metric filter or a rule of Contributor Insights on the " +
		"trail's log group, with an alarm that has an action. In any other state an EventBridge rule gets no reads. Where " +
		"another stack has the alarm, exempt the secrets and say which.",
	Sources: []string{
		"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html",
		"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html",
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-cloudtrail.html",
	},
	Types: []string{secret},
	Joins: watchTypes,
	Check: together(func(g *policy.Graph) *sight { return look(watches(g), reads, true) }, func(s policy.Subject, reads *sight) []policy.Finding {
		answer, deaf, missed := iamdoc.Yes, false, []string{}
		forms := namesOf(s.Resource)
		for _, f := range forms {
			a := reads.of(f.subject(), f.text != "")
			answer = min(answer, a)
			if a == iamdoc.No {
				missed = append(missed, f.what)
				deaf = deaf || reads.deaf.Always() || f.text != "" && reads.deaf.Holds(f.subject())
			}
		}
		switch {
		case answer == iamdoc.Yes:
			return nil
		case answer == iamdoc.Unknown:
			return []policy.Finding{s.Unknown(policy.Value{})}
		case deaf:
			return []policy.Finding{s.Fail(policy.Value{},
				"No alarm sees that its value is read: an EventBridge rule asks for that, but its state keeps out the events of calls that only read.")}
		case len(missed) < len(forms):
			return []policy.Finding{s.Fail(policy.Value{}, "No alarm sees a read that names it by %s.", strings.Join(missed, " or "))}
		}
		return []policy.Finding{s.Fail(policy.Value{}, "No alarm sees that its value is read.")}
	}),
}

// reads are calls that get a secret's value. Those of BatchGetSecretValue are recorded as such, one for each secret:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html.
var reads = records.Call("secretsmanager", "GetSecretValue", true, []string{secretID}, "versionId", "versionStage")

const secretID = "requestParameters.secretId"

// form is a way in which a call may name a secret.
type form struct{ what, text string } // without text: not known

func (f form) subject() map[string]string { return map[string]string{secretID: f.text} }

func namesOf(secret *policy.Resource) []form {
	arn := secret.Output("arn").Text()
	short := arn
	if i := len(arn) - len("-AbCdEf"); i > 0 && arn[i] == '-' {
		short = arn[:i]
	}
	return []form{
		{"its name", secret.Output("name").Text()}, {"its ARN", arn}, {"its ARN without the last six characters", short},
	}
}

var keyAndIAMChangeAlarms = policy.Rule{
	Name:     "aws-key-and-iam-change-alarms",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Somebody is told when a key goes, when who may read a secret is changed, and when reads are denied",
	Why: "A disabled key makes every secret under it unreadable, and a deleted one for ever; there are days to notice. Whoever " +
		"changes a secret's policy, or an IAM policy where the secret has none that keeps others out, makes himself a reader. " +
		"Denied reads are somebody who tries doors.",
	Fix: "For keys, make an EventBridge rule or a metric filter with an alarm on DisableKey and ScheduleKeyDeletion. For " +
		"secrets, on AccessDenied, and on PutResourcePolicy and DeleteResourcePolicy where the secret's policy denies " +
		"GetSecretValue to all but its readers, else on the calls that change IAM policies, as CIS lists them. EventBridge has " +
		"IAM's events in us-east-1 only. Where another stack has the alarms, exempt the resources and say which.",
	Covers: []string{
		"Trivy:AWS-0153", "Trivy:AWS-0150", "Trivy:AWS-0147", "KICS:56a585f5", "KICS:eaaba502", "KICS:4c18a45b",
		"prowler:cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
	},
	Controls: []string{
		"CIS AWS 7.0 5.7", "Security Hub CloudWatch.2", "Security Hub CloudWatch.4", "Security Hub CloudWatch.7",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html",
		"https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys-creating-cloudwatch-alarm.html",
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html",
		"https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html",
	},
	Types: []string{key, secret},
	Joins: slices.Concat([]string{secretPolicy}, watchTypes),
	Check: together(newChanges, func(s policy.Subject, c changes) []policy.Finding {
		var missed []string
		unknown := false
		for what, answer := range c.of(s) {
			switch answer {
			case iamdoc.No:
				missed = append(missed, what)
			case iamdoc.Unknown:
				unknown = true
			}
		}
		slices.Sort(missed)
		switch {
		case len(missed) > 0:
			return []policy.Finding{s.Fail(policy.Value{}, "No alarm sees %s.", strings.Join(missed, ", or "))}
		case unknown:
			return []policy.Finding{s.Unknown(policy.Value{})}
		}
		return nil
	}),
}

// changes is what watches see of calls after which others may use a key or read a secret, or nobody.
type changes struct {
	disable, remove *sight // of keys
	denied          *sight // reads
	policies        []*sight
	iam             iamdoc.Answer
}

// Where a record names a key.
const (
	keyID  = "requestParameters.keyId"
	keyARN = "resources.ARN"
)

// grants are the calls by which an IAM policy can allow more, of those that CIS lists, with their parameters.
var grants = map[string][]string{
	"PutRolePolicy": {"roleName", "policyName"}, "PutUserPolicy": {"userName", "policyName"}, "PutGroupPolicy": {"groupName", "policyName"},
	"AttachRolePolicy": {"roleName", "policyArn"}, "AttachUserPolicy": {"userName", "policyArn"}, "AttachGroupPolicy": {"groupName", "policyArn"},
	"CreatePolicyVersion": {"policyArn"},
}

func newChanges(g *policy.Graph) changes {
	all := watches(g)
	ofKey := []string{keyID, keyARN}
	c := changes{
		disable: look(all, records.Call("kms", "DisableKey", false, ofKey), false),
		remove:  look(all, records.Call("kms", "ScheduleKeyDeletion", false, ofKey, "pendingWindowInDays"), false),
		denied:  look(all, reads.Denied(), true),
		iam:     iamdoc.Yes,
	}
	for _, call := range []string{"PutResourcePolicy", "DeleteResourcePolicy"} {
		c.policies = append(c.policies, look(all, records.Call("secretsmanager", call, false, []string{secretID}, "resourcePolicy", "blockPublicPolicy"), false))
	}
	for call, parameters := range grants {
		c.iam = min(c.iam, look(all, records.Call("iam", call, false, nil).About(parameters...), false).of(nil, true))
	}
	return c
}

// of tells of each change whether it is seen.
func (c changes) of(s policy.Subject) map[string]iamdoc.Answer {
	if s.Type == key {
		arn, id := s.Output("arn").Text(), s.Output("keyId").Text()
		seen := func(by *sight) iamdoc.Answer { // a call may name the key by its id or its ARN
			known := arn != "" && id != ""
			return min(by.of(map[string]string{keyARN: arn, keyID: id}, known), by.of(map[string]string{keyARN: arn, keyID: arn}, known))
		}
		return map[string]iamdoc.Answer{"that it is disabled": seen(c.disable), "that its deletion is scheduled": seen(c.remove)}
	}
	seen := func(sights ...*sight) iamdoc.Answer {
		least := iamdoc.Yes
		for _, by := range sights {
			for _, f := range namesOf(s.Resource) {
				least = min(least, by.of(f.subject(), f.text != ""))
			}
		}
		return least
	}
	answers := map[string]iamdoc.Answer{"that reads of it are denied": seen(c.denied)}
	policies := seen(c.policies...)
	switch closed := closed(s); {
	case closed == iamdoc.Yes:
		answers["that its policy is changed"] = policies
	case closed == iamdoc.Unknown && policies != c.iam:
		answers["that its policy, or IAM's policies are changed"] = iamdoc.Unknown
	default:
		answers["that IAM's policies are changed"] = c.iam
	}
	return answers
}

// closed tells whether a secret's policy denies its value to all but those that it names, whatever IAM's policies allow.
func closed(s policy.Subject) iamdoc.Answer {
	policies, maybe := s.Graph.Referrers(s.Resource, secretPolicy, "secretArn")
	answer := iamdoc.No
	if len(maybe) > 0 {
		answer = iamdoc.Unknown
	}
	documents := []policy.Value{s.Get("policy")}
	for _, p := range policies {
		documents = append(documents, p.Get("policy"))
	}
	for _, v := range documents {
		doc, err := iamdoc.Read(v)
		if err != nil {
			continue
		}
		if doc.Unknown {
			answer = max(answer, iamdoc.Unknown)
		}
		for _, statement := range doc.Statements {
			_, about := statement.About("secretsmanager:GetSecretValue")
			answer = max(answer, min(statement.Denies(), about, keepsOut(statement)))
		}
	}
	return answer
}

// keepsOut tells whether a statement is about all identities but those that it names. One that lets in an organization or
// a network leaves it to IAM who reads.
func keepsOut(s iamdoc.Statement) iamdoc.Answer {
	byName := func(c iamdoc.Condition) bool {
		return slices.Contains([]string{"", "aws:principalarn", "aws:userid", "aws:principalisawsservice", "aws:viaawsservice"}, c.Key)
	}
	if slices.ContainsFunc(s.Conditions, func(c iamdoc.Condition) bool { return !byName(c) }) {
		return iamdoc.No
	}
	_, kept := s.KeepsOut()
	return kept
}
