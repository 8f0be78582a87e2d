package load_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// azureLoad is a day of one vault, with as many runs of cmd/rotate-job each hour as its secrets need jobs. Each secret
// becomes due for a rotation, and the version of its last rotation for its retirement.
type azureLoad struct {
	azureDeclared
	traces
	secrets int
	due     func(*world) time.Duration

	parallel, perSecond, creation int
	enough, reserve               time.Duration
}

func newAzureLoad(t *testing.T, secrets int) azureLoad {
	of := constants(t, "rotate-job")
	return azureLoad{
		azureDeclared: declaredAzure(t, secrets), traces: measureAzure(t), secrets: secrets, due: (*world).anyTime,
		parallel: of("parallel"), perSecond: of("perSecond"), creation: of("creation"),
		enough: time.Duration(of("enough")), reserve: time.Duration(of("reserve")),
	}
}

func (l azureLoad) day(p pace) report {
	w := newWorld(p)
	jobs := make([][]duty, l.jobs)
	for i := range l.secrets {
		jobs[i%l.jobs] = append(jobs[i%l.jobs], duty{l.due(w), w.anyTime()})
	}
	var waited, longest time.Duration
	for hour := range 26 {
		for _, secrets := range jobs {
			w.after(time.Duration(hour)*time.Hour, func() {
				start := w.now
				l.hourly(w, secrets, &waited, func() { longest = max(longest, w.now-start) })
			})
		}
	}
	w.run()
	for _, secrets := range jobs {
		for _, s := range secrets {
			if s.rotate < never || s.retire < never {
				waited = never
			}
		}
	}
	// What makes a version counts as the equal of 4,000/300 other calls.
	all := map[call]float64{read: 1, write: 1, create: 4000. / 300}
	return report{
		{"calls in 10 seconds, weighted", w.busiest(10*time.Second, all), 4000, false},
		{"versions made in 10 seconds", w.busiest(10*time.Second, map[call]float64{create: 1}), 300, false},
		{"one run", longest.Seconds(), (l.timeout - l.reserve).Seconds(), true},
		{"from due to begun", waited.Seconds(), (2 * time.Hour).Seconds(), true},
	}
}

// hourly is run of cmd/rotate-job.
func (l azureLoad) hourly(w *world, secrets []duty, waited *time.Duration, done func()) {
	limit := rate.NewLimiter(rate.Limit(l.perSecond), l.perSecond)
	deadline := w.now + l.timeout - l.reserve
	wait := func(c call) time.Duration {
		switch c {
		case target, settle:
			return 0
		case create:
			return w.reserve(limit, l.creation)
		default:
			return w.reserve(limit, 1)
		}
	}
	working := l.parallel
	var worker func()
	worker = func() {
		if len(secrets) == 0 || deadline-w.now < l.enough {
			if working--; working == 0 {
				done()
			}
			return
		}
		s := &secrets[0]
		secrets = secrets[1:]
		visit, late := s.visit(w.now, l.traces)
		*waited = max(*waited, late)
		w.playLimited(visit, wait, worker)
	}
	for range l.parallel {
		worker()
	}
}
