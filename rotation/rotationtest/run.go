package rotationtest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"
)

// Run makes worlds and rotates in them, and fails the test where a promise is broken. It tries each fault
// at each single call; the same rotation delivered twice; two rotators at once, which take turns at any
// three calls; reads that lag behind, where the Store has them; and clocks that are four minutes off. In
// each world the previous credential is then retired, and further rotations follow.
//
// For a rotation of n calls and its retirement of m, that makes 4 (n + m) worlds and some dozens more, and
// n³ of two rotators at once. Where the Harness is Slow there are 24 of these, and no further rotations.
func Run(t *testing.T, h Harness) {
	t.Helper()
	a := actor{harness: h}
	base := a.play(t, plan{more: 3})
	base.report(t, "no fault")
	worlds := 1
	for name, p := range a.plans(base) {
		worlds++
		if h.Slow {
			t.Run(name, func(t *testing.T) { a.play(t, p).report(t, name) })
		} else {
			a.play(t, p).report(t, name)
		}
	}
	t.Logf("%d worlds", worlds)
}

func (o outcome) report(t *testing.T, name string) {
	t.Helper()
	if o.err != nil {
		t.Fatalf("%s: %v\nthe calls until then:\n%s", name, o.err, o.trace)
	}
}

// plans are those of the suite, given how a plan without faults went.
func (a actor) plans(base outcome) iter.Seq2[string, plan] {
	return func(yield func(string, plan) bool) {
		for _, some := range []func(outcome) iter.Seq2[string, plan]{a.alone, a.behind, a.beside} {
			for name, p := range some(base) {
				if a.harness.Slow {
					p.more = 0
				}
				if !yield(name, p) {
					return
				}
			}
		}
	}
}

// alone has faults, repetitions and wrong clocks.
func (a actor) alone(base outcome) iter.Seq2[string, plan] {
	return func(yield func(string, plan) bool) {
		for n := range base.calls {
			for fate := FailsBefore; fate <= KilledAfter; fate++ {
				if !yield(fmt.Sprintf("call %d %s", n, fate), plan{fates: map[int]Fate{n: fate}, more: 3}) {
					return
				}
			}
		}
		if !yield("delivered twice", plan{twice: true, more: 3}) {
			return
		}
		for steps := 1; a.harness.Steps && steps <= 4; steps++ {
			if !yield(fmt.Sprintf("another round after step %d", steps), plan{abandon: steps, more: 3}) {
				return
			}
		}
		off := []time.Duration{-4 * time.Minute, 0, 4 * time.Minute}
		for _, first := range off {
			for _, second := range off {
				p := plan{skews: [2]time.Duration{first, second}, more: 3}
				if !yield(fmt.Sprintf("clocks off by %s and %s", first, second), p) {
					return
				}
			}
		}
	}
}

// behind has reads that lag behind.
func (a actor) behind(base outcome) iter.Seq2[string, plan] {
	return func(yield func(string, plan) bool) {
		if !base.stale {
			return
		}
		for lag := 1; lag <= 3; lag++ {
			if !yield(fmt.Sprintf("all reads %d behind", lag), plan{allLag: lag, more: 3}) {
				return
			}
			for n := range base.calls {
				p := plan{lag: map[int]int{n: lag}, more: 3}
				if !yield(fmt.Sprintf("call %d is %d behind", n, lag), p) {
					return
				}
			}
		}
	}
}

// beside has two rotators at once.
func (a actor) beside(base outcome) iter.Seq2[string, plan] {
	return func(yield func(string, plan) bool) {
		rotate, retire := base.rotation, base.calls-base.rotation
		for _, two := range []struct {
			name          string
			first, second int // the calls of each
			plan          func(which func() int) plan
		}{
			{"two rotate", rotate, rotate, func(which func() int) plan { return plan{rotate: which, more: 1} }},
			{"two retire", retire, retire, func(which func() int) plan { return plan{retire: which, more: 1} }},
			{"one retires, one rotates", retire, rotate + retire, func(which func() int) plan {
				return plan{retire: which, mixed: true, more: 1}
			}},
		} {
			for _, at := range a.sample(two.first, two.second) {
				if !yield(fmt.Sprintf("%s, turns after %v calls", two.name, at), two.plan(turns(at))) {
					return
				}
			}
		}
	}
}

// sample gives after how many calls the turn passes, three times: all of these, or a few.
func (a actor) sample(first, second int) [][3]int {
	var all [][3]int
	for i := range first {
		for j := range second {
			for k := range first - i {
				all = append(all, [3]int{i, j, k})
			}
		}
	}
	if a.harness.Slow {
		random := rand.New(rand.NewPCG(1, 2))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:min(8, len(all))]
	}
	return all
}

// turns lets the first rotator make so many calls, then the second, then the first again, and then the second
// until its end.
func turns(at [3]int) func() int {
	i := 0
	return func() int {
		for i < len(at) && at[i] == 0 {
			i++
		}
		if i < len(at) {
			at[i]--
		}
		return i % 2
	}
}
