package awssecret

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/components/notify"
)

// AlertsType is the type token of Alerts.
const AlertsType = "secretstack:aws:Alerts"

// AlertsArgs are what the alerts of one store need.
type AlertsArgs struct {
	// Store is required.
	Store *Store
	// Secrets are those that are watched: all of the store, made before.
	Secrets []*Secret
	// Rotators are the store's. Zero: nothing is rotated, and no alert is about rotation.
	Rotators []*Rotator
	// Notify is who hears of the alerts. Slack and Teams together can be 4 channels. PagerDuty's URLs are those of event
	// orchestrations: an integration for CloudWatch drops what is not an alarm.
	Notify notify.Args
	// Settings are what is watched. Deployers are ARNs of roles or users, as readers are.
	Settings alert.Settings
	// TrailLogs is the name of the log group to which a trail of this account sends its management events, of the
	// store's regions at least, reads and writes. Zero: a trail is made; see Trail for what a second one costs.
	TrailLogs string
	// LogRetention is how long the trail that is made keeps its records: one of the periods that CloudWatch Logs
	// offers, at least a year. Zero: 400 days.
	LogRetention time.Duration
}

// Alerts watch a store and tell somebody.
type Alerts struct {
	pulumi.ResourceState

	Key           *kms.Key // of the topic and the trail, so that they outlive the store's key
	Topic         *sns.Topic
	Subscriptions []*sns.TopicSubscription
	Chats         []*cloudwatch.EventApiDestination // Slack's first, then those of Teams
	Undelivered   *sqs.Queue                        // what could not be delivered
	Lost          *cloudwatch.MetricAlarm           // that there is something in Undelivered
	Trail         *Trail                            // nil: the account's own

	Rules   map[alert.ID][]*cloudwatch.EventRule
	Filters map[alert.ID][]*cloudwatch.LogMetricFilter
	Alarms  map[alert.ID][]*cloudwatch.MetricAlarm
	Reads   *cloudwatch.ContributorInsightRule // counts the reads of each secret. Nil: read-burst is off

	name       string
	args       AlertsArgs
	chats      []chat
	chatRole   *iam.Role // with which rules post to chats
	chatPolicy *iam.RolePolicy
	trailLogs  pulumi.StringInput
	made       []pulumi.Resource // what audit-changed would tell of
	atMost     home              // what is known of the store's home before all is: how many rules it takes must be known then
}

const (
	// maxAlertsName leaves room, in a rule's 64 characters, for the longest alert and the number of one of its rules.
	maxAlertsName = 64 - len("-rotation-abandoned-999")
	// maxTargets is how many targets a rule can have (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html);
	// one is the topic.
	maxTargets = 5
	maxChats   = maxTargets - 1
)

var logGroupName = regexp.MustCompile(`^[A-Za-z0-9._/#-]{1,512}$`)

// NewAlerts makes the alerts. Its error lists every mistake in the arguments; then nothing is registered.
func NewAlerts(ctx *pulumi.Context, name string, args *AlertsArgs, opts ...pulumi.ResourceOption) (*Alerts, error) {
	if args == nil {
		args = &AlertsArgs{}
	}
	a := &Alerts{
		name: name, args: *args,
		Rules: map[alert.ID][]*cloudwatch.EventRule{}, Filters: map[alert.ID][]*cloudwatch.LogMetricFilter{},
		Alarms: map[alert.ID][]*cloudwatch.MetricAlarm{},
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("the AWS alerts %q cannot be made:\n%w", name, err)
	}
	if err := ctx.RegisterComponentResource(AlertsType, name, a, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context) error{a.newKey, a.newTopic, a.newChats, a.newTrail, a.watch, a.forward} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"topicArn": a.Topic.Arn})
}

// watch has each alert watched by what AWS has for it.
func (a *Alerts) watch(ctx *pulumi.Context) error {
	caller, err := aws.GetCallerIdentity(ctx, nil, pulumi.Parent(a))
	if err != nil {
		return err
	}
	a.atMost = home{longest.partition, cmp.Or(caller.AccountId, longest.account), longest.region} // a reader's account decides most
	active := a.active()
	others := slices.DeleteFunc(slices.Clone(active), aboutItself)
	for _, w := range append(others, slices.DeleteFunc(active, func(w alert.Alert) bool { return !aboutItself(w) })...) {
		var err error
		switch {
		case w.Quiet > 0:
			err = a.listen(ctx, w)
		case w.Count == nil:
			if err = a.match(ctx, w); err == nil && names(w.When, alert.Rotate) {
				err = a.failures(ctx, w)
			}
		case w.Count.Per == alert.PerSecret:
			err = a.countEach(ctx, w)
		default:
			err = a.count(ctx, w)
		}
		if err != nil {
			return fmt.Errorf("the alert %s: %w", w.ID, err)
		}
	}
	return nil
}

func (a *Alerts) active() []alert.Alert {
	return a.args.Settings.Active(awsalert.Gaps, len(a.args.Rotators) > 0)
}

// check gives all the mistakes, and puts the defaults in.
func (a *Alerts) check() error {
	if a.args.Store == nil {
		return errors.New("  Store is missing")
	}
	var errs []error
	wrong := func(format string, v ...any) { errs = append(errs, fmt.Errorf("  "+format, v...)) }
	if !rotatorName.MatchString(a.name) {
		wrong("the name has a character outside letters, digits, - and _, or none")
	}
	if n := len(a.name); n > maxAlertsName {
		wrong("the name has %d characters; the names of all that is made from it allow %d", n, maxAlertsName)
	}
	for i, s := range a.args.Secrets {
		if s == nil || s.args.Store != a.args.Store {
			wrong("Secrets[%d]: is nil or of another store", i)
		}
	}
	for i, r := range a.args.Rotators {
		if r == nil || r.args.Store != a.args.Store {
			wrong("Rotators[%d]: is nil or of another store", i)
		}
	}
	errs = append(errs, a.args.Notify.Check(nil)...)
	if n := len(a.args.Notify.Slack) + len(a.args.Notify.Teams); n > maxChats {
		wrong("Notify has %d channels of Slack and Teams; there can be %d", n, maxChats)
	}
	for _, err := range a.args.Settings.Check(awsalert.Gaps) {
		wrong("Settings.%w", err)
	}
	if networks := a.args.Settings.Networks; len(networks) > 0 { // AWS has words for some only
		s := &awsalert.Store{Watch: alert.Watch{Networks: networks}}
		if _, err := s.EventPattern(alert.ByID(alert.ReadFromElsewhere).When); err != nil {
			wrong("Settings.Networks: %w", err)
		}
	}
	for i, arn := range a.args.Settings.Deployers {
		if err := checkIdentity(arn); err != nil {
			wrong("Settings.Deployers[%d]: %s %w", i, arn, err)
		}
	}
	errs = append(errs, a.checkBursts()...)
	switch name, retention := a.args.TrailLogs, a.args.LogRetention; {
	case name != "" && !logGroupName.MatchString(name):
		wrong("TrailLogs: %q is not the name of a log group", name)
	case name != "" && retention != 0:
		wrong("LogRetention is for a trail that is made, and TrailLogs names the account's own")
	case retention == 0:
		a.args.LogRetention = 400 * day
	case !slices.Contains(retentions, int(retention/day)) || retention%day != 0:
		wrong("LogRetention must be one of %v days, which CloudWatch Logs offers", retentions)
	}
	return errors.Join(errs...)
}

// keys are the ARNs of the store's keys, and of that of the alerts.
func (a *Alerts) keys() []pulumi.StringOutput {
	keys := []pulumi.StringOutput{a.args.Store.Key.Arn, a.Key.Arn}
	for _, region := range slices.Sorted(maps.Keys(a.args.Store.ReplicaKeys)) {
		keys = append(keys, a.args.Store.ReplicaKeys[region].Arn)
	}
	return keys
}
