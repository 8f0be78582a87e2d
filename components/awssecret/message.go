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

// subjects are where an event says what it is about. Zero: the secret that a request names.
var subjects = map[alert.ID]struct{ label, path string }{
	alert.KeyChanged:        {"Key", "$.detail.requestParameters.keyId"},
	alert.AuditChanged:      {"Request", "$.detail.requestParameters"},
	alert.RotationFailed:    {"Secret", "$.detail.additionalEventData.SecretId"},
	alert.RotationAbandoned: {"Secret", "$.detail.additionalEventData.SecretId"},
}

// newMessage says what an event of an alert is. A word that the event has nothing for is empty:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html.
func newMessage(w alert.Alert, store string) message {
	subject := subjects[w.ID]
	if subject.label == "" {
		subject.label, subject.path = "Secret", "$.detail.requestParameters.secretId"
	}
	return message{
		lines: []string{
			"[" + string(w.Severity) + "] " + w.Title + ".",
			subject.label + ": <subject>",
			"Who: <who>",
			"From: <from>",
			"When: <when>",
			"What: <what> <error> in <region> (CloudTrail event <id>)",
			"Store: " + store,
			"Do now: " + w.Do,
			"Runbook: " + w.Runbook(),
		},
		paths: map[string]string{
			"subject": subject.path, "who": "$.detail.userIdentity.arn", "from": "$.detail.sourceIPAddress",
			"when": "$.detail.eventTime", "what": "$.detail.eventName", "error": "$.detail.errorCode",
			"region": "$.region", "id": "$.detail.eventID",
		},
	}
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
