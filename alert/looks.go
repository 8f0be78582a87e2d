package alert

import (
	"slices"
	"time"
)

// looks are the times at which something came that must not stop coming.
type looks struct {
	last    time.Time   // up to which silences are told
	pending []time.Time // after it, in order: between them others may still come late
}

func (l *looks) add(t time.Time) {
	t = t.Truncate(time.Second) // so that pending is short, however many come
	if i, found := slices.BinarySearchFunc(l.pending, t, time.Time.Compare); !found && t.After(l.last) {
		l.pending = slices.Insert(l.pending, i, t)
	}
}

// next takes the first pending time, if it is not after until.
func (l *looks) next(until time.Time) (time.Time, bool) {
	if len(l.pending) == 0 || l.pending[0].After(until) {
		return time.Time{}, false
	}
	t := l.pending[0]
	l.pending = l.pending[1:]
	return t, true
}
