package awssecret

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// chat is a channel of Slack or Teams.
type chat struct {
	name        string
	body        func(text string) any // that the channel's webhook takes
	destination *cloudwatch.EventApiDestination
}

// slackBody is in https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
func slackBody(text string) any { return map[string]string{"text": text} }

// teamsBody is a card, which both incoming webhooks and workflows take:
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#send-adaptive-cards-using-an-incoming-webhook.
func teamsBody(text string) any {
	return map[string]any{"type": "message", "attachments": []any{map[string]any{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"content": map[string]any{
			"type": "AdaptiveCard", "version": "1.2",
			"body": []any{map[string]any{"type": "TextBlock", "wrap": true, "text": strings.ReplaceAll(text, "\n", "\n\n")}},
		},
	}}}
}

// newChats makes a destination for each channel. Its URL is all that a webhook asks of who posts; the connection, which
// EventBridge wants all the same, sends a header that means nothing.
func (a *Alerts) newChats(ctx *pulumi.Context) error {
	n := a.args.Notify
	if len(n.Slack)+len(n.Teams) == 0 {
		return nil
	}
	connection, err := cloudwatch.NewEventConnection(ctx, a.name, &cloudwatch.EventConnectionArgs{
		Name:              pulumi.String(a.name),
		Description:       pulumi.String("Asks for nothing: the URLs of the webhooks of " + a.name + " are enough"),
		AuthorizationType: pulumi.String("API_KEY"),
		AuthParameters: cloudwatch.EventConnectionAuthParametersArgs{
			ApiKey: cloudwatch.EventConnectionAuthParametersApiKeyArgs{
				Key: pulumi.String("X-Sent-By"), Value: pulumi.ToSecret(pulumi.String("secretstack")).(pulumi.StringOutput),
			},
		},
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	arns := pulumi.StringArray{}
	for _, service := range []struct {
		name string
		urls []pulumi.StringInput
		body func(string) any
	}{{"slack", n.Slack, slackBody}, {"teams", n.Teams, teamsBody}} {
		for i, url := range service.urls {
			c := chat{name: service.name + "-" + strconv.Itoa(i+1), body: service.body}
			name := a.name + "-" + c.name
			if c.destination, err = cloudwatch.NewEventApiDestination(ctx, name, &cloudwatch.EventApiDestinationArgs{
				Name:                         pulumi.String(name),
				ConnectionArn:                connection.Arn,
				HttpMethod:                   pulumi.String("POST"),
				InvocationEndpoint:           secretURL(url),
				InvocationRateLimitPerSecond: pulumi.Int(1), // as Slack asks: https://docs.slack.dev/apis/web-api/rate-limits
			}, pulumi.Parent(a)); err != nil {
				return err
			}
			arns = append(arns, c.destination.Arn)
			a.chats, a.Chats = append(a.chats, c), append(a.Chats, c.destination)
		}
	}
	if err := a.newChatRole(ctx, arns); err != nil {
		return err
	}
	return a.tellOfAlarms(ctx)
}

const eventsAssumes = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// newChatRole lets the rules post to the channels, and nothing else.
func (a *Alerts) newChatRole(ctx *pulumi.Context, channels pulumi.StringArray) (err error) {
	name := a.name + "-chats"
	if a.chatRole, err = iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(name),
		Description:      pulumi.String("Posts the alerts of " + a.args.Store.plainName() + " to its channels"),
		AssumeRolePolicy: pulumi.String(eventsAssumes),
		Tags:             pulumi.ToStringMap(a.args.Store.args.Tags),
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	a.chatPolicy, err = iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role: a.chatRole.Name,
		Policy: channels.ToStringArrayOutput().ApplyT(func(arns []string) (string, error) {
			return policy{Version: policyVersion, Statement: []statement{{
				Sid: "PostsToChannels", Effect: "Allow", Action: "events:InvokeApiDestination", Resource: arns,
			}}}.text()
		}).(pulumi.StringOutput),
	}, pulumi.Parent(a))
	return err
}

// tellOfAlarms posts the alerts' alarms to the channels: an alarm itself reaches the topic only.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
func (a *Alerts) tellOfAlarms(ctx *pulumi.Context) error {
	name := a.name + "-alarms"
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Name:        pulumi.String(name),
		Description: pulumi.String("Alarms of " + a.name + ", for its channels"),
		EventPattern: a.args.Store.there(func(h home) (string, error) {
			pattern, err := json.Marshal(map[string]any{
				"source":      []string{"aws.cloudwatch"},
				"detail-type": []string{"CloudWatch Alarm State Change"},
				"resources":   []any{map[string]string{"prefix": h.alarms(a.name)}},
				"detail":      map[string]any{"state": map[string]any{"value": []string{"ALARM"}}},
			})
			return string(pattern), err
		}),
		State: pulumi.String("ENABLED"),
		Tags:  pulumi.ToStringMap(a.args.Store.args.Tags),
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	for _, c := range a.chats {
		if err := a.post(ctx, name, rule, c, alarmMessage); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// post has a rule post a message to a channel.
func (a *Alerts) post(ctx *pulumi.Context, name string, rule *cloudwatch.EventRule, c chat, m message) error {
	template, err := m.json(c.body)
	if err != nil {
		return err
	}
	target, err := cloudwatch.NewEventTarget(ctx, name+"-"+c.name, &cloudwatch.EventTargetArgs{
		Rule:             rule.Name,
		TargetId:         pulumi.String(c.name),
		Arn:              c.destination.Arn,
		RoleArn:          a.chatRole.Arn,
		InputTransformer: m.transformer(template),
		DeadLetterConfig: cloudwatch.EventTargetDeadLetterConfigArgs{Arn: a.Undelivered.Arn},
	}, pulumi.Parent(a), pulumi.DependsOn([]pulumi.Resource{a.chatPolicy}))
	a.made = append(a.made, target)
	return err
}
