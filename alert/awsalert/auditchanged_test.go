package awsalert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
)

// Each call that blinds or rewires is told of by one of the rules, however many the deployers make them: what only blinds
// by whomever it is done, the rest not by a deployer, and nothing of what is another's.
func TestAuditChanged(t *testing.T) {
	const (
		byAnybody = true
		topic     = "arn:aws:sns:eu-west-1:444455556666:shop-prod-alerts"
	)
	s := store()
	s.Deployers = append(longRoles(8), deployer)
	s.Index()
	a := alert.ByID(alert.AuditChanged)
	parts, err := s.Split(a.When)
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, part := range parts {
		pattern, err := s.Only(part).EventPattern(a.When)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, pattern)
	}
	unwatched := store()
	unwatched.Bucket, unwatched.LogGroups, unwatched.Alerts = "", nil, ""

	told := func(source, call, parameters, who string, want bool) {
		t.Helper()
		record := fmt.Appendf(nil, `{"eventTime":"2026-03-02T09:15:30Z","eventSource":"%s.amazonaws.com","eventName":%q,`+
			`"awsRegion":"eu-west-1","recipientAccountId":"444455556666","userIdentity":%s,"requestParameters":%s}`, source, call, who, parameters)
		e, err := s.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Action != "" && alert.Match(a.When, e, &s.Watch, nil); got != want {
			t.Errorf("Match says %v, want %v, of %s", got, want, record)
		}
		event, matching := onBus(t, record), 0
		for _, pattern := range patterns {
			if eventBridge(t, pattern, event) {
				matching++
			}
		}
		if want && matching != 1 || !want && matching != 0 {
			t.Errorf("%d patterns match, want %v: %s", matching, want, record)
		}
		if e, err := unwatched.Decode(record); err != nil || source != "cloudtrail" && e.Action != "" {
			t.Errorf("is about what is not watched: %+v (%v)", e, err)
		}
	}
	for _, c := range []struct {
		source, calls, field, ours, others string
		byAnybody                          bool
	}{
		{"cloudtrail", "StopLogging DeleteTrail", `{"name":%s}`, `"shop-prod"`, `"shop-prod-2"`, byAnybody},
		{"cloudtrail", "UpdateTrail", `{"name":%s}`, `"` + s.Trail + `"`, `"` + s.Trail + `2"`, false},
		{"cloudtrail", "PutEventSelectors", `{"trailName":%s}`, `"shop-prod"`, `"shop"`, false},
		{"s3", "DeleteBucket DeleteBucketPolicy", `{"bucketName":%s}`, `"shop-prod-trail-444455556666"`, `"shop-prod-trail"`, byAnybody},
		{
			"s3", "PutBucketPolicy PutBucketLifecycle PutBucketVersioning PutBucketReplication PutBucketAcl PutBucketPublicAccessBlock " +
				"DeleteBucketPublicAccessBlock PutBucketEncryption", `{"bucketName":%s}`, `"shop-prod-trail-444455556666"`, `"shop-prod-trail-444455556666-old"`, false,
		},
		{"logs", "DeleteLogGroup DeleteLogStream", `{"logGroupName":%s}`, `"/secretstack/shop-prod/trail"`, `"/secretstack/shop-prod"`, byAnybody},
		{"logs", "PutRetentionPolicy", `{"logGroupName":%s}`, `"/secretstack/shop-prod/trail"`, `"/secretstack/shop-dev/trail"`, false},
		{"logs", "PutMetricFilter DeleteMetricFilter", `{"logGroupName":"/secretstack/shop-prod/trail","filterName":%s}`, `"shop-prod-alerts-denied-burst"`, `"logins"`, false},
		{"events", "PutRule EnableRule DisableRule DeleteRule", `{"name":%s}`, `"shop-prod-alerts-key-changed"`, `"shop-prod-alerts2-key-changed"`, false},
		{"events", "UpdateApiDestination DeleteApiDestination", `{"name":%s}`, `"shop-prod-alerts-teams-1"`, `"teams-1"`, false},
		{"events", "PutTargets RemoveTargets", `{"rule":%s}`, `"shop-prod-alerts-key-changed"`, `"key-changed"`, false},
		{"monitoring", "PutMetricAlarm", `{"alarmName":%s}`, `"shop-prod-alerts-undelivered"`, `"shop-prod-undelivered"`, false},
		{"monitoring", "DeleteAlarms DisableAlarmActions", `{"alarmNames":%s}`, `["web","shop-prod-alerts-read-burst"]`, `["web"]`, false},
		{"monitoring", "PutAlarmMuteRule", `{"name":"shop-prod-alerts-","muteTargets":{"alarmNames":%s}}`, `["web","shop-prod-alerts-read-burst"]`, `["web"]`, false},
		{"monitoring", "PutInsightRule", `{"ruleName":%s}`, `"shop-prod-alerts-read-burst"`, `"read-burst"`, false},
		{"monitoring", "DeleteInsightRules DisableInsightRules", `{"ruleNames":%s}`, `["shop-prod-alerts-read-burst"]`, `[]`, false},
		{"sns", "DeleteTopic SetTopicAttributes RemovePermission", `{"topicArn":%s}`, `"` + topic + `"`, `"` + topic + `-old"`, false},
		{"sns", "Unsubscribe SetSubscriptionAttributes", `{"subscriptionArn":%s}`, `"` + topic + `:6f1e"`, `"` + topic + `-old:6f1e"`, false},
		{
			"iam", "PutRolePolicy DeleteRolePolicy AttachRolePolicy PutRolePermissionsBoundary UpdateAssumeRolePolicy DeleteRole",
			`{"roleName":%s}`, `"shop-prod-alerts-trail"`, `"shop-prod-rotator"`, false,
		},
	} {
		for call := range strings.FieldsSeq(c.calls) {
			told(c.source, call, fmt.Sprintf(c.field, c.ours), somebody, true)
			told(c.source, call, fmt.Sprintf(c.field, c.ours), session(deployer), c.byAnybody)
			told(c.source, call, fmt.Sprintf(c.field, c.others), somebody, false)
			told(c.source, call, "null", somebody, false)
			if !slices.ContainsFunc(parts, func(p awsalert.Part) bool { return slices.Contains(p.Calls, c.source+".amazonaws.com:"+call) }) {
				t.Errorf("no part has %s", call)
			}
		}
	}
	if len(parts) < 3 {
		t.Errorf("%d parts do not show that they can be many", len(parts))
	}
}
