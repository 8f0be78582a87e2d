package main

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/secretstack/secretstack/alert"
)

func TestInOrder(t *testing.T) {
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	newestFirst := func(i, n int) int { return n - i }
	nearly := func(i, _ int) int { return i + rand.IntN(late) }
	for name, tt := range map[string]struct {
		n  int
		at func(i, n int) int // in seconds
	}{
		"none":                  {0, nearly},
		"newest first":          {2*late - 1, newestFirst},
		"in order":              {7*late + 11, func(i, _ int) int { return i }},
		"as late as is allowed": {7*late + 11, nearly},
		"all at the same time":  {5 * late, func(int, int) int { return 0 }},
	} {
		var passed []alert.Event
		o := inOrder{next: func(e alert.Event) { passed = append(passed, e) }}
		for i := range tt.n {
			o.add(alert.Event{Time: begin.Add(time.Duration(tt.at(i, tt.n)) * time.Second), ID: strconv.Itoa(i)})
		}
		o.end()
		if len(passed) != tt.n {
			t.Errorf("%s: %d of %d events", name, len(passed), tt.n)
		}
		for i := 1; i < len(passed); i++ {
			if passed[i].Time.Before(passed[i-1].Time) {
				t.Errorf("%s: the event %d is out of order", name, i)
				break
			}
		}
	}
}

// TestInOrderOnce: what is given twice counts once; another event with the same ID, and what has none, counts.
func TestInOrderOnce(t *testing.T) {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	a := alert.Event{Time: at, ID: "a", Secret: "orders-db"}
	other, later, nameless := a, a, a
	other.Secret, later.Time, nameless.ID = "stripe-api-key", at.Add(time.Second), ""
	var passed []alert.Event
	o := inOrder{next: func(e alert.Event) { passed = append(passed, e) }}
	for _, e := range []alert.Event{a, {Time: at, ID: "b"}, other, nameless, later, nameless, other, a, a} {
		o.add(e)
	}
	o.end()
	if want := []alert.Event{nameless, nameless, a, other, {Time: at, ID: "b"}, later}; !slices.Equal(passed, want) || o.twice != 3 {
		t.Errorf("passed on %v, and %d were given twice", passed, o.twice)
	}
	long := inOrder{next: func(alert.Event) {}}
	for i := range 6 * late { // each twice, near each other
		long.add(alert.Event{Time: at.Add(time.Duration(i/2) * time.Second), ID: strconv.Itoa(i / 2)})
	}
	if long.end(); long.twice != 3*late || cap(long.alike) > 2 {
		t.Errorf("of a long log %d of %d were given twice; %d held back", long.twice, 3*late, cap(long.alike))
	}
}
