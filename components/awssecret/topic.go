package awssecret

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const undeliveredSuffix = "-undelivered"

func (h home) topic(name string) string {
	return "arn:" + h.partition + ":sns:" + h.region + ":" + h.account + ":" + name
}

func (h home) rules(name string) string {
	return "arn:" + h.partition + ":events:" + h.region + ":" + h.account + ":rule/" + name + "-*"
}

func (h home) alarms(name string) string {
	return "arn:" + h.partition + ":cloudwatch:" + h.region + ":" + h.account + ":alarm:" + name + "-"
}

// alertKeyPolicy lets the account administer the key of the alerts, and services use it for what is the alerts' own;
// trailGroup is the log group of a trail, "" where none is made.
//
// Who publishes to an encrypted topic needs the key too. EventBridge says nothing of its rule then: "aws:SourceAccount" and
// the like would hold up each event (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html). The topic's ARN
// is in each request (https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html), and the topic's policy
// says whose rules and alarms may publish.
func alertKeyPolicy(h home, name, trailGroup string) policy {
	p := policy{Version: policyVersion, Statement: []statement{{
		Sid:       "AccountAdministers",
		Effect:    "Allow",
		Principal: awsPrincipals{[]string{h.root(h.account)}},
		Action:    keyAdministration,
		Resource:  "*",
	}, {
		Sid:       "RulesAndAlarmsPublish",
		Effect:    "Allow",
		Principal: awsServices{[]string{"cloudwatch.amazonaws.com", "events.amazonaws.com"}},
		Action:    []string{"kms:Decrypt", "kms:GenerateDataKey"},
		Resource:  "*",
		Condition: condition{"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": h.topic(name)}},
	}}}
	if trailGroup != "" {
		p.Statement = append(p.Statement, trailKeyStatements(h, name, trailGroup)...)
	}
	return p
}

// newKey makes a key for what tells of trouble. Under the store's, the news that it was disabled would reach nobody.
func (a *Alerts) newKey(ctx *pulumi.Context) (err error) {
	store, trailGroup := a.args.Store, ""
	if a.args.TrailLogs == "" {
		trailGroup = a.trailGroup()
	}
	a.Key, err = kms.NewKey(ctx, a.name, &kms.KeyArgs{
		Description: pulumi.String("Encrypts the alerts of " + store.name),
		Policy: store.there(func(h home) (string, error) {
			return alertKeyPolicy(h, a.name, trailGroup).text()
		}),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(store.keyDeletionDays()),
		Tags:                 pulumi.ToStringMap(store.args.Tags),
	}, store.protected(a))
	return err
}

// topicPolicy lets the alerts' own rules and alarms publish, and the account's administrators do the rest.
func topicPolicy(h home, name string) policy {
	topic := h.topic(name)
	publish := func(sid, service, source string) statement {
		return statement{
			Sid: sid, Effect: "Allow", Principal: awsService{service}, Action: "sns:Publish", Resource: topic,
			Condition: condition{"StringEquals": {"aws:SourceAccount": h.account}, "ArnLike": {"aws:SourceArn": source}},
		}
	}
	return policy{Version: policyVersion, Statement: []statement{
		publish("RulesPublish", "events.amazonaws.com", h.rules(name)),
		publish("AlarmsPublish", "cloudwatch.amazonaws.com", h.alarms(name)+"*"),
		withoutTLS("sns:Publish", topic),
	}}
}

// queuePolicy lets what was not delivered in. Who reads it needs a right of his own.
func queuePolicy(h home, name string) policy {
	queue := "arn:" + h.partition + ":sqs:" + h.region + ":" + h.account + ":" + name + undeliveredSuffix
	send := func(sid, service, source string) statement {
		return statement{
			Sid: sid, Effect: "Allow", Principal: awsService{service}, Action: "sqs:SendMessage", Resource: queue,
			Condition: condition{"ArnLike": {"aws:SourceArn": source}},
		}
	}
	return policy{Version: policyVersion, Statement: []statement{
		send("RulesSend", "events.amazonaws.com", h.rules(name)),
		send("TopicSends", "sns.amazonaws.com", h.topic(name)),
		withoutTLS("sqs:*", queue),
	}}
}

// withoutTLS denies everybody what is not encrypted on its way.
func withoutTLS(action string, resource any) statement {
	return statement{
		Sid: "NothingWithoutTLS", Effect: "Deny", Principal: "*", Action: action, Resource: resource,
		Condition: condition{"Bool": {"aws:SecureTransport": "false"}},
	}
}

// newTopic makes the topic, who hears of it, and the queue for what does not arrive. The queue is under SQS's own
// key, so that it takes what the alerts' key holds up.
func (a *Alerts) newTopic(ctx *pulumi.Context) (err error) {
	store, tags := a.args.Store, pulumi.ToStringMap(a.args.Store.args.Tags)
	if a.Undelivered, err = sqs.NewQueue(ctx, a.name, &sqs.QueueArgs{
		Name:                    pulumi.String(a.name + undeliveredSuffix),
		MessageRetentionSeconds: pulumi.Int(14 * 24 * 60 * 60), // the longest
		SqsManagedSseEnabled:    pulumi.Bool(true),
		Policy:                  store.there(func(h home) (string, error) { return queuePolicy(h, a.name).text() }),
		Tags:                    tags,
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	if a.Topic, err = sns.NewTopic(ctx, a.name, &sns.TopicArgs{
		Name:           pulumi.String(a.name),
		KmsMasterKeyId: a.Key.Arn,
		Policy:         store.there(func(h home) (string, error) { return topicPolicy(h, a.name).text() }),
		Tags:           tags,
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	if err := a.subscribe(ctx); err != nil {
		return err
	}
	return a.countUndelivered(ctx)
}

// countUndelivered makes an alarm on the queue. Who hears of it tells those who did not hear.
func (a *Alerts) countUndelivered(ctx *pulumi.Context) (err error) {
	name := a.name + undeliveredSuffix
	args := &cloudwatch.MetricAlarmArgs{
		Namespace: pulumi.String("AWS/SQS"), MetricName: pulumi.String("ApproximateNumberOfMessagesVisible"),
		Dimensions: pulumi.StringMap{"QueueName": a.Undelivered.Name},
		Statistic:  pulumi.String("Maximum"), Period: pulumi.Int(5 * 60), EvaluationPeriods: pulumi.Int(1),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"), Threshold: pulumi.Float64(0),
		OkActions: pulumi.Array{a.Topic.Arn},
	}
	a.Lost, err = a.newAlarm(ctx, name, "[high] Alerts of "+a.args.Store.name+" did not reach everybody. They are in the queue "+name+
		" for 14 days, each with the reason: read them, mend the subscription or the webhook, and empty the queue.", args)
	return err
}

// subscribe adds who hears of the topic. A URL is a credential, so it stays a secret in the stack's state.
func (a *Alerts) subscribe(ctx *pulumi.Context) error {
	n := a.args.Notify
	for _, who := range []struct {
		name, protocol string
		endpoints      []pulumi.StringInput
	}{
		{"email", "email", plain(n.Email)},
		{"webhook", "https", n.Webhooks},
		{"pagerduty", "https", n.PagerDuty},
	} {
		for i, endpoint := range who.endpoints {
			switch who.name {
			case "webhook":
				endpoint = secretURL(endpoint)
			case "pagerduty":
				endpoint = secretURL(endpoint).ApplyT(checkPagerDuty).(pulumi.StringOutput)
			}
			s, err := sns.NewTopicSubscription(ctx, a.name+"-"+who.name+"-"+strconv.Itoa(i+1), &sns.TopicSubscriptionArgs{
				Topic:    a.Topic.Arn,
				Protocol: pulumi.String(who.protocol),
				Endpoint: endpoint,
				RedrivePolicy: a.Undelivered.Arn.ApplyT(func(arn string) (string, error) {
					text, err := json.Marshal(map[string]string{"deadLetterTargetArn": arn})
					return string(text), err
				}).(pulumi.StringOutput),
			}, pulumi.Parent(a))
			if err != nil {
				return err
			}
			a.Subscriptions, a.made = append(a.Subscriptions, s), append(a.made, s)
		}
	}
	return nil
}

// checkPagerDuty refuses an integration that drops each message which is not an alarm's, as those of rules are not. An event
// orchestration takes them all: https://www.pagerduty.com/docs/guides/amazon-cloudwatch-integration-guide/.
func checkPagerDuty(url string) (string, error) {
	if strings.HasPrefix(url, "https://events.pagerduty.com/integration/") {
		return "", errors.New("Notify.PagerDuty: the URL is of an integration of a service, which drops what is not an alarm of CloudWatch; " +
			"give the URL of an event orchestration, which begins with https://events.pagerduty.com/x-ere/")
	}
	return url, nil
}

func plain(texts []string) []pulumi.StringInput {
	inputs := make([]pulumi.StringInput, len(texts))
	for i, text := range texts {
		inputs[i] = pulumi.String(text)
	}
	return inputs
}

func secretURL(url pulumi.StringInput) pulumi.StringOutput {
	return pulumi.ToSecret(url).(pulumi.StringOutput)
}
