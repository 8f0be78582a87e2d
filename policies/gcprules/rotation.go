package gcprules

import (
	"slices"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

var (
	schedulerType   = token("cloudscheduler", "Job")
	secretGrantType = token("secretmanager", "SecretIamMember")
	regionalGrant   = token("secretmanager", "RegionalSecretIamMember")
)

// rotate is the type of the message at which a secret is to be rotated:
// https://cloud.google.com/secret-manager/docs/event-notifications.
const rotate = "SECRET_ROTATE"

var secretRotation = policy.Rule{
	Name:     "gcp-secret-rotation",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Something says regularly that it is time to rotate a secret",
	Why: "A credential that leaked works until it is replaced. Secret Manager changes no value by itself: it sends a message to Pub/Sub " +
		"when it is time, and without topics and a period it does not even that. Whether a rotator listens, this rule cannot see.",
	Fix: "Set rotation.rotationPeriod, rotation.nextRotationTime and topics; or make a job of Cloud Scheduler that sends the message, with the " +
		"attributes eventType=SECRET_ROTATE and secretId. Then have a service subscribe to the topic and rotate.",
	Covers: []string{"prowler:secretmanager_secret_rotation_enabled", "prancer:PR-GCP-CLD-SCR-002", "hardhat:rotation"},
	Sources: []string{
		"https://cloud.google.com/secret-manager/docs/secret-rotation",
		"https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "The most days from one rotation to the next", Default: 90, Minimum: number(1), Maximum: number(3650),
	}},
	Types: secretTypes,
	Joins: []string{schedulerType, secretGrantType, regionalGrant},
	Check: func(s policy.Subject) []policy.Finding {
		rotation, topics := s.Get("rotation"), s.Get("topics")
		if rotation.Absent() {
			return clocked(s)
		}
		if rotation.Unknown() {
			return []policy.Finding{s.Unknown(rotation)}
		}
		period := rotation.At("rotationPeriod")
		if period.Text() == "" && !period.Unknown() {
			return []policy.Finding{s.Fail(rotation, "It has a time but no period, so it is rotated once and never again.")}
		}
		every, _ := duration(period)
		often := func(policy.Value) bool { return every > 0 && every <= time.Duration(s.Int("days"))*day }
		findings := s.Require(period, often, "From one rotation to the next it is %s, more than %d days.", period, s.Int("days"))
		some := func(v policy.Value) bool { return len(v.Items()) > 0 }
		return append(findings, s.Require(topics, some, "There is no topic, so nobody is told when it is time.")...)
	},
}

// clocked looks for a job of Cloud Scheduler that sends the message.
func clocked(s policy.Subject) []policy.Finding {
	jobs, maybe := jobsFor(s)
	if len(jobs) == 0 {
		if len(maybe) > 0 {
			return []policy.Finding{s.Unknown(s.Get("rotation"))}
		}
		return []policy.Finding{s.Fail(policy.Value{}, "Nothing says when it is to be rotated: neither Secret Manager nor a job of Cloud Scheduler.")}
	}
	var findings []policy.Finding
	for _, job := range jobs {
		paused, schedule := job.Get("paused"), job.Get("schedule")
		gap, ok := longestGap(schedule.Text())
		switch {
		case paused.True():
			findings = append(findings, s.Fail(policy.Value{}, "The job of Cloud Scheduler that says when, %s, is paused.", job.Name))
		case paused.Unknown(), schedule.Unknown():
			findings = append(findings, s.Unknown(s.Get("rotation")))
		case !ok:
			findings = append(findings, s.Fail(policy.Value{}, "The schedule of its job of Cloud Scheduler, %s, is none in cron: %s.", job.Name, schedule))
		case gap > s.Int("days"):
			findings = append(findings, s.Fail(policy.Value{}, "Its job of Cloud Scheduler, %s, lets %d days pass, more than %d.", job.Name, gap, s.Int("days")))
		default:
			return nil
		}
	}
	return findings
}

// jobsFor finds the jobs that send the message for a secret: those whose message names it, and those that send the
// message and wait for what the secret's rotator may do with it. The latter name what their rotator wants to be told.
func jobsFor(s policy.Subject) (jobs, maybe []*policy.Resource) {
	to := *s.Resource
	if project, id := s.Output("project").Text(), s.Get("secretId").Text(); project != "" && id != "" {
		to.ID = "projects/" + project + "/secrets/" + id
	}
	jobs, maybe = s.Graph.Referrers(&to, schedulerType, "pubsubTarget.attributes.secretId")
	byHTTP, _ := s.Graph.Referrers(&to, schedulerType, "httpTarget.body")
	jobs = append(jobs, byHTTP...)

	grantType := secretGrantType
	if s.Type == regionalSecretType {
		grantType = regionalGrant
	}
	grants, _ := s.Graph.Referrers(s.Resource, grantType, "secretId")
	for _, on := range append(grants, s.Resource) {
		for _, job := range s.Graph.Dependents(on, schedulerType) {
			if job.Get("pubsubTarget.attributes.eventType").Text() == rotate && !slices.Contains(jobs, job) {
				jobs = append(jobs, job)
			}
		}
	}
	return jobs, maybe
}
