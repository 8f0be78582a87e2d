package awssecret

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

const (
	// A Contributor Insights rule can have 4 filters, and a filter 10 values:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html.
	maxInsightFilters = 4
	maxInsightValues  = 10
	// maxBursts leaves some of the 100 metric filters of a log group to others:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html.
	maxBursts = 80
)

// countEach makes one alarm on the secret that is read most, whichever it is, and one for each secret with a Burst of its
// own. A metric with the secret as its dimension would cost $0.30 a month for each secret that is read, and $0.10 for an
// alarm on it; a rule of Contributor Insights costs $0.50 for all of them.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-GraphReportData.html
func (a *Alerts) countEach(ctx *pulumi.Context, w alert.Alert) (err error) {
	name := a.name + "-" + string(w.ID)
	inputs := []any{a.args.Store.partition, a.args.Store.account, a.args.Store.region, a.trailLogs}
	for _, s := range a.loud(w) {
		inputs = append(inputs, s.SecretName, s.ARN)
	}
	if a.Reads, err = cloudwatch.NewContributorInsightRule(ctx, name, &cloudwatch.ContributorInsightRuleArgs{
		RuleName:  pulumi.String(name),
		RuleState: pulumi.String("ENABLED"),
		RuleDefinition: pulumi.All(inputs...).ApplyT(func(v []any) (string, error) {
			var texts []string
			for _, text := range v {
				texts = append(texts, text.(string))
			}
			return a.reads(home{texts[0], texts[1], texts[2]}, texts[3], texts[4:])
		}).(pulumi.StringOutput),
		Tags: pulumi.ToStringMap(a.args.Store.args.Tags),
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	a.made = append(a.made, a.Reads)
	args := &cloudwatch.MetricAlarmArgs{
		MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{cloudwatch.MetricAlarmMetricQueryArgs{
			Id: pulumi.String("reads"), Label: pulumi.String("Reads of the secret that is read most"), ReturnData: pulumi.Bool(true),
			Expression: pulumi.Sprintf("INSIGHT_RULE_METRIC(%q, \"MaxContributorValue\")", a.Reads.RuleName),
			Period:     pulumi.Int(int(w.Count.Within.Seconds())),
		}},
		EvaluationPeriods: pulumi.Int(1), ComparisonOperator: pulumi.String("GreaterThanThreshold"), Threshold: pulumi.Float64(w.Count.Over),
	}
	minutes := w.Count.Within / time.Minute
	what := fmt.Sprintf("More than %d reads within %d minutes. Which: see Contributor Insights, %s. ", w.Count.Over, minutes, name)
	if err := a.alarm(ctx, w, name, what+a.whoDidIt(), args); err != nil {
		return err
	}
	for _, s := range a.bursts(w) {
		spec := s.args.Spec
		name := name + "-" + spec.Name
		for _, region := range slices.Concat([]string{""}, a.args.Store.regions()) {
			if err := a.newFilter(ctx, w, strings.TrimSuffix(name+"-"+region, "-"), name, a.trailLogs, a.readsOf(s, region)); err != nil {
				return err
			}
		}
		what := fmt.Sprintf("%s: more than %d reads within %d minutes. ", spec.Name, spec.Alerts.Burst, minutes)
		if err := a.alarm(ctx, w, name, what+a.whoDidIt(), sumOver(name, spec.Alerts.Burst, w.Count.Within)); err != nil {
			return err
		}
	}
	return nil
}

// readsOf is the pattern of the reads of one secret: by its name and its ARN or, in a replica's region, by the ARN there.
func (a *Alerts) readsOf(s *Secret, region string) pulumi.StringOutput {
	name := a.args.Store.args.Prefix + s.args.Spec.Name
	return pulumi.All(a.pattern(alert.All{alert.Does{alert.Read}, alert.Ends{alert.OK}}), s.ARN).ApplyT(func(v []any) (string, error) {
		pattern, arn := strings.TrimSuffix(v[0].(string), " }"), v[1].(string)
		ids := arnsIn(region, arn)
		if region == "" {
			ids = append([]string{name}, ids...)
		}
		for i, id := range ids {
			ids[i] = fmt.Sprintf("($.requestParameters.secretId = %q)", id)
		}
		if pattern += " && (" + strings.Join(ids, " || ") + ") }"; len(pattern) > awsalert.MaxFilterPattern {
			return "", fmt.Errorf("the filter pattern for the reads of %s has %d characters, and CloudWatch Logs takes %d: take its alerts.burst away, "+
				"or give it a shorter name", s.args.Spec.Name, len(pattern), awsalert.MaxFilterPattern)
		}
		return pattern, nil
	}).(pulumi.StringOutput)
}

// arnsIn are a secret's ARN in a region, without the six characters that AWS adds and with them. "": in its own.
func arnsIn(region, arn string) []string {
	if region != "" {
		parts := strings.SplitN(arn, ":", 5) // arn, partition, service, region, the rest
		parts[3] = region
		arn = strings.Join(parts, ":")
	}
	return []string{arn[:strings.LastIndexByte(arn, '-')], arn}
}

// reads defines the rule: what was read of the store, but for loud secrets, whose names and ARNs are given in turn.
func (a *Alerts) reads(h home, group string, loud []string) (string, error) {
	const secretID = "$.requestParameters.secretId"
	filters := []any{
		map[string]any{"Match": "$.eventName", "In": []string{"GetSecretValue"}}, // of many at once there is one each
		map[string]any{"Match": "$.errorCode", "IsPresent": false},
	}
	store := a.args.Store.args
	if store.Prefix != "" {
		// A replica is read under the region's own ARN. Beyond what a filter takes, only names and the store's ARNs count.
		begins := []string{store.Prefix, h.secrets() + store.Prefix}
		for _, r := range store.Replicas[:min(len(store.Replicas), maxInsightValues-len(begins))] {
			begins = append(begins, home{h.partition, h.account, r.Region}.secrets()+store.Prefix)
		}
		filters = append(filters, map[string]any{"Match": secretID, "StartsWith": begins})
	}
	var leftOut []string
	for i := 0; i < len(loud); i += 2 {
		leftOut = append(leftOut, loud[i])
		for _, region := range slices.Concat([]string{""}, a.args.Store.regions()) {
			leftOut = append(leftOut, arnsIn(region, loud[i+1])...)
		}
	}
	if len(leftOut) > 0 {
		filters = append(filters, map[string]any{"Match": secretID, "NotIn": leftOut})
	}
	// Last, as the least: without it, a namesake in a region that the store is not in is counted too.
	if regions := append([]string{h.region}, a.args.Store.regions()...); len(filters) < maxInsightFilters && len(regions) <= maxInsightValues {
		filters = append(filters, map[string]any{"Match": "$.awsRegion", "In": regions})
	}
	return marshal(map[string]any{
		"Schema":        map[string]any{"Name": "CloudWatchLogRule", "Version": 1},
		"LogGroupNames": []string{group},
		"LogFormat":     "JSON",
		"Contribution":  map[string]any{"Keys": []string{secretID}, "Filters": filters},
		"AggregateOn":   "Count",
	})
}

// bursts are the secrets with a threshold of their own, and loud those of them with a higher one than the others.
func (a *Alerts) bursts(w alert.Alert) []*Secret {
	return slices.DeleteFunc(slices.Clone(a.args.Secrets), func(s *Secret) bool {
		return s.args.Spec.Alerts.Burst == 0 || s.args.Spec.Alerts.Burst == w.Count.Over
	})
}

func (a *Alerts) loud(w alert.Alert) []*Secret {
	return slices.DeleteFunc(a.bursts(w), func(s *Secret) bool { return s.args.Spec.Alerts.Burst < w.Count.Over })
}

func (a *Alerts) checkBursts() (errs []error) {
	i := slices.IndexFunc(a.active(), func(w alert.Alert) bool { return w.ID == alert.ReadBurst })
	if i < 0 || slices.Contains(a.args.Secrets, nil) {
		return nil
	}
	w := a.active()[i]
	// The rule leaves out what has an alarm of its own, each by its name and, in each region, by two ARNs.
	if n, most := len(a.loud(w)), maxInsightValues/(1+2*(1+len(a.args.Store.args.Replicas))); n > most {
		errs = append(errs, fmt.Errorf("  Secrets: %d have a Burst of more than %d, and there can be %d; raise Settings.Thresholds[%s], "+
			"and give those that are read less a Burst", n, w.Count.Over, most, w.ID))
	}
	if n, most := len(a.bursts(w)), maxBursts/(1+len(a.args.Store.args.Replicas)); n > most {
		errs = append(errs, fmt.Errorf("  Secrets: %d have a Burst, and there can be %d", n, most))
	}
	return errs
}
