package aws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/e2e/needs"
)

const (
	trailLogs = "audit/management-events" // of the account's own trail, as prod names it
	sampleARN = "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:shop/prod/"
)

// TestTheft: what a thief does arrives, in words, with who hears of the alerts; what a reader or the rotator does, not. The
// records are the samples of the catalogue. moto does the matching, the counting and the delivery, with our corrections where
// it leaves these out (see e2e/motoserver).
func TestTheft(t *testing.T) {
	s, c := newStack(t, "prod")
	prebuilt(t, s)
	const canary = "canary-4f2d81"
	s.Encrypt("secretstack:alertURLs.slack[0]", "https://hooks.example.com/"+canary)
	s.Encrypt("secretstack:alertURLs.teams[0]", "https://teams.example.com/"+canary)
	t.Parallel()
	c.post("logs", "Logs_20140328.CreateLogGroup", map[string]any{"logGroupName": trailLogs}, nil)
	if _, err := s.Up(); err != nil {
		t.Fatal(err)
	}
	s.Want(s.Preview)
	if s.StateHas(canary) {
		t.Error("the URL of a channel is in the state")
	}
	queue := c.subscribe("arn:aws:sns:eu-west-1:" + account + ":shop-prod-alerts")

	counted := []alert.ID{alert.DeniedBurst, alert.RotationFailed} // by alarms, which stay on
	for _, step := range []struct {
		id    alert.ID
		file  string
		tells []string // besides what the alert is and what to do
	}{
		{alert.ReadByStranger, "quiet-reader-by-name", nil},
		{alert.ReadByStranger, "quiet-rotator", nil},
		{alert.ReadByStranger, "fires-admin-by-name", []string{"shop/prod/orders-db", "alice@example.com", "203.0.113.24", "2026-03-02T09:15:30Z"}},
		{alert.ReadByStranger, "fires-other-account", []string{"AROA533RBF5SREXAMPLE:checkout-5f6b8", "111122223333"}},
		{alert.SecretDeleted, "fires-scheduled", []string{"shop/prod/"}},
		{alert.AuditChanged, "fires-log-stream-deleted", []string{"/secretstack/shop-prod/shop-prod-rotator"}},
		{alert.DeniedBurst, "quiet-five", nil},
		{alert.DeniedBurst, "fires-one-secret", []string{"More than 5 within 5 minutes", trailLogs}},
		{alert.RotationFailed, "quiet-steps-ok", nil},
		{alert.RotationFailed, "fires-record", []string{"/secretstack/shop-prod/"}},
	} {
		before := ""
		if slices.Contains(counted, step.id) {
			before = c.alarm(step.id)
		}
		for _, record := range c.records(step.id, step.file) {
			c.happens(step.id, record)
		}
		if slices.Contains(counted, step.id) {
			want := "OK"
			if step.tells != nil {
				want = "ALARM"
			}
			if after := c.alarm(step.id); before != "OK" || after != want {
				t.Errorf("%s, %s: the alarm goes from %s to %s, want from OK to %s", step.id, step.file, before, after, want)
			}
		}
		got := c.received(queue)
		a := alert.ByID(step.id)
		switch fired := strings.Contains(got, a.Title); {
		case !fired && step.tells != nil:
			t.Errorf("%s, %s: nobody hears of it, but of %q", step.id, step.file, got)
		case fired && step.tells == nil:
			t.Errorf("%s, %s: it is told of: %s", step.id, step.file, got)
		case fired:
			for _, want := range append(step.tells, a.Do, a.Runbook()) {
				if !strings.Contains(got, want) {
					t.Errorf("%s, %s: does not say %q:\n%s", step.id, step.file, want, got)
				}
			}
		}
	}
}

// records are those of a sample, as they would be in this account.
func (c *cloud) records(id alert.ID, file string) (records []json.RawMessage) {
	c.Helper()
	data, err := os.ReadFile(filepath.Join(needs.Root(c), "alert", "awsalert", "testdata", string(id), file+".json"))
	if err != nil {
		c.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("444455556666"), []byte(account))
	for _, name := range names {
		suffix := strings.TrimPrefix(*c.describe(name).ARN, sampleARN+name)
		data = regexp.MustCompile(regexp.QuoteMeta(sampleARN+name)+`-[A-Za-z0-9]{6}"`).ReplaceAll(data, []byte(sampleARN+name+suffix+`"`))
	}
	var sample struct {
		Records []json.RawMessage
		Repeat  int
	}
	if err := json.Unmarshal(data, &sample); err != nil {
		c.Fatal(err)
	}
	for range max(sample.Repeat, 1) {
		records = append(records, sample.Records...)
	}
	return records
}

// happens does what AWS does with a record: CloudTrail sends it to the event bus and to its log group, a rotator to its own.
func (c *cloud) happens(id alert.ID, record json.RawMessage) {
	c.Helper()
	group := trailLogs
	if id == alert.RotationFailed {
		group = "/secretstack/shop-prod/shop-prod-rotator"
	} else {
		var of struct{ EventSource string }
		if err := json.Unmarshal(record, &of); err != nil {
			c.Fatal(err)
		}
		c.post("events", "AWSEvents.PutEvents", map[string]any{"Entries": []any{map[string]any{
			"Source":     "aws." + strings.TrimSuffix(of.EventSource, ".amazonaws.com"),
			"DetailType": "AWS API Call via CloudTrail", "Detail": string(record),
		}}}, nil)
	}
	stream := fmt.Sprint(time.Now().UnixNano())
	c.post("logs", "Logs_20140328.CreateLogStream", map[string]any{"logGroupName": group, "logStreamName": stream}, nil)
	c.post("logs", "Logs_20140328.PutLogEvents", map[string]any{
		"logGroupName": group, "logStreamName": stream,
		"logEvents": []any{map[string]any{"timestamp": time.Now().UnixMilli(), "message": string(record)}},
	}, nil)
}

// alarm gives the state of an alert's alarm.
func (c *cloud) alarm(id alert.ID) string {
	c.Helper()
	var answer struct{ MetricAlarms []struct{ StateValue string } }
	c.post("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", map[string]any{"AlarmNames": []string{"shop-prod-alerts-" + string(id)}}, &answer)
	if len(answer.MetricAlarms) != 1 {
		c.Fatalf("%s has %d alarms", id, len(answer.MetricAlarms))
	}
	return answer.MetricAlarms[0].StateValue
}

// subscribe gives the URL of a queue that gets what a topic's subscribers do.
func (c *cloud) subscribe(topic string) string {
	c.Helper()
	var made struct{ QueueURL string }
	c.post("sqs", "AmazonSQS.CreateQueue", map[string]any{"QueueName": "oncall"}, &made)
	c.ask("sns", "/?"+url.Values{
		"Action": {"Subscribe"}, "Version": {"2010-03-31"}, "TopicArn": {topic}, "Protocol": {"sqs"},
		"Endpoint": {"arn:aws:sqs:eu-west-1:" + account + ":oncall"},
	}.Encode())
	return made.QueueURL
}

// received is all that a queue has, which then has nothing.
func (c *cloud) received(queue string) string {
	c.Helper()
	var all strings.Builder
	for {
		var got struct {
			Messages []struct{ Body, ReceiptHandle string }
		}
		c.post("sqs", "AmazonSQS.ReceiveMessage", map[string]any{"QueueUrl": queue, "MaxNumberOfMessages": 10}, &got)
		if len(got.Messages) == 0 {
			return all.String()
		}
		for _, m := range got.Messages {
			var envelope struct{ Message string }
			if err := json.Unmarshal([]byte(m.Body), &envelope); err != nil {
				c.Fatal(err)
			}
			fmt.Fprintln(&all, envelope.Message)
			c.post("sqs", "AmazonSQS.DeleteMessage", map[string]any{"QueueUrl": queue, "ReceiptHandle": m.ReceiptHandle}, nil)
		}
	}
}
