package operations

import (
	"regexp"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var alarmHasActions = policy.Rule{
	Name:     "aws-alarm-has-actions",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "An alarm tells somebody",
	Why:      "An alarm without an action changes its colour on a page that nobody looks at at night.",
	Fix: "List a topic in alarmActions, and leave actionsEnabled on. An alarm may do without where a composite alarm that has " +
		"actions asks for it. Remove alarms that are only for looking at.",
	Covers: []string{
		"CKV_AWS_319", "prowler:cloudwatch_alarm_actions_enabled", "prowler:cloudwatch_alarm_actions_alarm_state_configured",
		"cdk-nag:HIPAA.Security-CloudWatchAlarmAction",
	},
	Controls: []string{"Security Hub CloudWatch.15", "Security Hub CloudWatch.17"},
	Sources: []string{
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
		"https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html",
	},
	Types: []string{metricAlarm, composite},
	Joins: []string{composite},
	Check: together(newBells, func(s policy.Subject, b bells) []policy.Finding {
		at, acts := acting(s.Resource)
		switch answer := max(acts, b.through(s.Resource)); {
		case answer == iamdoc.Yes:
			return nil
		case answer == iamdoc.Unknown:
			return []policy.Finding{s.Unknown(at)}
		case at.False():
			return []policy.Finding{s.Fail(at, "Its actions are switched off, so nobody hears of it.")}
		}
		return []policy.Finding{s.Fail(at, "It has no action, so nobody hears of it.")}
	}),
}

// together is the check of a rule that prepares something for all resources of a type: it answers for all of them where
// it is asked about the first, so that its time stays linear.
func together[T any](prepare func(*policy.Graph) T, check func(policy.Subject, T) []policy.Finding) func(policy.Subject) []policy.Finding {
	return func(s policy.Subject) []policy.Finding {
		all := s.Graph.Of(s.Type)
		if s.Resource != all[0] {
			return nil
		}
		var found []policy.Finding
		prepared := prepare(s.Graph)
		for _, s.Resource = range all {
			found = append(found, check(s, prepared)...)
		}
		return found
	}
}

// acting tells whether an alarm has actions of its own, and by which property.
func acting(alarm *policy.Resource) (policy.Value, iamdoc.Answer) {
	enabled, actions := alarm.Output("actionsEnabled"), alarm.Output("alarmActions")
	switch {
	case enabled.False():
		return enabled, iamdoc.No
	case enabled.Unknown():
		return enabled, iamdoc.Unknown
	case actions.Unknown():
		return actions, iamdoc.Unknown
	case len(actions.Items()) == 0:
		return alarm.Get("alarmActions"), iamdoc.No
	}
	return actions, iamdoc.Yes
}

// bells are the alarms that tell somebody because a composite alarm asks for them.
type bells struct {
	byName map[string]iamdoc.Answer // or ARN
	byURN  map[string]iamdoc.Answer // where the composite's rule is not known, but on what it depends
}

// inRule finds the alarms in a composite's rule:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html.
var inRule = regexp.MustCompile(`(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*["']?([^"')]+?)["']?\s*\)`)

func newBells(g *policy.Graph) bells {
	b := bells{map[string]iamdoc.Answer{}, map[string]iamdoc.Answer{}}
	for _, c := range g.Of(composite) {
		_, acts := acting(c)
		rule := c.Output("alarmRule")
		for _, name := range inRule.FindAllStringSubmatch(rule.Text(), -1) {
			b.byName[name[1]] = max(b.byName[name[1]], acts)
		}
		if rule.Unknown() {
			for _, urn := range c.PropertyDependencies["alarmRule"] {
				b.byURN[urn] = max(b.byURN[urn], acts)
			}
		}
	}
	return b
}

// through tells whether a composite alarm that has actions asks for an alarm.
func (b bells) through(alarm *policy.Resource) iamdoc.Answer {
	return max(b.byURN[alarm.URN], b.byName[alarm.Output("name").Text()], b.byName[alarm.Output("alarmName").Text()], b.byName[alarm.Output("arn").Text()])
}
