package gcpsecret

import (
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/secret"
)

const (
	// again is when somebody is told again of the same secret, caller, address and method.
	again = time.Hour
	// closed is when an incident of which nothing new is heard is over.
	closed = 24 * time.Hour
)

// newPart makes a policy, and the metric that it counts with.
func (a *Alerts) newPart(ctx *pulumi.Context, p part) error {
	filter := a.filter(p)
	switch {
	case p.Quiet > 0:
		return a.newAbsence(ctx, p.name, p.Alert, filter)
	case p.Count != nil:
		return a.newCount(ctx, p, filter)
	}
	return a.newMatch(ctx, p.name, p.Alert, filter)
}

// newMatch tells of each entry. Such a policy has one condition, and must have a limit to how often it tells:
// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#LogMatch.
func (a *Alerts) newMatch(ctx *pulumi.Context, name string, al alert.Alert, filter pulumi.StringInput) error {
	extractors := a.watch.assumed.Extractors(al.When)
	var facts []string
	for _, label := range []string{"secret", "resource", "who", "subject", "behind", "from", "method", "step", "class"} {
		if _, ok := extractors[label]; ok && (label != "secret" || aboutSecrets(al)) {
			facts = append(facts, fmt.Sprintf("- %s: ${log.extracted_label.%[1]s}", label))
		}
	}
	return a.newPolicy(ctx, name, al, facts, monitoring.AlertPolicyConditionArgs{
		ConditionMatchedLog: monitoring.AlertPolicyConditionConditionMatchedLogArgs{
			Filter: filter, LabelExtractors: pulumi.ToStringMap(extractors),
		},
	}, monitoring.AlertPolicyAlertStrategyArgs{
		AutoClose:             pulumi.String(seconds(closed)),
		NotificationRateLimit: monitoring.AlertPolicyAlertStrategyNotificationRateLimitArgs{Period: pulumi.String(seconds(again))},
	})
}

// aboutSecrets tells whether an alert is about a secret each time.
func aboutSecrets(al alert.Alert) bool {
	return al.AboutRotation() || alert.Asks(al.When, alert.OfStore, alert.Declared)
}

// newCount tells where there are more entries than over. Google asks for the type of the resource that they are about.
func (a *Alerts) newCount(ctx *pulumi.Context, p part, filter pulumi.StringInput) error {
	facts := []string{fmt.Sprintf("- more than %d within %.0f minutes", p.over, p.Count.Within.Minutes())}
	var labels []string
	var groups pulumi.StringArray
	if p.Count.Per == alert.PerSecret {
		labels, groups = []string{"secret"}, pulumi.StringArray{pulumi.String("metric.label.secret")}
		facts = append(facts, "- secret: ${metric.label.secret}")
	}
	metric, err := a.newMetric(ctx, p.name, p.Alert, filter, labels)
	if err != nil {
		return err
	}
	facts = append(facts, "- who and from where: the console's \"View logs for metric\" of the log-based metric "+p.name)
	return a.newPolicy(ctx, p.name, p.Alert, facts, monitoring.AlertPolicyConditionArgs{
		ConditionThreshold: monitoring.AlertPolicyConditionConditionThresholdArgs{
			Filter:         pulumi.Sprintf(`metric.type = "logging.googleapis.com/user/%s" AND resource.type = "audited_resource"`, metric.Name),
			Comparison:     pulumi.String("COMPARISON_GT"),
			ThresholdValue: pulumi.Float64(p.over),
			Duration:       pulumi.String("0s"),
			Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{
				monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
					AlignmentPeriod:    pulumi.String(seconds(p.Count.Within)),
					PerSeriesAligner:   pulumi.String("ALIGN_SUM"),
					CrossSeriesReducer: pulumi.String("REDUCE_SUM"),
					GroupByFields:      groups,
				},
			},
		},
	}, monitoring.AlertPolicyAlertStrategyArgs{AutoClose: pulumi.String(seconds(closed))}, a.patient)
}

// newAbsence tells where fewer secrets than there are were looked at in time; also where none ever was, for which a
// condition of Google's kind for absence would wait in vain
// (https://cloud.google.com/monitoring/alerts/metric-absence). Half of the time is that within which a look must be, and
// for the other half that must have been missed: a new store's first looks have as long.
func (a *Alerts) newAbsence(ctx *pulumi.Context, name string, al alert.Alert, filter pulumi.StringInput) error {
	rotated := len(a.args.Rotator.jobs)
	half := al.Quiet * time.Duration(hoursOf(rotated)) / 2
	metric, err := a.newMetric(ctx, name, al, filter, []string{"secret"})
	if err != nil {
		return err
	}
	query := metric.Name.ApplyT(func(name string) string {
		// https://cloud.google.com/monitoring/promql/promql-mapping
		looks := fmt.Sprintf(`logging_googleapis_com:user_%s{monitored_resource="cloud_run_revision"}[%.0fm]`,
			strings.ReplaceAll(name, "-", "_"), half.Minutes())
		return fmt.Sprintf("absent_over_time(%s) or count(sum by (secret) (sum_over_time(%[1]s)) > 0) < %d", looks, rotated)
	}).(pulumi.StringOutput)
	facts := []string{
		fmt.Sprintf("- of %d rotated secrets, not each was looked at in time within %s", rotated, secret.Duration(2*half)),
		"- which: secretstack rotations -s STACK",
	}
	return a.newPolicy(ctx, name, al, facts, monitoring.AlertPolicyConditionArgs{
		ConditionPrometheusQueryLanguage: monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs{
			Query:              query,
			Duration:           pulumi.String(seconds(half)),
			EvaluationInterval: pulumi.String("300s"),
		},
	}, monitoring.AlertPolicyAlertStrategyArgs{AutoClose: pulumi.String(seconds(closed))}, a.patient)
}

// newMetric counts log entries, by some of their labels.
func (a *Alerts) newMetric(
	ctx *pulumi.Context, name string, al alert.Alert, filter pulumi.StringInput, labels []string,
) (*logging.Metric, error) {
	all := a.watch.assumed.Extractors(al.When)
	extractors := pulumi.StringMap{}
	var descriptors logging.MetricMetricDescriptorLabelArray
	for _, label := range labels {
		extractors[label] = pulumi.String(all[label])
		descriptors = append(descriptors, logging.MetricMetricDescriptorLabelArgs{Key: pulumi.String(label), ValueType: pulumi.String("STRING")})
	}
	m, err := logging.NewMetric(ctx, name, &logging.MetricArgs{
		Name:            pulumi.String(name),
		Description:     pulumi.String(al.Title),
		Filter:          filter,
		LabelExtractors: extractors,
		MetricDescriptor: logging.MetricMetricDescriptorArgs{
			MetricKind: pulumi.String("DELTA"), ValueType: pulumi.String("INT64"), Labels: descriptors,
		},
	}, pulumi.Parent(a), pulumi.DependsOn([]pulumi.Resource{a.log}))
	a.Metrics[al.ID] = append(a.Metrics[al.ID], m)
	return m, err
}

// message is what somebody reads: what has happened, the facts, the store, what to do now, and where there is more.
const message = `**%s.**

%s
- store: %s
- since: when this incident began

**Now:** %s [The runbook](%s) has more.
`

var severities = map[alert.Severity]string{alert.Critical: "CRITICAL", alert.High: "ERROR", alert.Medium: "WARNING"}

func (a *Alerts) newPolicy(
	ctx *pulumi.Context, name string, al alert.Alert, facts []string,
	condition monitoring.AlertPolicyConditionArgs, strategy monitoring.AlertPolicyAlertStrategyArgs, opts ...pulumi.ResourceOption,
) error {
	condition.DisplayName = pulumi.String(al.Title)
	var channels pulumi.StringArray
	for _, c := range a.Channels {
		channels = append(channels, c.Name)
	}
	p, err := monitoring.NewAlertPolicy(ctx, name, &monitoring.AlertPolicyArgs{
		DisplayName:          pulumi.String(name),
		Severity:             pulumi.String(severities[al.Severity]),
		Combiner:             pulumi.String("OR"),
		Conditions:           monitoring.AlertPolicyConditionArray{condition},
		AlertStrategy:        strategy,
		NotificationChannels: channels,
		Documentation: monitoring.AlertPolicyDocumentationArgs{
			MimeType: pulumi.String("text/markdown"),
			Subject:  pulumi.String(fmt.Sprintf("[%s] %s: %s", al.Severity, a.args.Store.name, al.Title)),
			Content:  pulumi.String(fmt.Sprintf(message, al.Title, strings.Join(facts, "\n"), a.args.Store.name, al.Do, al.Runbook())),
		},
		UserLabels: pulumi.StringMap{"alert": pulumi.String(al.ID)},
	}, append(opts, pulumi.Parent(a), pulumi.DependsOn(a.before))...)
	a.Policies[al.ID] = append(a.Policies[al.ID], p)
	return err
}

// Cloud Monitoring takes up to ten minutes to hear of a new metric, and refuses a policy until then:
// https://github.com/hashicorp/terraform-provider-google/issues/11102.
const (
	metricPause = 10 * time.Second
	metricTries = 60
)

// newPatience has Pulumi make a policy again that came too early after its metric.
func (a *Alerts) newPatience(ctx *pulumi.Context) error {
	hook, err := ctx.RegisterErrorHook(a.name+"-metrics", func(failed *pulumi.ErrorHookArgs) (bool, error) {
		if len(failed.Errors) > metricTries || !strings.Contains(failed.Errors[0], "Cannot find metric") {
			return false, nil
		}
		time.Sleep(metricPause)
		return true, nil
	})
	a.patient = pulumi.ResourceHooks(&pulumi.ResourceHookBinding{OnError: []*pulumi.ErrorHook{hook}})
	return err
}
