// Package records tells which of CloudTrail's records a pattern matches: an event pattern of EventBridge, a metric
// filter of CloudWatch Logs, or a rule of Contributor Insights. It answers "could this alarm be about that call?", of
// which only some fields are known; who calls, and from where, may be anything.
package records
