package main

import (
	"cmp"
	"slices"

	"github.com/secretstack/secretstack/alert"
)

// late is by how many other events an event can come too late and still be put in order.
const late = 25_000

// inOrder passes events on in the order of time. All of a log with fewer than twice as many as can be late are
// put in order, whatever order they come in: some commands print the newest record first. What is given twice is then
// side by side, and passed on once.
type inOrder struct {
	events []alert.Event // not more than twice late
	ready  []alert.Event // the first ones, in order: one goes each time that one comes, so that no work piles up
	buffer []alert.Event // of ready
	next   func(alert.Event)

	alike []alert.Event // the last ones passed on, of one time and ID
	twice int           // how many were given again
}

func (o *inOrder) add(e alert.Event) {
	o.events = append(o.events, e)
	if len(o.ready) > 0 {
		o.pass(o.ready[0])
		o.ready = o.ready[1:]
	}
	if len(o.events) == 2*late { // and so all that was ready is gone
		o.sort()
		o.buffer = append(o.buffer[:0], o.events[:late]...)
		o.ready, o.events = o.buffer, slices.Delete(o.events, 0, late)
	}
}

func (o *inOrder) end() {
	o.sort()
	for _, e := range slices.Concat(o.ready, o.events) {
		o.pass(e)
	}
}

// pass goes by the whole event, as another can have its ID: Azure's is of a request, and the caller may choose it.
func (o *inOrder) pass(e alert.Event) {
	if len(o.alike) > 0 && byTime(o.alike[0], e) != 0 {
		o.alike = o.alike[:0]
	}
	if e.ID != "" {
		if slices.Contains(o.alike, e) {
			o.twice++
			return
		}
		o.alike = append(o.alike, e)
	}
	o.next(e)
}

func (o *inOrder) sort() {
	slices.SortStableFunc(o.events, byTime)
}

func byTime(a, b alert.Event) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) }
