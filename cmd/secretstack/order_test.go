package main

import (
	"math/rand/v2"
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
			o.add(alert.Event{Time: begin.Add(time.Duration(tt.at(i, tt.n)) * time.Second), ID: string(rune(i))})
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
