package operations

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var logGroupCMK = policy.Rule{
	Name:     "aws-log-group-cmk",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A log group is encrypted with a key of its own",
	Why: "CloudWatch Logs encrypts each group with a key of AWS. With a key of one's own, reading the records takes a permission" +
		" on that key too, and disabling it closes them all at once.",
	Fix: "Set kmsKeyId to the ARN of a key whose policy lets logs.REGION.amazonaws.com use it for this group.",
	Covers: []string{
		"CKV_AWS_158", "Trivy:AWS-0017", "KICS:0afbcfe9", "guard:cloudwatch_log_group_encrypted", "cfn_nag:W84",
		"prowler:cloudwatch_log_group_kms_encryption_enabled",
	},
	Sources: []string{"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"},
	Types:   []string{logGroup},
	Joins:   keyTypes,
	Check: func(s policy.Subject) []policy.Finding {
		return requireOwnKey(s, "kmsKeyId", "No key of yours encrypts it.")
	},
}

var logGroupRetention = policy.Rule{
	Name:     "aws-log-group-retention",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A log group says how long it keeps records, and those of a trail or a rotator keep them long enough",
	Why: "Without a retention, records are kept for ever. With a short one, those of the day on which a secret leaked are gone " +
		"when somebody looks for them: most leaks are found months later. A function without a declared group gets one from " +
		"Lambda, which keeps everything and has no key.",
	Fix: "Set retentionInDays: 365 or more for the group of a trail or a rotator. Declare the group of each rotator and name it " +
		"in loggingConfig.",
	Covers: []string{
		"CKV_AWS_66", "CKV_AWS_338", "KICS:ef0b316a", "guard:cw_loggroup_retention_period_check", "cfn_nag:W86", "cfn_nag:W58",
	},
	Controls: []string{"Security Hub CloudWatch.16"},
	Sources: []string{
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html",
		"https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "How many days the records of a trail or a rotator are kept at least.", Default: 365, Minimum: new(int),
	}},
	Types: []string{logGroup, function},
	Joins: slices.Concat([]string{trail}, rotatorTypes),
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == function {
			return ofRotators(declaredGroup)(s)
		}
		kept := s.Output("retentionInDays")
		if kept.Unknown() {
			return []policy.Finding{s.Unknown(kept)}
		}
		days, _ := kept.Number()
		switch least := s.Int("days"); {
		case days == 0:
			return []policy.Finding{s.Fail(s.Get("retentionInDays"), "It keeps its records for ever.")}
		case int(days) >= least:
			return nil
		default:
			switch audits(s) {
			case iamdoc.Yes:
				return []policy.Finding{s.Fail(kept, "It keeps its records for %s days only, and a trail or a rotator writes to it.", kept)}
			case iamdoc.Unknown:
				return []policy.Finding{s.Unknown(kept)}
			}
			return nil
		}
	},
}

// audits tells whether a trail or a rotator writes to a log group.
func audits(s policy.Subject) iamdoc.Answer {
	trails, _ := s.Graph.Referrers(s.Resource, trail, "cloudWatchLogsGroupArn")
	if arn := s.Output("arn").Text(); arn != "" { // a trail names it with ":*"
		named, _ := s.Graph.Referrers(called(arn+":*"), trail, "cloudWatchLogsGroupArn")
		trails = append(trails, named...)
	}
	if len(trails) > 0 {
		return iamdoc.Yes
	}
	answer := iamdoc.No
	for _, f := range writers(s.Graph, s.Resource) {
		answer = max(answer, rotates(s.Graph, f))
	}
	return answer
}

// lambdaGroup is the beginning of the groups that Lambda makes for functions that name none.
const lambdaGroup = "/aws/lambda/"

// writers are the functions that log to a group.
func writers(g *policy.Graph, group *policy.Resource) []*policy.Resource {
	named, _ := g.Referrers(group, function, "loggingConfig.logGroup")
	after := g.Referents(group, "name", function) // "/aws/lambda/" and the name of a function of the same update
	if name, ok := strings.CutPrefix(group.Output("name").Text(), lambdaGroup); ok {
		after = append(after, g.Referents(called(name), "name", function)...)
	}
	for _, f := range after {
		if f.Get("loggingConfig.logGroup").Absent() {
			named = append(named, f)
		}
	}
	return named
}

// called is a resource of which only the name is known, to look for those that refer to it or have it.
func called(name string) *policy.Resource {
	return &policy.Resource{ID: name, Inputs: property.NewMap(map[string]property.Value{"name": property.New(name)})}
}

// declaredGroup fails for a function whose log group is not declared.
func declaredGroup(s policy.Subject) []policy.Finding {
	at, name := s.Get("loggingConfig.logGroup"), s.Output("name").Text()
	groups, maybe := s.Graph.Referents(s.Resource, "loggingConfig.logGroup", logGroup), []*policy.Resource(nil)
	if at.Absent() {
		groups, maybe = s.Graph.Referrers(s.Resource, logGroup, "name")
		if name != "" {
			also, _ := s.Graph.Referrers(called(lambdaGroup+name), logGroup, "name")
			groups = append(groups, also...)
		}
	}
	switch {
	case len(groups) > 0:
		return nil
	case at.Unknown() || len(maybe) > 0:
		return []policy.Finding{s.Unknown(at)}
	case at.Absent():
		return []policy.Finding{s.Fail(at, "It rotates secrets, and the stack declares no log group for it.")}
	}
	return []policy.Finding{s.Fail(at, "It rotates secrets, and the stack does not declare its log group %s.", at)}
}
