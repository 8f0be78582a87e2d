package main

import (
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
)

// logForms are those in which an audit log comes from each cloud.
var logForms = map[string]string{
	awssecret.Limits.Name: `CloudTrail's files, what "aws cloudtrail lookup-events" and "aws logs filter-log-events" print, ` +
		"exports of CloudWatch Logs, and JSON lines",
	gcpsecret.Limits.Name:   `what "gcloud logging read --format=json" prints, and JSON lines`,
	azuresecret.Limits.Name: `what "az monitor log-analytics query" prints, the files of a diagnostic setting, and JSON lines`,
	localsecret.Limits.Name: "the JSON lines of the access log",
}

// records says whose records a stack's alerts are about.
func (k known) records() string {
	switch k.Config.Cloud {
	case awssecret.Limits.Name:
		account := root.FindStringSubmatch(strings.Join(k.all("aws:kms/key:Key", "policy"), " "))
		return fmt.Sprintf("CloudTrail's of the account %s in %s, about secrets named %s…, or its rotator's",
			account[2], k.Setting("aws:region"), k.prefix(verbatim))
	case gcpsecret.Limits.Name:
		return fmt.Sprintf("Cloud Logging's of the project %s, about secrets named %s…, or its rotator's",
			k.Setting("gcp:project"), k.prefix(func(name string) string { return secret.Escape(name, "_") }))
	case azuresecret.Limits.Name:
		return fmt.Sprintf("Azure Monitor's of the vault %s, or its rotator's", k.Config.Azure.Vault)
	}
	return "those of the access log of the stack " + k.Name
}

// whoseRecord says what a record of any cloud's log is.
func whoseRecord(text []byte) string {
	r := gjson.ParseBytes(text)
	if detail := r.Get("detail"); detail.IsObject() { // of EventBridge
		r = detail
	}
	field := func(paths ...string) string {
		for _, path := range paths {
			if v := r.Get(path).Str; v != "" {
				return printable(v)
			}
		}
		return ""
	}
	switch {
	case field("eventSource") != "":
		return fmt.Sprintf("CloudTrail's of the account %s in %s", field("recipientAccountId"), field("awsRegion"))
	case field("logName") != "":
		owner, _, _ := strings.Cut(field("logName"), "/logs/")
		return "Cloud Logging's of " + owner
	case field("Type", "category") != "":
		return "Azure Monitor's of " + field("_ResourceId", "resourceId", "JobName")
	case strings.HasPrefix(field("msg"), "rotation"):
		return "a rotator's"
	}
	return "of no audit log that is known"
}
