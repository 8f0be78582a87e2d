package alert

import "time"

// Firing is an alert that would have fired.
type Firing struct {
	Alert Alert
	// Event is the last one that counted. Of an alert that fires because nothing happened: no event, but the
	// time until which it was quiet, and the secret where each has Looks of its own.
	Event Event
	Since time.Time // of the first event that counted, or since when it was quiet
	Count int       // how many events counted
}
