package alert

import (
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// counted is for how many keys a rule counts. Beyond it the count of the one quiet for the longest time begins anew.
	counted = 10_000
	// A window has so many buckets, which is how finely it slides.
	buckets = 60
)

// counts are one rule's events, by key, in windows that slide with the events' own times.
type counts struct {
	within, width time.Duration
	keys          *simplelru.LRU[string, *window]
	tooLate       int // to be counted
}

// window has the buckets of the time within which events count, and of Late before it.
type window struct {
	ring   []bucket
	newest int64 // the number of the last bucket
	fired  int64 // the number of the last bucket for which there were too many
}

type bucket struct {
	n     int32
	first time.Duration // of the first event, after the bucket's beginning
}

func newCounts(within time.Duration) *counts {
	return &counts{within: within, width: within / buckets, keys: lru[string, *window](counted)}
}

// add counts an event. Where there are more than over within the time, for the first time since a whole window without,
// it gives how many there are and since when.
func (c *counts) add(key string, t time.Time, over int) (n int, since time.Time) {
	at := t.UnixNano() / int64(c.width)
	w, ok := c.keys.Get(key)
	if !ok {
		w = &window{ring: make([]bucket, buckets+int(Late/c.width)), newest: at, fired: at - 2*buckets}
		c.keys.Add(strings.Clone(key), w)
	}
	w.slide(at)
	if w.newest-at >= int64(len(w.ring)) {
		c.tooLate++
		return 0, time.Time{}
	}
	b, offset := w.at(at), time.Duration(t.UnixNano()-at*int64(c.width))
	if b.n == 0 || offset < b.first {
		b.first = offset
	}
	b.n++
	// An event that comes late may fill any window that it is in.
	for end := at; end <= min(at+buckets-1, w.newest); end++ {
		n, since := w.count(end)
		if n <= over {
			continue
		}
		fresh := end-w.fired >= buckets || w.fired-end >= buckets
		w.fired = max(w.fired, end)
		if fresh {
			return n, time.Unix(0, since*int64(c.width)+int64(w.at(since).first)).UTC()
		}
		return 0, time.Time{}
	}
	return 0, time.Time{}
}

func (w *window) at(number int64) *bucket {
	size := int64(len(w.ring))
	return &w.ring[(number%size+size)%size] // a time before 1970 has a negative number
}

// slide empties the buckets from the newest to number.
func (w *window) slide(number int64) {
	for i := max(w.newest+1, number-int64(len(w.ring))+1); i <= number; i++ {
		*w.at(i) = bucket{}
	}
	w.newest = max(w.newest, number)
}

// count gives the number of events in the window that ends with a bucket, and the first bucket that has one.
func (w *window) count(end int64) (n int, first int64) {
	for i := max(end-buckets+1, w.newest-int64(len(w.ring))+1); i <= end; i++ {
		if b := w.at(i); b.n > 0 {
			if n == 0 {
				first = i
			}
			n += int(b.n)
		}
	}
	return n, first
}
