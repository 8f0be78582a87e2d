package awssecret

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
)

// message is what somebody reads: lines in which <words> stand for parts of the event.
type message struct {
	lines []string
	paths map[string]string // of the words, in the event
}

// subject is where an event says what it is about: in one of some fields, or in two.
type subject struct {
	label, in string
	fields    []string
}

// subjects are those of alerts. Zero: the secret that a request names. Each field is a text: EventBridge puts an object into a
// text as it is, quotation marks and all, and a bucket's policy is nothing for a chat.
var subjects = map[alert.ID]subject{
	alert.KeyChanged: {"Key", "requestParameters", []string{"keyId"}},
	alert.AuditChanged: {"Changed", "requestParameters", []string{
		"name", "trailName", "bucketName", "targets[0].arn", "ids[0]", "alarmName", "alarmNames[0]", "ruleName", "ruleNames[0]", "topicArn",
		"subscriptionArn", "roleName", "logGroupName", "filterName", "muteTargets.alarmNames[0]",
	}},
	alert.RotationFailed:    {"Secret", "additionalEventData", []string{"SecretId"}},
	alert.RotationAbandoned: {"Secret", "additionalEventData", []string{"SecretId"}},
}

// newMessage says what an event of an alert is. A word that the event has nothing for is empty:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html.
func newMessage(w alert.Alert, store string) message {
	about, ok := subjects[w.ID]
	if !ok {
		about = subject{"Secret", "requestParameters", []string{"secretId"}}
	}
	m := message{
		lines: []string{
			"[" + string(w.Severity) + "] " + w.Title + ".",
			about.label + ":",
			// Of another account's identity the event may have no ARN, of a service nothing but its name.
			"Who: <who> <service> (<principal> of the account <account>)",
			"From: <from>",
			"When: <when>",
			"What: <what> <error> in <region> (CloudTrail event <id>)",
			"Store: " + store,
			"Do now: " + w.Do,
			"Runbook: " + w.Runbook(),
		},
		paths: map[string]string{
			"who": "$.detail.userIdentity.arn", "principal": "$.detail.userIdentity.principalId",
			"account": "$.detail.userIdentity.accountId", "service": "$.detail.userIdentity.invokedBy",
			"from": "$.detail.sourceIPAddress", "when": "$.detail.eventTime", "what": "$.detail.eventName", "error": "$.detail.errorCode",
			"region": "$.region", "id": "$.detail.eventID",
		},
	}
	for _, field := range about.fields {
		word := strings.NewReplacer(".", "", "[0]", "").Replace(field)
		m.lines[1] += " <" + word + ">"
		m.paths[word] = "$.detail." + about.in + "." + field
	}
	return m
}

// alarmMessage is an alarm; what it says is in its description.
var alarmMessage = message{
	lines: []string{"<says>", "When: <when>", "Alarm: <alarm>"},
	paths: map[string]string{
		"says": "$.detail.configuration.description", "when": "$.detail.state.timestamp", "alarm": "$.detail.alarmName",
	},
}

// text is the template for a reader: each line in quotation marks, as EventBridge demands.
func (m message) text() (string, error) {
	quoted := make([]string, len(m.lines))
	for i, line := range m.lines {
		text, err := marshal(line)
		if err != nil {
			return "", err
		}
		quoted[i] = text
	}
	return strings.Join(quoted, "\n"), nil
}

// json is the template for a webhook.
func (m message) json(body func(text string) any) (string, error) {
	return marshal(body(strings.Join(m.lines, "\n")))
}

func (m message) transformer(template string) cloudwatch.EventTargetInputTransformerArgs {
	return cloudwatch.EventTargetInputTransformerArgs{
		InputPaths: pulumi.ToStringMap(m.paths), InputTemplate: pulumi.String(template),
	}
}

// marshal leaves < and > as they are.
func marshal(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
