package awssecret_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/iam"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	ruleType   = "aws:cloudwatch/eventRule:EventRule"
	targetType = "aws:cloudwatch/eventTarget:EventTarget"
	filterType = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
	alarmType  = "aws:cloudwatch/metricAlarm:MetricAlarm"
	topicARN   = "arn:aws:sns:eu-west-1:" + own + ":shop-alerts"
	queueARN   = "arn:aws:sqs:eu-west-1:" + own + ":shop-alerts-undelivered"
	trailARN   = "arn:aws:cloudtrail:eu-west-1:" + own + ":trail/shop-alerts"
)

var (
	oncall = notify.Args{Email: []string{"oncall@example.com"}}
	egress = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
)

// rotated and read are the secrets of most tests.
var (
	rotated = secret.Spec{Name: "session-key", Readers: []string{"checkout"}, Rotation: &secret.Rotation{Every: month, Generated: generated}}
	read    = secret.Spec{Name: "stripe-api-key", Readers: []string{"checkout", "reports"}}
)

// watched makes a store with secrets, a rotator where one is rotated, and alerts.
func watched(storeArgs awssecret.StoreArgs, args awssecret.AlertsArgs, specs ...secret.Spec) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := awssecret.NewStore(ctx, "shop", &storeArgs)
		if err != nil {
			return err
		}
		args := args
		args.Store = store
		if slices.ContainsFunc(specs, func(s secret.Spec) bool { return s.Rotation != nil }) {
			rotator, err := awssecret.NewRotator(ctx, "rotator", &awssecret.RotatorArgs{Store: store, Secrets: specs, Bundle: code})
			if err != nil {
				return err
			}
			args.Rotators = []*awssecret.Rotator{rotator}
		}
		for _, s := range specs {
			readers := map[string]pulumi.StringInput{}
			for _, r := range s.Readers {
				readers[r] = pulumi.String(identity(r))
			}
			one := &awssecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if s.Rotation != nil {
				one.Rotator = args.Rotators[0]
			}
			c, err := awssecret.NewSecret(ctx, s.Name, one)
			if err != nil {
				return err
			}
			args.Secrets = append(args.Secrets, c)
		}
		_, err = awssecret.NewAlerts(ctx, "shop-alerts", &args)
		return err
	}
}

func identity(reader string) string {
	if reader == "checkout" {
		return checkout
	}
	return "arn:aws:iam::" + own + ":role/" + reader
}

// updated is the graph of alerts after an update.
func updated(t *testing.T, store awssecret.StoreArgs, args awssecret.AlertsArgs, specs ...secret.Spec) *plan.Graph {
	t.Helper()
	g, _, err := up(watched(store, args, specs...))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ofAlerts are the resources of the alerts.
func ofAlerts(g *plan.Graph) []plan.Resource {
	return slices.DeleteFunc(slices.Clone(g.Resources), func(r plan.Resource) bool {
		parent, _ := g.Get(r.Parent)
		return parent.Type != awssecret.AlertsType
	})
}

func TestAlerts(t *testing.T) {
	for name, test := range map[string]struct {
		args  awssecret.AlertsArgs
		specs []secret.Spec
	}{
		"all":               {awssecret.AlertsArgs{Notify: oncall, Settings: alert.Settings{Networks: egress}}, []secret.Spec{rotated, read}},
		"own trail":         {awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail"}, []secret.Spec{rotated, read}},
		"nothing rotates":   {awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail"}, []secret.Spec{read}},
		"some are off":      {awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail", Settings: alert.Settings{Off: off(alert.ReadBurst, alert.KeyChanged)}}, []secret.Spec{read}},
		"nobody hears":      {awssecret.AlertsArgs{Notify: notify.Args{Nobody: "it is tried out today"}, TrailLogs: "audit/trail"}, []secret.Spec{read}},
		"each kind of hear": {awssecret.AlertsArgs{Notify: everyChannel("https://example.com/"), TrailLogs: "audit/trail"}, []secret.Spec{read}},
	} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			for _, r := range ofAlerts(updated(t, awssecret.StoreArgs{Prefix: "shop/"}, test.args, test.specs...)) {
				fmt.Fprintln(&text, r)
			}
			golden.Compare(t, "testdata/alerts/"+strings.ReplaceAll(name, " ", "-")+".txt", []byte(text.String()))
		})
	}
}

func off(ids ...alert.ID) map[alert.ID]string {
	reasons := map[alert.ID]string{}
	for _, id := range ids {
		reasons[id] = "watched by something else"
	}
	return reasons
}

func everyChannel(url string) notify.Args {
	urls := func(name string, n int) (all []pulumi.StringInput) {
		for i := range n {
			all = append(all, pulumi.String(fmt.Sprintf("%s%s/%d", url, name, i)).ToStringOutput())
		}
		return all
	}
	return notify.Args{
		Email: []string{"oncall@example.com", "security@example.com"}, Webhooks: urls("webhook", 1), PagerDuty: urls("pagerduty", 1),
		Slack: urls("slack", 2), Teams: urls("teams", 1),
	}
}

// asDeclared is the store of a graph, as awsalert knows it.
func asDeclared(specs ...secret.Spec) *awsalert.Store {
	s := &awsalert.Store{
		Partition: "aws", Region: "eu-west-1", Account: own, Prefix: "shop/", ARNs: map[string]string{}, Trail: trailARN, Alerts: "shop-alerts",
		Keys: []string{keyARN, "arn:aws:kms:eu-west-1:" + own + ":key/shop-alerts"}, Bucket: "shop-alerts-1a2b3c4",
		LogGroups: []string{"/secretstack/shop/rotator", "/secretstack-trail/shop-alerts"},
	}
	s.Networks, s.Deployers, s.Rotators = egress, []string{"arn:aws:iam::" + own + ":role/deploy"}, []string{rotatorRole}
	for _, spec := range specs {
		one := alert.Secret{Name: spec.Name, Burst: spec.Alerts.Burst}
		for _, r := range spec.Readers {
			one.Readers = append(one.Readers, identity(r))
		}
		if spec.Rotation != nil {
			one.Readers = append(one.Readers, rotatorRole)
		}
		s.Secrets = append(s.Secrets, one)
		s.ARNs[spec.Name] = "arn:aws:secretsmanager:eu-west-1:" + own + ":secret:shop/" + spec.Name + "-AbCdEf"
	}
	s.Index()
	return s
}

// unknown is a store before its home and what AWS names are known, by which the component splits.
func unknown(s *awsalert.Store) *awsalert.Store {
	later := *s
	later.Partition, later.Region, later.Bucket, later.Keys = "aws-us-gov", "us-gov-west-1", "arn:"+strings.Repeat("x", 124), nil
	later.Trail = "arn:aws-us-gov:cloudtrail:us-gov-west-1:" + own + ":trail/shop-alerts"
	for range s.Keys {
		later.Keys = append(later.Keys, later.Bucket)
	}
	return &later
}

// TestConditions: what is deployed is what awsalert writes for the catalogue, whose tests are about that.
func TestConditions(t *testing.T) {
	settings := alert.Settings{Networks: egress, Deployers: []string{"arn:aws:iam::" + own + ":role/deploy"}}
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: oncall, Settings: settings}, rotated, read)
	store := asDeclared(rotated, read)
	if active := settings.Active(awsalert.Gaps, true); len(active) != len(alert.Catalogue)-len(awsalert.Gaps) {
		t.Fatalf("only %d alerts are on", len(active))
	}
	for _, a := range settings.Active(awsalert.Gaps, true) {
		name := "shop-alerts-" + string(a.ID)
		if a.Count == nil && a.Quiet == 0 {
			parts, err := unknown(store).Split(a.When)
			if err != nil {
				t.Fatal(err)
			}
			for i, part := range parts {
				want, err := store.Only(part).EventPattern(a.When)
				if err != nil {
					t.Fatal(err)
				}
				rule := name
				if i > 0 {
					rule += fmt.Sprintf("-%d", i+1)
				}
				r := get(t, g, ruleType, rule)
				if diff := cmp.Diff(want, r.Inputs.Get("eventPattern").AsString()); diff != "" {
					t.Errorf("%s (-awsalert +rule):\n%s", rule, diff)
				}
				reads := slices.Contains([]alert.ID{alert.ReadByStranger, alert.ReadFromElsewhere, alert.SecretDeleted}, a.ID)
				if state := r.Inputs.Get("state").AsString(); (state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") != reads || !r.Inputs.Get("isEnabled").IsNull() {
					t.Errorf("%s is %s", rule, state)
				}
			}
		}
		group := map[bool]string{true: "/secretstack/shop/rotator", false: "/secretstack-trail/shop-alerts"}[a.AboutRotation()]
		if a.Count != nil && a.Count.Per == alert.PerStore || a.ID == alert.RotationFailed || a.Quiet > 0 {
			if a.AboutRotation() {
				name += "-rotator"
			}
			want, err := store.FilterPattern(a.When)
			if err != nil {
				t.Fatal(err)
			}
			f := get(t, g, filterType, name)
			if diff := cmp.Diff([]string{want, group}, []string{f.Inputs.Get("pattern").AsString(), f.Inputs.Get("logGroupName").AsString()}); diff != "" {
				t.Errorf("%s (-awsalert +filter):\n%s", name, diff)
			}
			if a.ID == alert.RotationFailed {
				name = "shop-alerts-rotation-failed" // one for all rotators
			}
			metric, of := f.Inputs.Get("metricTransformation").AsMap().Get("name").AsString(), get(t, g, alarmType, name).Inputs
			if queries := of.Get("metricQueries"); !queries.IsNull() {
				of = queries.AsArray().Get(0).AsMap().Get("metric").AsMap()
			}
			if got := of.Get("metricName").AsString(); got != metric {
				t.Errorf("%s: the alarm is on %s, and the filter counts %s", name, got, metric)
			}
		}
	}
}

// TestAlarms: when they fire, and whom they tell.
func TestAlarms(t *testing.T) {
	settings := alert.Settings{Thresholds: map[alert.ID]int{alert.DeniedBurst: 7}}
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: oncall, Settings: settings}, rotated, read)
	got := map[string]string{}
	for _, r := range g.Of(alarmType) {
		in := r.Inputs
		period := in.Get("period")
		if queries := in.Get("metricQueries"); !queries.IsNull() {
			first := queries.AsArray().Get(0).AsMap()
			if period = first.Get("period"); period.IsNull() {
				period = first.Get("metric").AsMap().Get("period")
			}
		}
		got[strings.TrimPrefix(r.Name, "shop-alerts-")] = fmt.Sprintf("%s %g in %g times %gs, no data: %s",
			in.Get("comparisonOperator").AsString(), in.Get("threshold").AsNumber(), in.Get("evaluationPeriods").AsNumber(), period.AsNumber(),
			in.Get("treatMissingData").AsString())
		if tells := secrettest.Show(in.Get("alarmActions")); tells != "["+topicARN+"]" {
			t.Errorf("%s tells %s", r.Name, tells)
		}
		says := in.Get("alarmDescription").AsString()
		if len(says) > 1024 {
			t.Errorf("%s: its description has %d characters of 1024", r.Name, len(says))
		}
		wants := []string{"[", "shop"}
		if strings.Contains(says, "secretId") {
			wants = append(wants, "Logs Insights, on /secretstack-trail/shop-alerts, ", "userIdentity.principalId", "userIdentity.invokedBy")
		}
		for _, want := range wants {
			if !strings.Contains(says, want) {
				t.Errorf("%s says: %s", r.Name, says)
			}
		}
	}
	const greater, none = "GreaterThanThreshold ", ", no data: notBreaching"
	want := map[string]string{
		"denied-burst": greater + "7 in 1 times 300s" + none, "read-burst": greater + "100 in 1 times 300s" + none,
		"read-in-bulk": greater + "500 in 1 times 300s" + none, "listed-in-bulk": greater + "20 in 1 times 300s" + none,
		"rotation-failed": greater + "0 in 1 times 300s" + none, "undelivered": greater + "0 in 1 times 300s" + none,
		"rotation-overdue-rotator": "LessThanThreshold 1 in 3 times 3600s, no data: breaching",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	silence := secrettest.Show(get(t, g, alarmType, "shop-alerts-rotation-overdue-rotator").Inputs.Get("metricQueries").AsArray().Get(1))
	if want := "{expression: FILL(looks, 0), id: filled, label: Looks that found everything in order, returnData: true}"; silence != want {
		t.Errorf("silence is %s", silence)
	}
}

var word = regexp.MustCompile(`<([A-Za-z]+)>`)

// TestMessages: what is sent is a template that EventBridge takes, and tells what to do.
func TestMessages(t *testing.T) {
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: everyChannel("https://example.com/")}, rotated, read)
	for _, r := range g.Of(targetType) {
		if r.Name == "rotator-sweep" {
			continue
		}
		transformer := r.Inputs.Get("inputTransformer").AsMap()
		template, paths := transformer.Get("inputTemplate").AsString(), transformer.Get("inputPaths").AsMap()
		if len(template) > 8192 {
			t.Errorf("%s: the template has %d characters of 8192", r.Name, len(template))
		}
		used := map[string]bool{}
		for _, m := range word.FindAllStringSubmatch(template, -1) {
			used[m[1]] = true
			if _, ok := paths.GetOk(m[1]); !ok {
				t.Errorf("%s: nothing is said of <%s>", r.Name, m[1])
			}
		}
		if len(used) != paths.Len() {
			t.Errorf("%s: uses %v of %v", r.Name, used, paths)
		}
		lines := []string{template}
		if r.Inputs.Get("targetId").AsString() == "topic" {
			lines = strings.Split(template, "\n")
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: EventBridge does not take the template line %s", r.Name, line)
			}
		}
		if strings.HasPrefix(r.Name, "shop-alerts-alarms-") {
			continue // an alarm's own description tells the rest
		}
		for _, a := range alert.Catalogue {
			if !strings.Contains(r.Name+"-", "-"+string(a.ID)+"-") {
				continue
			}
			for _, want := range []string{a.Title, a.Do, a.Runbook(), string(a.Severity), "<who>", "<principal>", "<service>", "<from>", "<when>"} {
				if !strings.Contains(template, want) {
					t.Errorf("%s does not say %q:\n%s", r.Name, want, template)
				}
			}
		}
	}
}

// TestChannels: who posts to a channel may do no more, its URL stays secret, and nothing gets lost.
func TestChannels(t *testing.T) {
	const canary = "https://hooks.example.com/canary/"
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: everyChannel(canary)}, read)
	for _, r := range g.Resources {
		for key, v := range r.Inputs.All {
			if shown := secrettest.Show(v); strings.Contains(shown, canary) && !strings.HasPrefix(shown, "secret ") {
				t.Errorf("%s shows its URL in %s", r, key)
			}
		}
	}
	subscriptions := g.Of("aws:sns/topicSubscription:TopicSubscription")
	if len(subscriptions) != 4 {
		t.Errorf("there are %d subscriptions", len(subscriptions))
	}
	for _, r := range subscriptions {
		if got := r.Inputs.Get("redrivePolicy").AsString(); got != `{"deadLetterTargetArn":"`+queueARN+`"}` {
			t.Errorf("%s loses what it cannot deliver: %s", r.Name, got)
		}
	}
	targets := map[string]int{}
	for _, r := range g.Of(targetType) {
		if got := r.Inputs.Get("deadLetterConfig").AsMap().Get("arn").AsString(); got != queueARN {
			t.Errorf("%s loses what it cannot deliver", r.Name)
		}
		rule, _, _ := strings.Cut(r.Name, "-slack")
		rule, _, _ = strings.Cut(rule, "-teams")
		targets[rule]++
	}
	for rule, n := range targets {
		if want := map[bool]int{true: 3, false: 4}[rule == "shop-alerts-alarms"]; n != want {
			t.Errorf("%s tells %d, want %d", rule, n, want)
		}
	}
	role := parse(t, get(t, g, "aws:iam/rolePolicy:RolePolicy", "shop-alerts-chats").Inputs.Get("policy").AsString())
	if len(role.Statement) != 1 || len(role.Statement[0].Resource) != 3 || role.Statement[0].Action[0] != "events:InvokeApiDestination" {
		t.Errorf("the role may do more, or less: %v", role)
	}
	alarms := get(t, g, ruleType, "shop-alerts-alarms").Inputs.Get("eventPattern").AsString()
	if want := `"resources":[{"prefix":"arn:aws:cloudwatch:eu-west-1:` + own + `:alarm:shop-alerts-"}]`; !strings.Contains(alarms, want) {
		t.Errorf("the channels hear of other alarms: %s", alarms)
	}
	for name, want := range map[string]string{"slack-1": `{"text":"[critical] `, "teams-1": `"type":"AdaptiveCard"`} {
		target := get(t, g, targetType, "shop-alerts-read-by-stranger-"+name)
		if got := target.Inputs.Get("inputTransformer").AsMap().Get("inputTemplate").AsString(); !strings.Contains(got, want) {
			t.Errorf("%s gets %s", name, got)
		}
	}
}

// TestAlertPolicies asks the policies of topic, queue and key.
func TestAlertPolicies(t *testing.T) {
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: oncall}, rotated, read)
	topic := parse(t, get(t, g, "aws:sns/topic:Topic", "shop-alerts").Inputs.Get("policy").AsString())
	queue := parse(t, get(t, g, "aws:sqs/queue:Queue", "shop-alerts").Inputs.Get("policy").AsString())
	key := parse(t, keyPolicy(t, g, "shop-alerts"))
	const (
		rule  = "arn:aws:events:eu-west-1:" + own + ":rule/shop-alerts-key-changed"
		alarm = "arn:aws:cloudwatch:eu-west-1:" + own + ":alarm:shop-alerts-read-burst"
	)
	context := func(pairs ...string) map[string]string {
		c := map[string]string{"aws:SecureTransport": "true"}
		for i := 0; i < len(pairs); i += 2 {
			c[pairs[i]] = pairs[i+1]
		}
		return c
	}
	from := func(account, source string) map[string]string {
		return context("aws:SourceAccount", account, "aws:SourceArn", source)
	}
	plainly := from(own, rule)
	plainly["aws:SecureTransport"] = "false"
	const inTopic, inTrail = "kms:EncryptionContext:aws:sns:topicArn", "kms:EncryptionContext:aws:cloudtrail:arn"
	admin := iam.Principal{ARN: "arn:aws:iam::" + own + ":role/admin", Account: own, Policy: parse(t, everything)}
	for i, q := range []struct {
		policy           iam.Document
		who              iam.Principal
		action, resource string
		context          map[string]string
		want             bool
	}{
		{topic, service("events"), "sns:Publish", topicARN, from(own, rule), true},
		{topic, service("events"), "sns:Publish", topicARN, from(partner, rule), false},
		{topic, service("events"), "sns:Publish", topicARN, from(own, strings.Replace(rule, "shop-alerts", "other", 1)), false},
		{topic, service("events"), "sns:Publish", topicARN, plainly, false},
		{topic, service("cloudwatch"), "sns:Publish", topicARN, from(own, alarm), true},
		{topic, service("cloudwatch"), "sns:Publish", topicARN, from(own, strings.Replace(alarm, "shop-alerts", "other", 1)), false},
		{topic, service("cloudwatch"), "sns:Publish", topicARN, from(partner, alarm), false},
		{topic, service("s3"), "sns:Publish", topicARN, from(own, rule), false},
		{topic, service("events"), "sns:Subscribe", topicARN, from(own, rule), false},

		{queue, service("events"), "sqs:SendMessage", queueARN, from(own, rule), true},
		{queue, service("sns"), "sqs:SendMessage", queueARN, from(own, topicARN), true},
		{queue, service("sns"), "sqs:SendMessage", queueARN, from(own, topicARN+"2"), false},
		{queue, service("events"), "sqs:ReceiveMessage", queueARN, from(own, rule), false},
		{queue, service("events"), "sqs:SendMessage", queueARN, plainly, false},

		{key, service("events"), "kms:GenerateDataKey", "", context(inTopic, topicARN), true},
		{key, service("cloudwatch"), "kms:Decrypt", "", context(inTopic, topicARN), true},
		{key, service("events"), "kms:Decrypt", "", context(inTopic, topicARN+"2"), false},
		{key, service("events"), "kms:Decrypt", "", context(), false},
		{key, service("cloudtrail"), "kms:GenerateDataKey", "", context("aws:SourceArn", trailARN, inTrail, trailARN), true},
		{key, service("cloudtrail"), "kms:GenerateDataKey", "", context("aws:SourceArn", trailARN+"2", inTrail, trailARN+"2"), false},
		{key, service("cloudtrail"), "kms:DescribeKey", "", context("aws:SourceArn", trailARN), true},
		{key, service("cloudtrail"), "kms:Decrypt", "", context("aws:SourceArn", trailARN, inTrail, trailARN), false},
		{key, service("logs.eu-west-1"), "kms:Encrypt", "", context("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:eu-west-1:"+own+":log-group:/secretstack-trail/shop-alerts"), true},
		{key, service("logs.eu-west-1"), "kms:Encrypt", "", context("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:eu-west-1:"+own+":log-group:/secretstack-trail/other"), false},
		{key, admin, "kms:Decrypt", "", context(inTrail, trailARN), true},
		{key, admin, "kms:Decrypt", "", context(inTopic, topicARN), false},
		{key, admin, "kms:DisableKey", "", context(), true},
	} {
		if got := q.policy.Allows(own, iam.Request{Principal: q.who, Action: q.action, Resource: q.resource, Context: q.context}); got != q.want {
			t.Errorf("%d: %s%s asks for %s with %v: %t, want %t", i, q.who.Service, q.who.ARN, q.action, q.context, got, q.want)
		}
	}
	golden.Compare(t, "testdata/alert-key-policy.json", indent(t, keyPolicy(t, g, "shop-alerts")))
	golden.Compare(t, "testdata/trail-bucket-policy.json", indent(t, get(t, g, "aws:s3/bucketPolicy:BucketPolicy", "shop-alerts").Inputs.Get("policy").AsString()))
	golden.Compare(t, "testdata/trail-role-policy.json", indent(t, rolePolicy(t, g, "shop-alerts-trail")))
}

func service(name string) iam.Principal {
	return iam.Principal{Service: name + ".amazonaws.com", Account: own}
}

// TestTrail: what cannot be made again is protected, and a trail sees all that the catalogue asks for.
func TestTrail(t *testing.T) {
	for _, throwAway := range []bool{false, true} {
		g := updated(t, awssecret.StoreArgs{AllowDestroy: throwAway}, awssecret.AlertsArgs{Notify: oncall, LogRetention: 365 * day}, read)
		bucket, logs := get(t, g, "aws:s3/bucketV2:BucketV2", "shop-alerts"), get(t, g, "aws:cloudwatch/logGroup:LogGroup", "shop-alerts-trail")
		trail, key := get(t, g, "aws:cloudtrail/trail:Trail", "shop-alerts"), get(t, g, "aws:kms/key:Key", "shop-alerts")
		for _, r := range []plan.Resource{bucket, logs, trail, key} {
			if r.Protect == throwAway {
				t.Errorf("throw-away %t: %s is protected: %t", throwAway, r, r.Protect)
			}
		}
		if got := bucket.Inputs.Get("forceDestroy").AsBool(); got != throwAway {
			t.Errorf("throw-away %t: the bucket goes with its files: %t", throwAway, got)
		}
		in := trail.Inputs
		for _, yes := range []string{"isMultiRegionTrail", "enableLogFileValidation", "includeGlobalServiceEvents"} {
			if !in.Get(yes).AsBool() {
				t.Errorf("%s is not set", yes)
			}
		}
		if got := in.Get("cloudWatchLogsGroupArn").AsString(); got != logs.Name+":*" && !strings.HasSuffix(got, ":*") {
			t.Errorf("it writes to %s", got)
		}
		events := secrettest.Show(in.Get("eventSelectors"))
		if want := "[{includeManagementEvents: true, readWriteType: WriteOnly}, " +
			"{excludeManagementEventSources: [kms.amazonaws.com], includeManagementEvents: true, readWriteType: ReadOnly}]"; events != want {
			t.Errorf("it records %s", events)
		}
		rule := get(t, g, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "shop-alerts").Inputs.Get("rules").AsArray().Get(0).AsMap()
		kept := []float64{logs.Inputs.Get("retentionInDays").AsNumber(), rule.Get("expiration").AsMap().Get("days").AsNumber()}
		if !slices.Equal(kept, []float64{365, 365}) {
			t.Errorf("records and files are kept for %v days", kept)
		}
		if deps := trail.Dependencies; !slices.Contains(deps, get(t, g, "aws:s3/bucketPolicy:BucketPolicy", "shop-alerts").URN) {
			t.Error("the trail comes before CloudTrail may write to the bucket")
		}
	}
}

// TestBursts: one rule counts the reads of each secret, and a secret can have a threshold of its own.
func TestBursts(t *testing.T) {
	quiet := secret.Spec{Name: "seldom", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 5}}
	loud := secret.Spec{Name: "often", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 900}}
	same := secret.Spec{Name: "same", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 100}}
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/", Replicas: []awssecret.Replica{{Region: "eu-central-1"}}},
		awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail"}, read, quiet, loud, same)
	rule := get(t, g, "aws:cloudwatch/contributorInsightRule:ContributorInsightRule", "shop-alerts-read-burst")
	golden.Compare(t, "testdata/reads-rule.json", indent(t, rule.Inputs.Get("ruleDefinition").AsString()))
	alarm := get(t, g, alarmType, "shop-alerts-read-burst").Inputs.Get("metricQueries").AsArray().Get(0).AsMap()
	if got := alarm.Get("expression").AsString(); got != `INSIGHT_RULE_METRIC("shop-alerts-read-burst", "MaxContributorValue")` {
		t.Errorf("the alarm is on %s", got)
	}
	for name, want := range map[string]float64{"seldom": 5, "often": 900} {
		if got := get(t, g, alarmType, "shop-alerts-read-burst-"+name).Inputs.Get("threshold").AsNumber(); got != want {
			t.Errorf("%s: more than %g reads, want %g", name, got, want)
		}
	}
	base, err := (&awsalert.Store{Region: "eu-west-1", Replicas: []string{"eu-central-1"}, Account: own}).
		FilterPattern(alert.All{alert.Does{alert.Read}, alert.Ends{alert.OK}})
	if err != nil {
		t.Fatal(err)
	}
	id := func(id string) string { return `($.requestParameters.secretId = "` + id + `")` }
	arn := "arn:aws:secretsmanager:eu-west-1:" + own + ":secret:shop/often"
	there := strings.Replace(arn, "eu-west-1", "eu-central-1", 1)
	for name, want := range map[string]string{
		"":              id("shop/often") + " || " + id(arn) + " || " + id(arn+"-AbCdEf"),
		"-eu-central-1": id(there) + " || " + id(there+"-AbCdEf"),
	} {
		got := get(t, g, filterType, "shop-alerts-read-burst-often"+name).Inputs.Get("pattern").AsString()
		if diff := cmp.Diff(strings.TrimSuffix(base, " }")+" && ("+want+") }", got); diff != "" {
			t.Errorf("the filter of often%s (-want +got):\n%s", name, diff)
		}
	}
	for _, r := range g.Of(alarmType) {
		if strings.HasSuffix(r.Name, "-same") || strings.HasSuffix(r.Name, "-stripe-api-key") {
			t.Errorf("there is %s", r)
		}
	}
}

// TestAfter: the rules that would tell of what a first deployment does come after it.
func TestAfter(t *testing.T) {
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: everyChannel("https://example.com/")}, rotated, read)
	after := func(rule string, r plan.Resource) bool {
		return slices.Contains(get(t, g, ruleType, "shop-alerts-"+rule).Dependencies, r.URN)
	}
	for _, policy := range g.Of("aws:secretsmanager/secretPolicy:SecretPolicy") {
		if !after("secret-changed", policy) {
			t.Errorf("secret-changed does not wait for %s", policy)
		}
	}
	for _, typ := range []string{
		targetType, filterType, alarmType, "aws:cloudwatch/contributorInsightRule:ContributorInsightRule", "aws:cloudtrail/trail:Trail",
		"aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
		"aws:sns/topicSubscription:TopicSubscription", "aws:cloudwatch/logGroup:LogGroup",
	} {
		for _, r := range g.Of(typ) {
			own := strings.Contains(r.Name, "audit-changed") || r.Name == "rotator-sweep" || r.Name == "shop-alerts-trail" // before the trail
			if !own && !after("audit-changed", r) {
				t.Errorf("audit-changed does not wait for %s", r)
			}
		}
	}
}

// TestForwarding: a replica's events go to the region of the rules.
func TestForwarding(t *testing.T) {
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/", Replicas: []awssecret.Replica{{Region: "eu-central-1"}}},
		awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail"}, read)
	rule, target := get(t, g, ruleType, "shop-alerts-forward-eu-central-1"), get(t, g, targetType, "shop-alerts-forward-eu-central-1")
	provider := get(t, g, "pulumi:providers:aws", "shop-eu-central-1")
	if rule.Provider != provider.URN || target.Provider != provider.URN {
		t.Error("the rule is not in the replica's region")
	}
	bus := "arn:aws:events:eu-west-1:" + own + ":event-bus/default"
	if got := target.Inputs.Get("arn").AsString(); got != bus {
		t.Errorf("it sends to %s", got)
	}
	role := parse(t, rolePolicy(t, g, "shop-alerts-forward"))
	if s := role.Statement; len(s) != 1 || s[0].Action[0] != "events:PutEvents" || s[0].Resource[0] != bus {
		t.Errorf("its role may do more, or less: %v", s)
	}
	golden.Compare(t, "testdata/forward-pattern.json", indent(t, rule.Inputs.Get("eventPattern").AsString()))
}

func TestWrongAlertsArgs(t *testing.T) {
	var loud []secret.Spec
	for i := range 6 {
		loud = append(loud, secret.Spec{Name: fmt.Sprintf("loud-%d", i), Alerts: secret.Alerts{Burst: 1000}})
	}
	args := awssecret.AlertsArgs{
		Notify:    notify.Args{Email: []string{"nobody"}, Slack: make([]pulumi.StringInput, 3), Teams: make([]pulumi.StringInput, 2)},
		TrailLogs: "a log group", LogRetention: 90 * day,
		Settings: alert.Settings{
			Off: map[alert.ID]string{"unknown": "for no reason at all", alert.KeyChanged: "no"}, Deployers: []string{"deploy"},
			Thresholds: map[alert.ID]int{alert.KeyChanged: 1}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/0")},
		},
	}
	_, made, err := up(watched(awssecret.StoreArgs{}, args, loud...))
	made = slices.DeleteFunc(made, func(r string) bool { return !strings.Contains(r, "shop-alerts") })
	expect(t, made, err, []string{
		`the AWS alerts "shop-alerts" cannot be made`, "Email[0]", "Slack[0]: is nil", "Notify has 5 channels of Slack and Teams; there can be 4",
		"Settings.Off[unknown]", "Settings.Off[key-changed]: say why", "Settings.Thresholds[key-changed]", "Settings.Deployers[0]: deploy is not the ARN", "Settings.Networks: the network 0.0.0.0/0",
		"6 have a Burst of more than 100, and there can be 3", `TrailLogs: "a log group" is not the name`,
	})
	t.Run("retention", func(t *testing.T) {
		for trail, want := range map[string]string{"": "LogRetention must be one of", "audit": "LogRetention is for a trail that is made"} {
			_, _, err := up(watched(awssecret.StoreArgs{}, awssecret.AlertsArgs{Notify: oncall, TrailLogs: trail, LogRetention: 90 * day}, read))
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v, want %s", err, want)
			}
		}
	})
	t.Run("too long to name", func(t *testing.T) {
		_, _, err := up(watched(awssecret.StoreArgs{}, awssecret.AlertsArgs{Notify: oncall, TrailLogs: strings.Repeat("a", 500)}, read))
		if err == nil || !strings.Contains(err.Error(), "characters, and CloudWatch takes 1024") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("PagerDuty", func(t *testing.T) {
		const canary = "canary-0123456789"
		drops := notify.Args{PagerDuty: []pulumi.StringInput{pulumi.String("https://events.pagerduty.com/integration/" + canary + "/enqueue").ToStringOutput()}}
		_, _, err := up(watched(awssecret.StoreArgs{}, awssecret.AlertsArgs{Notify: drops}, read))
		if err == nil || !strings.Contains(err.Error(), "event orchestration") || strings.Contains(err.Error(), canary) {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		_, _, err := up(watched(awssecret.StoreArgs{}, awssecret.AlertsArgs{}, read))
		if err == nil || !strings.Contains(err.Error(), "Notify: names nobody") {
			t.Errorf("the error is %v", err)
		}
	})
	t.Run("no store", func(t *testing.T) {
		_, made, err := up(func(ctx *pulumi.Context) error {
			_, err := awssecret.NewAlerts(ctx, "shop-alerts", nil)
			return err
		})
		expect(t, made, err, []string{"Store is missing"})
	})
	t.Run("of another store", func(t *testing.T) {
		_, _, err := up(func(ctx *pulumi.Context) error {
			store, err := awssecret.NewStore(ctx, "shop", nil)
			if err != nil {
				return err
			}
			other, err := awssecret.NewStore(ctx, "other", nil)
			if err != nil {
				return err
			}
			s, err := awssecret.NewSecret(ctx, "it", &awssecret.SecretArgs{Store: other, Spec: secret.Spec{Name: "it"}})
			if err != nil {
				return err
			}
			_, err = awssecret.NewAlerts(ctx, strings.Repeat("a", 50), &awssecret.AlertsArgs{Store: store, Secrets: []*awssecret.Secret{s}, Rotators: []*awssecret.Rotator{nil}, Notify: oncall})
			return err
		})
		expect(t, nil, err, []string{"Secrets[0]: is nil or of another store", "Rotators[0]: is nil or of another store", "the name has 50 characters"})
	})
}

// TestAlertsPreview: a preview shows the same resources under the same names as an update.
func TestAlertsPreview(t *testing.T) {
	args := awssecret.AlertsArgs{Notify: oncall, Settings: alert.Settings{Networks: egress}}
	program := watched(awssecret.StoreArgs{Prefix: "shop/"}, args, rotated, read)
	made, _, err := up(program)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(secrettest.Names(made), secrettest.Names(run(t, program))); diff != "" {
		t.Errorf("(-update +preview):\n%s", diff)
	}
}
