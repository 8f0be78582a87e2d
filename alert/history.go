package alert

import (
	"net/netip"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Baseline is for how long a caller and an address are remembered.
const Baseline = 14 * 24 * time.Hour

// remembered is how many callers and how many addresses, each of one secret, a Replay remembers. Beyond it the one not
// seen for the longest time is forgotten, and so is new when it comes again.
const remembered = 100_000

// history is who has read which secret, and from where.
type history struct {
	who  *simplelru.LRU[caller, time.Time]
	from *simplelru.LRU[address, time.Time]
}

type caller struct{ secret, who string }

type address struct {
	secret string
	from   netip.Addr
}

func newHistory() *history {
	return &history{who: lru[caller, time.Time](remembered), from: lru[address, time.Time](remembered)}
}

// Who tells whether the event's caller has read its secret.
func (h *history) Who(e Event) bool { return seen(h.who, caller{e.Secret, e.Who}, e.Time) }

// From tells whether the event's secret was read from its address.
func (h *history) From(e Event) bool { return seen(h.from, address{e.Secret, e.From}, e.Time) }

func seen[K comparable](l *simplelru.LRU[K, time.Time], key K, now time.Time) bool {
	last, ok := l.Peek(key)
	return ok && now.Sub(last) <= Baseline
}

func (h *history) add(e Event) {
	keep(h.who, caller{e.Secret, e.Who}, e.Time, func(k caller) caller {
		return caller{strings.Clone(k.secret), strings.Clone(k.who)} // else the key holds on to a whole record
	})
	keep(h.from, address{e.Secret, e.From}, e.Time, func(k address) address {
		return address{strings.Clone(k.secret), k.from}
	})
}

// keep remembers the later time, as events come out of order.
func keep[K comparable](l *simplelru.LRU[K, time.Time], key K, t time.Time, clone func(K) K) {
	if last, ok := l.Get(key); !ok {
		l.Add(clone(key), t)
	} else if last.Before(t) {
		l.Add(key, t)
	}
}

// lru is a map that forgets what was not asked for the longest time.
func lru[K comparable, V any](size int) *simplelru.LRU[K, V] {
	l, err := simplelru.NewLRU[K, V](size, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return l
}
