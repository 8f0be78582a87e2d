package load_test

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/time/rate"
)

// A call is one that a rotator makes, by what it counts for; or a wait.
type call int

const (
	target call = iota // of the database: the targets of rotations are ones with two users and an administrator
	settle             // a wait of azurestore's, until Key Vault shows what was written
	access             // Google's word for reading a value
	read
	write  // all other changes
	create // of a version
)

func count(trace []call, what call) (n int) {
	for _, c := range trace {
		if c == what {
			n++
		}
	}
	return n
}

// pace is how long calls take.
type pace struct{ cloud, target time.Duration }

var (
	// quick is the worst for what is counted by the second.
	quick = pace{10 * time.Millisecond, 10 * time.Millisecond}
	// slow is the worst for what is at work at once. It is a guess on the safe side, for a cloud that is called from its
	// own region and for a database in the same network.
	slow = pace{100 * time.Millisecond, 2 * time.Second}
)

func (p pace) of(c call) time.Duration {
	switch c {
	case target:
		return p.target
	case settle:
		return 5 * time.Second
	default:
		return p.cloud
	}
}

// world is one day, in which things happen in the order of their times.
type world struct {
	pace
	now   time.Duration // since midnight
	rand  *rand.Rand
	queue queue
	calls map[call][]time.Duration
}

func newWorld(p pace) *world {
	return &world{pace: p, rand: rand.New(rand.NewPCG(1, 2)), calls: map[call][]time.Duration{}}
}

const day = 24 * time.Hour

// anyTime is a random time of the day.
func (w *world) anyTime() time.Duration { return time.Duration(w.rand.Int64N(int64(day))) }

func (w *world) after(d time.Duration, do func()) {
	heap.Push(&w.queue, event{w.now + d, do})
}

func (w *world) run() {
	for len(w.queue) > 0 {
		e := heap.Pop(&w.queue).(event)
		w.now = e.at
		e.do()
	}
}

// play makes one call after the other.
func (w *world) play(trace []call, done func()) {
	at := w.now
	for _, c := range trace {
		w.calls[c] = append(w.calls[c], at)
		at += w.of(c)
	}
	w.after(at-w.now, done)
}

// playLimited makes each call when a limiter lets it, which gives how long that is.
func (w *world) playLimited(trace []call, wait func(call) time.Duration, done func()) {
	if len(trace) == 0 {
		done()
		return
	}
	c := trace[0]
	begin := w.now + wait(c)
	w.calls[c] = append(w.calls[c], begin)
	w.after(begin+w.of(c)-w.now, func() { w.playLimited(trace[1:], wait, done) })
}

// busiest is the most calls within any time of this length. Each counts as much as its weight says.
func (w *world) busiest(window time.Duration, weights map[call]float64) (most float64) {
	type counted struct {
		at     time.Duration
		weight float64
	}
	var all []counted
	for c, weight := range weights {
		for _, at := range w.calls[c] {
			all = append(all, counted{at, weight})
		}
	}
	slices.SortFunc(all, func(a, b counted) int { return int(a.at - b.at) })
	sum, first := 0.0, 0
	for _, c := range all {
		sum += c.weight
		for ; all[first].at <= c.at-window; first++ {
			sum -= all[first].weight
		}
		most = max(most, sum)
	}
	return most
}

// reserve gives how long a limiter makes n calls wait.
func (w *world) reserve(l *rate.Limiter, n int) time.Duration {
	return l.ReserveN(time.Time{}.Add(w.now), n).DelayFrom(time.Time{}.Add(w.now))
}

// duty is when a secret is due for a rotation and when the version before for its retirement; never, once it is done.
type duty struct{ rotate, retire time.Duration }

const never = 1000 * day

// visit gives the calls of a clock's visit, and how late it comes for what it does.
func (d *duty) visit(now time.Duration, t traces) (calls []call, late time.Duration) {
	calls = t.look
	if now >= d.rotate {
		calls, late, d.rotate = t.rotate, now-d.rotate, never
	}
	if now >= d.retire {
		calls, late, d.retire = append(slices.Clone(calls), t.retire...), max(late, now-d.retire), never
	}
	return calls, late
}

// slots are how many may be at work at once.
type slots struct {
	of, busy, most int
	waiting        []*func()
}

func (s *slots) take() bool {
	if s.busy == s.of {
		return false
	}
	s.busy++
	s.most = max(s.most, s.busy)
	return true
}

// wait takes a slot for do as soon as one is free, or calls late if that is not in time.
func (s *slots) wait(w *world, patience time.Duration, do, late func()) {
	if s.take() {
		do()
		return
	}
	s.waiting = append(s.waiting, &do)
	w.after(patience, func() {
		if i := slices.Index(s.waiting, &do); i >= 0 {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			late()
		}
	})
}

func (s *slots) release() {
	s.busy--
	if len(s.waiting) > 0 && s.take() {
		do := *s.waiting[0]
		s.waiting = s.waiting[1:]
		do()
	}
}

type event struct {
	at time.Duration
	do func()
}

// queue is a heap.Interface.
type queue []event

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(e any)        { *q = append(*q, e.(event)) }
func (q *queue) Pop() any {
	e := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return e
}
