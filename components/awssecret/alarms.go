package awssecret

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

// metrics is the namespace of the metrics that the filters make.
const metrics = "secretstack"

// count makes an alarm on how often a condition holds for a record of the trail.
func (a *Alerts) count(ctx *pulumi.Context, w alert.Alert) error {
	name := a.name + "-" + string(w.ID)
	if err := a.newFilter(ctx, w, name, name, a.trailLogs, a.pattern(w.When)); err != nil {
		return err
	}
	what := fmt.Sprintf("More than %d within %d minutes. ", w.Count.Over, w.Count.Within/time.Minute) + a.whoDidIt()
	return a.alarm(ctx, w, name, what, sumOver(name, w.Count.Over, w.Count.Within))
}

// failures makes an alarm on what rotators write of failed steps: the trail knows nothing of a rotation that a person starts.
func (a *Alerts) failures(ctx *pulumi.Context, w alert.Alert) error {
	name := a.name + "-" + string(w.ID)
	for _, r := range a.args.Rotators {
		if err := a.newFilter(ctx, w, name+"-"+r.name, name, r.Logs.Name, a.pattern(w.When)); err != nil {
			return err
		}
	}
	return a.alarm(ctx, w, name, a.inRecords(), sumOver(name, 0, 5*time.Minute))
}

// listen makes for each rotator an alarm on its silence. No data is silence too, so a rotator that never ran is heard of. After
// data there was, CloudWatch would go on with older data instead: it fetches more periods than it evaluates, and asks how to
// treat missing data only where too few of all these have some. So silence is filled with zeros.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (a *Alerts) listen(ctx *pulumi.Context, w alert.Alert) error {
	for _, r := range a.args.Rotators {
		name := a.name + "-" + string(w.ID) + "-" + r.name
		if err := a.newFilter(ctx, w, name, name, r.Logs.Name, a.pattern(w.When)); err != nil {
			return err
		}
		args := &cloudwatch.MetricAlarmArgs{
			MetricQueries: cloudwatch.MetricAlarmMetricQueryArray{
				cloudwatch.MetricAlarmMetricQueryArgs{
					Id: pulumi.String("looks"), ReturnData: pulumi.Bool(false),
					Metric: cloudwatch.MetricAlarmMetricQueryMetricArgs{
						Namespace: pulumi.String(metrics), MetricName: pulumi.String(name),
						Stat: pulumi.String("Sum"), Period: pulumi.Int(time.Hour / time.Second),
					},
				},
				cloudwatch.MetricAlarmMetricQueryArgs{
					Id: pulumi.String("filled"), Label: pulumi.String("Looks that found everything in order"),
					Expression: pulumi.String("FILL(looks, 0)"), ReturnData: pulumi.Bool(true),
				},
			},
			ComparisonOperator: pulumi.String("LessThanThreshold"), Threshold: pulumi.Float64(1),
			EvaluationPeriods: pulumi.Int(w.Quiet / time.Hour),
			TreatMissingData:  pulumi.String("breaching"), // before the first look there is nothing to fill
			OkActions:         pulumi.Array{a.Topic.Arn},
		}
		what := fmt.Sprintf("%s, which looks each hour, has not found everything in order for %d hours. ", r.name, w.Quiet/time.Hour) + a.inRecords()
		if err := a.alarm(ctx, w, name, what, args); err != nil {
			return err
		}
	}
	return nil
}

func (a *Alerts) pattern(c alert.Condition) pulumi.StringOutput {
	return a.native(nil, func(s *awsalert.Store) (string, error) { return s.FilterPattern(c) })
}

// newFilter counts the records of a log group for which a condition holds, as a metric.
func (a *Alerts) newFilter(ctx *pulumi.Context, w alert.Alert, name, metric string, group, pattern pulumi.StringInput) error {
	f, err := cloudwatch.NewLogMetricFilter(ctx, name, &cloudwatch.LogMetricFilterArgs{
		Name:         pulumi.String(name),
		LogGroupName: group,
		Pattern:      pattern,
		MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
			Namespace: pulumi.String(metrics), Name: pulumi.String(metric), Value: pulumi.String("1"),
		},
	}, pulumi.Parent(a))
	a.Filters[w.ID], a.made = append(a.Filters[w.ID], f), append(a.made, f)
	return err
}

// sumOver is an alarm where a metric's sum over a time is over a limit. It is evaluated each minute, for the time up to then:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html.
func sumOver(metric string, limit int, within time.Duration) *cloudwatch.MetricAlarmArgs {
	return &cloudwatch.MetricAlarmArgs{
		Namespace: pulumi.String(metrics), MetricName: pulumi.String(metric),
		Statistic: pulumi.String("Sum"), Period: pulumi.Int(within / time.Second), EvaluationPeriods: pulumi.Int(1),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"), Threshold: pulumi.Float64(limit),
	}
}

// maxAlarmText is in https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
const maxAlarmText = 1024

// newAlarm makes an alarm that tells the topic. That it is over is told of where it ends by itself (OkActions); the rest
// is over when somebody says so. No records: nothing happened.
func (a *Alerts) newAlarm(ctx *pulumi.Context, name, says string, args *cloudwatch.MetricAlarmArgs) (*cloudwatch.MetricAlarm, error) {
	if len(says) > maxAlarmText {
		return nil, fmt.Errorf("the description of the alarm %s has %d characters, and CloudWatch takes %d: it names the store and the log group, "+
			"so give one of them a shorter name", name, len(says), maxAlarmText)
	}
	args.Name, args.AlarmDescription = pulumi.String(name), pulumi.String(says)
	args.AlarmActions = pulumi.Array{a.Topic.Arn}
	if args.TreatMissingData == nil {
		args.TreatMissingData = pulumi.String("notBreaching")
	}
	args.Tags = pulumi.ToStringMap(a.args.Store.args.Tags)
	alarm, err := cloudwatch.NewMetricAlarm(ctx, name, args, pulumi.Parent(a))
	a.made = append(a.made, alarm)
	return alarm, err
}

// alarm makes an alarm of an alert: what says which, and where the rest is to be seen.
func (a *Alerts) alarm(ctx *pulumi.Context, w alert.Alert, name, what string, args *cloudwatch.MetricAlarmArgs) error {
	alarm, err := a.newAlarm(ctx, name, fmt.Sprintf(
		"[%s] %s. %s Store: %s. Do now: %s Runbook: %s", w.Severity, w.Title, what, a.args.Store.name, w.Do, w.Runbook(),
	), args)
	a.Alarms[w.ID] = append(a.Alarms[w.ID], alarm)
	return err
}

// whoDidIt is the query that names what an alarm has only counted. Of another account's identity the record may have no ARN, but
// its id and account; of a service its name.
func (a *Alerts) whoDidIt() string {
	return "Which, who, from where: in Logs Insights, on " + a.recordsGroup() + ", filter eventSource = 'secretsmanager.amazonaws.com' | " +
		"stats count(*), min(eventTime) by requestParameters.secretId, userIdentity.arn, userIdentity.principalId, userIdentity.accountId, " +
		"userIdentity.invokedBy, sourceIPAddress, eventName, errorCode."
}

func (a *Alerts) inRecords() string {
	return "Which secret, and why: in Logs Insights, on " + a.args.Store.logPrefix() + "*, fields @timestamp, secret, step, class, error | filter outcome = 'failed' or overdue > 0."
}
