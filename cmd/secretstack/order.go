package main

import (
	"slices"

	"github.com/secretstack/secretstack/alert"
)

// late is by how many other events an event can come too late and still be put in order.
const late = 25_000

// inOrder passes events on in the order of time. All of a log with fewer than twice as many as can be late are
// put in order, whatever order they come in: some commands print the newest record first.
type inOrder struct {
	events []alert.Event // not more than twice late
	ready  []alert.Event // the first ones, in order: one goes each time that one comes, so that no work piles up
	buffer []alert.Event // of ready
	next   func(alert.Event)
}

func (o *inOrder) add(e alert.Event) {
	o.events = append(o.events, e)
	if len(o.ready) > 0 {
		o.next(o.ready[0])
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
		o.next(e)
	}
}

func (o *inOrder) sort() {
	slices.SortStableFunc(o.events, func(a, b alert.Event) int { return a.Time.Compare(b.Time) })
}
