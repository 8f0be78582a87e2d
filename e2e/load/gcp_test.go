package load_test

import (
	"testing"
	"time"
)

// gcpLoad is a day of cmd/rotate-run. Each secret becomes due for a rotation, and the version of its last rotation for
// its retirement; both are found out when its clock strikes.
type gcpLoad struct {
	gcpDeclared
	traces
	secrets int
	due     func(*world) time.Duration
	first   func(w *world, period time.Duration) time.Duration // time that a secret's clock strikes
}

func newGCPLoad(t *testing.T, secrets int) gcpLoad {
	return gcpLoad{declaredGCP(t, secrets), measureGCP(t), secrets, (*world).anyTime, anyMinute}
}

func midnight(*world) time.Duration { return 0 }

func anyMinute(w *world, period time.Duration) time.Duration {
	return time.Duration(w.rand.Int64N(int64(period/time.Minute))) * time.Minute
}

func firstMinute(*world, time.Duration) time.Duration { return 0 }

// pending is how long Cloud Run keeps a request for which no instance is free:
// https://cloud.google.com/run/docs/about-instance-autoscaling.
const pending = 10 * time.Second

func (l gcpLoad) day(p pace) report {
	w := newWorld(p)
	services := make([]slots, l.rotators)
	var waited time.Duration
	dead := 0
	for i := range l.secrets {
		service := &services[i%l.rotators]
		service.of = l.concurrency
		d := duty{l.due(w), w.anyTime()}
		var deliver func(attempt int)
		deliver = func(attempt int) {
			service.wait(w, pending, func() {
				visit, late := d.visit(w.now, l.traces)
				waited = max(waited, late)
				w.play(visit, service.release)
			}, func() { // the answer is 429
				if attempt == l.deliveries {
					dead++
					return
				}
				w.after(min(l.backoff[0]<<(attempt-1), l.backoff[1]), func() { deliver(attempt + 1) })
			})
		}
		var strike func()
		strike = func() {
			deliver(1)
			if w.now < day {
				w.after(l.period, strike)
			}
		}
		w.after(l.first(w, l.period), strike)
	}
	w.run()
	most := 0
	for _, s := range services {
		most = max(most, s.most)
	}
	return report{
		{"access requests in a minute", w.busiest(time.Minute, map[call]float64{access: 1}), 90_000, false},
		{"read requests in a minute", w.busiest(time.Minute, map[call]float64{read: 1}), 600, false},
		{"write requests in a minute", w.busiest(time.Minute, map[call]float64{write: 1}), 600, false},
		{"requests to the service at once", float64(most), float64(l.concurrency), false},
		{"dead letters", float64(dead), 0, false},
		{"from due to begun", waited.Seconds(), (l.period + 10*time.Minute).Seconds(), true},
	}
}
