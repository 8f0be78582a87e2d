package load_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// awsLoad is a day of cmd/rotate-lambda. Each secret is rotated, and the version of its last rotation retired.
type awsLoad struct {
	awsDeclared
	awsTraces
	secrets int
	hour    func(*world) time.Duration // in which a secret is due

	looksPerSecond, looksForRetiral, parallel int
	reserve                                   time.Duration
}

func newAWSLoad(t *testing.T, secrets int) awsLoad {
	of := constants(t, "rotate-lambda")
	return awsLoad{
		awsDeclared: declaredAWS(t, secrets), awsTraces: measureAWS(t), secrets: secrets, hour: anyHour,
		looksPerSecond: of("looksPerSecond"), looksForRetiral: of("looksForRetiral"), parallel: of("parallel"),
		reserve: time.Duration(of("reserve")),
	}
}

// Secrets Manager chooses the hour at random, and the minute "somewhat randomly, but weighted towards the top of the
// hour", as its API said of RotateSecret:
// https://rdocumentation.org/packages/paws.security.identity/versions/0.1.0/topics/secretsmanager_rotate_secret.
// Here three of four are due in its first quarter.
func anyHour(w *world) time.Duration { return time.Duration(w.rand.IntN(24)) * time.Hour }

func oneHour(*world) time.Duration { return 3 * time.Hour }

func minute(w *world) time.Duration {
	if w.rand.IntN(4) > 0 {
		return time.Duration(w.rand.Int64N(int64(15 * time.Minute)))
	}
	return 15*time.Minute + time.Duration(w.rand.Int64N(int64(45*time.Minute)))
}

// A rotation of which a step fails is tried again as a whole, "multiple times"
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html). When, and how often, is not
// said; this is taken for granted here.
const (
	tries    = 5
	tryAgain = 5 * time.Minute
)

func (l awsLoad) day(p pace) report {
	w := newWorld(p)
	function := &slots{of: l.concurrency}
	var waited, longestSweep, outlived time.Duration
	gaveUp := 0

	var invoke func(due time.Duration, step, try int)
	invoke = func(due time.Duration, step, try int) {
		switch {
		case step == len(l.steps):
		case function.take():
			if step == 0 {
				waited = max(waited, w.now-due)
			}
			w.play(l.steps[step], func() {
				function.release()
				invoke(due, step+1, try)
			})
		case try == tries:
			gaveUp++
		default: // throttled
			w.after(tryAgain, func() { invoke(due, 0, try+1) })
		}
	}
	retire := make([]time.Duration, l.secrets) // when the grace of each previous version is over
	for i := range retire {
		due := l.hour(w) + minute(w)
		w.after(due, func() { invoke(due, 0, 1) })
		retire[i] = l.hour(w) + minute(w) // of the rotation before
	}
	left := 0
	var sweep func()
	sweep = func() {
		if !function.take() {
			w.after(time.Minute, sweep)
			return
		}
		start := w.now
		l.sweep(w, retire, func(n int, outlives time.Duration) {
			function.release()
			left = max(left, n)
			longestSweep, outlived = max(longestSweep, w.now-start), max(outlived, outlives)
		})
	}
	for hour := range 25 {
		w.after(time.Duration(hour)*time.Hour, sweep)
	}
	w.run()
	return report{
		{"`DescribeSecret`, `GetSecretValue` in a second", w.busiest(time.Second, map[call]float64{read: 1}), 10_000, false},
		{"`PutSecretValue`, `UpdateSecretVersionStage` in a second", w.busiest(time.Second, map[call]float64{create: 1, write: 1}), 50, false},
		{"puts of one secret in ten minutes", float64(count(l.rotate(), create)), 1, false},
		{"invocations at once", float64(function.most), float64(l.concurrency), false},
		{"rotations given up, throttled again and again", float64(gaveUp), 0, false},
		{"from due to begun", waited.Seconds(), time.Hour.Seconds(), true},
		{"one sweep", longestSweep.Seconds(), (l.timeout - l.reserve).Seconds(), true},
		{"secrets for which a sweep had no time", float64(left), 0, false},
		{"a previous value outlives its grace", outlived.Seconds(), (2 * time.Hour).Seconds(), true},
	}
}

// sweep is retireAll of cmd/rotate-lambda. It tells for how many secrets there was no time.
func (l awsLoad) sweep(w *world, retire []time.Duration, done func(left int, outlived time.Duration)) {
	limit := rate.NewLimiter(rate.Limit(l.looksPerSecond), l.looksForRetiral)
	deadline := w.now + l.timeout - l.reserve
	order := w.rand.Perm(len(retire))
	working, left := 0, 0
	var outlived time.Duration

	// wait is Limiter.WaitN: it does not begin a wait that would take too long.
	wait := func(n int, then, late func()) {
		if at := w.now + w.reserve(limit, n); at <= deadline {
			w.after(at-w.now, then)
		} else {
			late()
		}
	}
	var next func()
	free := func() {
		working--
		switch {
		case working == 0 && len(order) == 0:
			done(left, outlived)
		case working == l.parallel-1:
			next()
		}
	}
	look := func(i int) {
		w.play(l.look, func() {
			if retire[i] < 0 || w.now < retire[i] {
				free()
				return
			}
			wait(l.looksForRetiral, func() {
				w.play(l.retire, func() {
					outlived = max(outlived, w.now-retire[i])
					retire[i] = -1
					free()
				})
			}, func() { left++; free() })
		})
	}
	next = func() {
		if len(order) == 0 {
			return
		}
		wait(1, func() {
			i := order[0]
			order = order[1:]
			working++
			look(i)
			if working < l.parallel {
				next()
			}
		}, func() {
			left += len(order)
			order = nil
			if working == 0 {
				done(left, outlived)
			}
		})
	}
	next()
}
