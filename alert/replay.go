package alert

import (
	"cmp"
	"slices"
	"time"
)

// Late is how much later than the records after it a record of a log may come and still count where it belongs.
// CloudTrail delivers within five minutes on average, and in no order
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html).
const Late = 15 * time.Minute

// Replay takes a log's events through alerts and says what would have fired. It goes by the events' own times, and
// takes the same memory for a log of any length.
type Replay struct {
	// From is when to begin: events before it are only remembered, for what is quiet and who is new. Zero: with the
	// first event; then nobody is new in the first two weeks, as nobody can know who came before.
	From time.Time

	watch   *Watch
	rules   []*rule
	history *history
	first   time.Time
	newest  time.Time
}

// rule is an alert with what it has to remember.
type rule struct {
	Alert
	counts *counts // nil: it does not count
	looks  *looks  // nil: it is not about silence
}

// NewReplay replays through alerts, as Settings.Active gives them.
func NewReplay(w *Watch, alerts []Alert) *Replay {
	w.Index()
	r := &Replay{watch: w, history: newHistory()}
	for _, a := range alerts {
		rule := &rule{Alert: a}
		switch {
		case a.Quiet > 0:
			rule.Quiet = w.Silence(a)
			rule.looks = newLooks(w.Looks)
		case a.Count != nil:
			rule.counts = newCounts(a.Count.Within)
		}
		r.rules = append(r.rules, rule)
	}
	return r
}

// Add takes the next event. One without an action is of no concern.
func (r *Replay) Add(e Event) []Firing {
	if e.Action == "" {
		return nil
	}
	if r.first.IsZero() || e.Time.Before(r.first) {
		r.first = e.Time
	}
	if e.Time.After(r.newest) {
		r.newest = e.Time
	}
	var firings []Firing
	for _, rule := range r.rules {
		switch matches := Match(rule.When, e, r.watch, r.known(e)); {
		case rule.looks != nil:
			if matches {
				rule.looks.add(e)
			}
			firings = append(firings, r.silences(rule, r.newest.Add(-Late))...)
		case !matches || e.Time.Before(r.From):
		case rule.counts == nil:
			firings = append(firings, Firing{Alert: rule.Alert, Event: e, Since: e.Time, Count: 1})
		default:
			key := ""
			if rule.Count.Per == PerSecret {
				key = e.Secret
			}
			if n, since := rule.counts.add(key, e.Time, r.over(rule, e)); n > 0 {
				firings = append(firings, Firing{Alert: rule.Alert, Event: e, Since: since, Count: n})
			}
		}
	}
	if e.Action == Read && e.Outcome == OK && e.Secret != "" {
		r.history.add(e)
	}
	return firings
}

// End says what has been quiet for too long at the end of the log. Zero: the end is the last event.
func (r *Replay) End(until time.Time) []Firing {
	if until.IsZero() {
		until = r.newest
	}
	var firings []Firing
	for _, rule := range r.rules {
		if rule.looks == nil {
			continue
		}
		firings = append(firings, r.silences(rule, until)...)
		for _, secret := range rule.looks.secrets {
			firings = append(firings, r.silence(rule, look{until, secret})...)
		}
	}
	slices.SortStableFunc(firings, func(a, b Firing) int { return a.Event.Time.Compare(b.Event.Time) })
	return firings
}

// TooLate says how many events came so much later than others that an alert that counts has not counted them.
func (r *Replay) TooLate() int {
	most := 0
	for _, rule := range r.rules {
		if rule.counts != nil {
			most = max(most, rule.counts.tooLate)
		}
	}
	return most
}

// silences takes what a rule has seen until a time, before which nothing is expected any more.
func (r *Replay) silences(rule *rule, until time.Time) (firings []Firing) {
	for {
		next, ok := rule.looks.next(until)
		if !ok {
			return firings
		}
		if !next.at.Before(r.From) {
			firings = append(firings, r.silence(rule, next)...)
		}
		rule.looks.last[next.secret] = next.at
	}
}

// silence tells whether it was quiet for too long until a time: since what a rule waits for last came, or since the
// log begins.
func (r *Replay) silence(rule *rule, until look) []Firing {
	since := rule.looks.last[until.secret]
	if since.IsZero() {
		since = r.first
	}
	if until.at.Sub(since) <= rule.Quiet {
		return nil
	}
	return []Firing{{Alert: rule.Alert, Event: Event{Time: until.at, Secret: until.secret}, Since: since}}
}

// over is how many events are still normal.
func (r *Replay) over(rule *rule, e Event) int {
	burst := 0
	if s := r.watch.secret(e.Secret); s != nil && rule.ID == ReadBurst {
		burst = s.Burst
	}
	return cmp.Or(burst, rule.Count.Over)
}

// known is the history, once it is long enough to tell who is new.
func (r *Replay) known(e Event) History {
	begin := r.From
	if begin.IsZero() {
		begin = r.first.Add(Baseline)
	}
	if e.Time.Before(begin) {
		return nil
	}
	return r.history
}
