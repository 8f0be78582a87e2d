package rotationtest

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

type memoryTarget interface {
	rotation.Target
	Works(rotation.Value) error
}

type memoryStore interface {
	rotation.Store
	Current() (rotation.Value, error)
}

var targets = map[string]func(*Calls) (memoryTarget, rotation.Value){
	"users":   func(c *Calls) (memoryTarget, rotation.Value) { return NewUsers(c) },
	"user":    func(c *Calls) (memoryTarget, rotation.Value) { return NewUser(c) },
	"issuer":  func(c *Calls) (memoryTarget, rotation.Value) { return NewIssuer(c) },
	"nowhere": func(*Calls) (memoryTarget, rotation.Value) { return NewNowhere() },
}

var stores = map[string]func(*Calls, rotation.Value) memoryStore{
	"store":        func(c *Calls, v rotation.Value) memoryStore { return NewStore(c, v) },
	"leased store": func(c *Calls, v rotation.Value) memoryStore { return NewLeasedStore(c, v) },
	"steps": func(c *Calls, v rotation.Value) memoryStore {
		s := NewStore(c, v)
		s.TokenIDs = true
		return s
	},
	"new secret": func(c *Calls, _ rotation.Value) memoryStore { return NewStore(c, rotation.Value{}) },
}

// harnesses are each target in memory beside each store in memory.
func harnesses() map[string]Harness {
	all := map[string]Harness{}
	for store := range stores {
		for target := range targets {
			if store == "new secret" && (target == "user" || target == "issuer") {
				continue // there the first value has to be known
			}
			all[target+", "+store] = harness(target, store)
		}
	}
	return all
}

func harness(target, store string) Harness {
	return Harness{
		Exclusive: target == "user",
		Steps:     store == "steps",
		New: func(_ *testing.T, calls *Calls) World {
			t, first := targets[target](calls)
			return inMemory(stores[store](calls, first), t)
		},
	}
}

func inMemory(store memoryStore, target memoryTarget) World {
	w := World{
		Open:    func() (rotation.Store, rotation.Target) { return store, target },
		Current: store.Current,
		Works:   target.Works,
	}
	if t, ok := target.(interface{ Live() []rotation.Value }); ok {
		w.Live = t.Live
	}
	return w
}

func TestMemory(t *testing.T) {
	for name, h := range harnesses() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Run(t, h)
		})
	}
}

// TestSchedules tries each fault and each two faults of one rotation and its retirement, and then at random
// more faults, late reads, wrong clocks and two rotators at once, all together.
func TestSchedules(t *testing.T) {
	const atRandom = 4000 // for each harness
	// The worlds are small and short-lived: collected at the usual pace, a third of the time goes there.
	defer debug.SetGCPercent(debug.SetGCPercent(1000))
	var schedules atomic.Int64
	start := time.Now()
	t.Run("all", func(t *testing.T) {
		for name, h := range harnesses() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a := actor{harness: h}
				n := a.doubleFaults(t)
				for seed := range uint64(atRandom) {
					p := randomPlan(seed)
					if !h.Steps || strings.HasPrefix(name, "issuer") {
						// An issuer keeps a key that nobody has where a cloud gives up a round between mint and stage:
						// it knows a key by the round's token, and nobody asks for that one again.
						p.abandon = 0
					}
					a.play(t, p).report(t, fmt.Sprintf("seed %d", seed))
				}
				t.Logf("%d schedules of up to two faults, %d at random", n, atRandom)
				schedules.Add(int64(n + atRandom))
			})
		}
	})
	n, took := schedules.Load(), time.Since(start)
	t.Logf("%d schedules in %s, %.0f each second", n, took, float64(n)/took.Seconds())
	if n < 100_000 {
		t.Errorf("%d schedules, want at least 100,000", n)
	}
}

func (a actor) doubleFaults(t *testing.T) (schedules int) {
	play := func(fates map[int]Fate) int {
		schedules++
		o := a.play(t, plan{fates: fates})
		o.report(t, fmt.Sprint(fates))
		return o.calls
	}
	for first := range play(nil) {
		for fate := FailsBefore; fate <= KilledAfter; fate++ {
			calls := play(map[int]Fate{first: fate})
			for second := first + 1; second < calls; second++ {
				for again := FailsBefore; again <= KilledAfter; again++ {
					play(map[int]Fate{first: fate, second: again})
				}
			}
		}
	}
	return schedules
}

func randomPlan(seed uint64) plan {
	random := rand.New(rand.NewPCG(seed, 0))
	minutes := func() time.Duration { return time.Duration(random.IntN(9)-4) * time.Minute }
	p := plan{
		fates: map[int]Fate{}, lag: map[int]int{},
		skews: [2]time.Duration{minutes(), minutes()},
		twice: random.IntN(2) == 0, mixed: random.IntN(2) == 0,
		more: 1,
	}
	faults, lags := random.Float64()/8, random.Float64()/8
	if random.IntN(2) == 0 {
		// Not with late reads: one from before the whole round would have the next begin at what was current then.
		lags, p.abandon = 0, random.IntN(5)
	}
	for n := range 50 {
		if random.Float64() < faults {
			p.fates[n] = Fate(1 + random.IntN(4))
		}
		if random.Float64() < lags {
			p.lag[n] = 1 + random.IntN(3)
		}
	}
	turn, stay := 0, random.Float64()
	which := func() int {
		if random.Float64() > stay {
			turn = 1 - turn
		}
		return turn
	}
	if random.IntN(2) == 0 {
		p.rotate = which
	}
	if random.IntN(2) == 0 {
		p.retire = which
	}
	return p
}

func TestSample(t *testing.T) {
	few, all := actor{harness: Harness{Slow: true}}.sample(9, 9), actor{}.sample(9, 9)
	if len(few) != 8 || len(all) != 9*9*10/2 {
		t.Errorf("%d and %d samples", len(few), len(all))
	}
	var order []int
	which := turns([3]int{2, 1, 1})
	for range 6 {
		order = append(order, which())
	}
	if want := []int{0, 0, 1, 0, 1, 1}; !slices.Equal(order, want) {
		t.Errorf("turns %v, want %v", order, want)
	}
}

func BenchmarkSchedule(b *testing.B) {
	a := actor{harness: harness("users", "store")}
	for seed := uint64(0); b.Loop(); seed++ {
		if o := a.play(nil, randomPlan(seed)); o.err != nil {
			b.Fatal(o.err)
		}
	}
}
