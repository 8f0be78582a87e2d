// Package alert is the catalogue of what is watched, one definition for all clouds.
//
// An [Alert] is plain data: its severity, what it says, what to do then, and a [Condition] over the [Event]s of
// an audit log. A condition says the same everywhere. A cloud's package (alert/awsalert, alert/gcpalert,
// alert/azurealert, alert/localalert) reads the cloud's own records as events, and writes conditions in the
// cloud's own languages, so that the cloud does the watching. [Replay] watches here: it takes a log's events
// through the same conditions and says what would have fired.
//
// Do not use this package to provision alerts: the components of each cloud do that, as Alerts.
package alert
