package operations

import (
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/awsrules/operations/records"
	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// watchTypes are joined by rules that ask whether somebody hears of a call.
var watchTypes = []string{eventRule, eventTarget, metricFilter, insightRule, metricAlarm, composite}

// watch looks at CloudTrail's records for somebody.
type watch struct {
	pattern records.Pattern
	unknown bool // whether it looks, or at what, is not known
	deaf    bool // it gets no records of calls that only read
}

// watches are all of a stack that tell somebody: event rules with a target, and metric filters and rules of Contributor
// Insights with an alarm that has an action. What holds for every call is no watch.
func watches(g *policy.Graph) []watch {
	var found []watch
	add := func(answer iamdoc.Answer, pattern policy.Value, read func(policy.Value) (records.Pattern, error), deaf bool) {
		switch {
		case answer == iamdoc.No || pattern.Absent():
		case answer == iamdoc.Unknown || pattern.HasUnknown():
			found = append(found, watch{unknown: true})
		default:
			if p, err := read(pattern); err == nil && p.Specific() { // a malformed one is refused by AWS
				found = append(found, watch{pattern: p, deaf: deaf})
			}
		}
	}
	for _, rule := range g.Of(eventRule) {
		looks := min(onDefaultBus(rule), enabled(rule), targeted(g, rule))
		add(looks, rule.Output("eventPattern"), records.EventPattern, rule.Output("state").Text() != seesReads)
	}
	rung := newRung(g)
	for _, filter := range g.Of(metricFilter) {
		add(rung.metric(filter.Output("metricTransformation")), filter.Output("pattern"), records.FilterPattern, false)
	}
	for _, rule := range g.Of(insightRule) {
		if rule.Output("ruleState").Text() != "DISABLED" {
			add(rung.insight(rule), rule.Output("ruleDefinition"), records.Insight, false)
		}
	}
	return found
}

// seesReads is the state of an event rule that gets the records of calls that only read:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html.
const seesReads = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

func enabled(rule *policy.Resource) iamdoc.Answer {
	state, on := rule.Output("state"), rule.Output("isEnabled")
	switch {
	case state.Text() == "DISABLED" || state.Absent() && on.False():
		return iamdoc.No
	case state.Unknown() || state.Absent() && on.Unknown():
		return iamdoc.Unknown
	}
	return iamdoc.Yes
}

// onDefaultBus tells whether a rule is on the bus to which AWS's own events go.
func onDefaultBus(rule *policy.Resource) iamdoc.Answer {
	switch bus := rule.Get("eventBusName"); {
	case bus.Unknown():
		return iamdoc.Unknown
	case bus.Absent() || bus.Text() == "default" || strings.HasSuffix(bus.Text(), ":event-bus/default"):
		return iamdoc.Yes
	}
	return iamdoc.No
}

// targeted tells whether a rule's events go where somebody may hear of them: another bus and a log only pass them on.
func targeted(g *policy.Graph, rule *policy.Resource) iamdoc.Answer {
	targets, maybe := g.Referrers(rule, eventTarget, "rule")
	answer := iamdoc.No
	if len(maybe) > 0 {
		answer = iamdoc.Unknown
	}
	for _, t := range targets {
		arn := t.Output("arn")
		passes := strings.Contains(arn.Text(), ":event-bus/") || strings.Contains(arn.Text(), ":log-group:") ||
			arn.Unknown() && slices.ContainsFunc(t.PropertyDependencies["arn"], func(urn string) bool {
				return strings.Contains(urn, "aws:cloudwatch/eventBus:EventBus::") || strings.Contains(urn, logGroup+"::")
			})
		if !passes {
			return iamdoc.Yes
		}
	}
	return answer
}

// rung are the metrics on which there are alarms that tell somebody.
type rung struct {
	metrics  map[[2]string]iamdoc.Answer // by namespace and name
	insights map[string]iamdoc.Answer    // by name, or by URN where an expression is not known
	others   iamdoc.Answer               // those of which the metric is not known
}

// ofInsight finds the rules of Contributor Insights in an expression:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-GraphReportData.html.
var ofInsight = regexp.MustCompile(`INSIGHT_RULE_METRIC\s*\(\s*["']?([^"',)]+)`)

func newRung(g *policy.Graph) rung {
	r := rung{map[[2]string]iamdoc.Answer{}, map[string]iamdoc.Answer{}, iamdoc.No}
	b := newBells(g)
	for _, alarm := range g.Of(metricAlarm) {
		_, acts := acting(alarm)
		tells := max(acts, b.through(alarm))
		r.add(alarm.Output("namespace"), alarm.Output("metricName"), tells)
		queries := alarm.Output("metricQueries")
		for _, q := range queries.Items() {
			r.add(q.At("metric.namespace"), q.At("metric.metricName"), tells)
			expression := q.At("expression")
			for _, name := range ofInsight.FindAllStringSubmatch(expression.Text(), -1) {
				r.insights[name[1]] = max(r.insights[name[1]], tells)
			}
			if expression.Unknown() {
				for _, urn := range alarm.PropertyDependencies["metricQueries"] {
					r.insights[urn] = max(r.insights[urn], tells)
				}
			}
		}
	}
	return r
}

func (r *rung) add(namespace, name policy.Value, tells iamdoc.Answer) {
	if namespace.Unknown() || name.Unknown() {
		r.others = max(r.others, min(tells, iamdoc.Unknown))
		return
	}
	metric := [2]string{namespace.Text(), name.Text()}
	r.metrics[metric] = max(r.metrics[metric], tells)
}

// metric tells whether somebody is told of what a metric filter counts.
func (r *rung) metric(to policy.Value) iamdoc.Answer {
	namespace, name := to.At("namespace"), to.At("name")
	if !namespace.Unknown() && !name.Unknown() {
		return max(r.metrics[[2]string{namespace.Text(), name.Text()}], r.others)
	}
	most := r.others
	for _, tells := range r.metrics {
		most = max(most, min(tells, iamdoc.Unknown))
	}
	return most
}

func (r *rung) insight(rule *policy.Resource) iamdoc.Answer {
	return max(r.insights[rule.URN], r.insights[rule.Output("ruleName").Text()])
}

// sight is what watches see of one kind of call.
type sight struct {
	sees, deaf records.Index
	unknown    bool
}

func look(all []watch, kind records.Kind, reads bool) *sight {
	var s sight
	for _, w := range all {
		switch {
		case w.unknown:
			s.unknown = true
		case w.deaf && reads:
			s.deaf.Add(w.pattern.Of(kind))
		default:
			s.sees.Add(w.pattern.Of(kind))
		}
	}
	return &s
}

// of tells whether a call about a subject is seen, whose fields may not be known yet.
func (s *sight) of(subject map[string]string, known bool) iamdoc.Answer {
	switch {
	case s.sees.Always() || known && s.sees.Holds(subject):
		return iamdoc.Yes
	case s.unknown || !known && !s.sees.Empty():
		return iamdoc.Unknown
	}
	return iamdoc.No
}
