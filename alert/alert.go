package alert

import "time"

// ID names an alert: in a stack's configuration, in what the cloud sends, and in docs/alerts.md.
type ID string

// Severity is how soon somebody has to look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // now, also at night
	High     Severity = "high"     // within the hour
	Medium   Severity = "medium"   // on the same working day
)

// Alert is one entry of the catalogue.
type Alert struct {
	ID       ID
	Severity Severity
	Title    string // what has happened
	Do       string // what to do now, in short; Runbook has the whole

	// When holds for the events that count.
	When Condition
	// Count says how many of them fire the alert. Nil: each one.
	Count *Count
	// Quiet, where it is not zero, turns the alert round: it fires where no such event came for so long:
	// see Watch.Silence.
	Quiet time.Duration
}

// Count fires an alert where more than Over events come Within a time.
type Count struct {
	Over   int
	Within time.Duration
	Per    Per
}

// Per says what events are counted together.
type Per string

// What events can be counted per.
const (
	PerStore  Per = "store"
	PerSecret Per = "secret"
)

// Runbook is where the alert's page section is.
func (a Alert) Runbook() string {
	return "https://github.com/secretstack/secretstack/blob/main/docs/alerts.md#" + string(a.ID)
}
