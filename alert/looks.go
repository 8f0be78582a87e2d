package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// looks are what must not stop coming, by secret; without one where what comes is for all.
type looks struct {
	secrets []string
	last    map[string]time.Time // up to which silences are told. Zero: nothing came so far
	pending []look               // after it, in order: between them others may still come late
}

type look struct {
	at     time.Time
	secret string
}

func newLooks(secrets []string) *looks {
	if len(secrets) == 0 {
		secrets = []string{""}
	}
	l := &looks{secrets: secrets, last: make(map[string]time.Time, len(secrets))}
	for _, s := range secrets {
		l.last[s] = time.Time{}
	}
	return l
}

// add takes one that came. Those at other secrets are of no concern.
func (l *looks) add(e Event) {
	one := look{e.Time.Truncate(time.Second), strings.Clone(e.Secret)} // so that pending is short, however many come
	if _, forAll := l.last[""]; forAll {
		one.secret = ""
	}
	last, awaited := l.last[one.secret]
	i, found := slices.BinarySearchFunc(l.pending, one, func(a, b look) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.secret, b.secret))
	})
	if awaited && !found && one.at.After(last) {
		l.pending = slices.Insert(l.pending, i, one)
	}
}

// next takes the first pending one, if it did not come after until.
func (l *looks) next(until time.Time) (look, bool) {
	if len(l.pending) == 0 || l.pending[0].at.After(until) {
		return look{}, false
	}
	first := l.pending[0]
	l.pending = l.pending[1:]
	return first, true
}
