package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
)

// Secrets Manager takes 50 calls a second that move labels, for the whole account and region
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). A sweep keeps to half of
// that: it looks at 50 secrets a second, and retires 8 versions a second with three such calls each.
const (
	looksPerSecond  = 50
	looksForRetiral = 6
	parallel        = 8
)

// sweep is the answer to retire: how many secrets it looked at, how many of those had a previous version to
// retire or to schedule, for how many that failed, for how many there was no time, and how many of those that it
// looked at are overdue.
type sweep struct {
	Looked  int `json:"looked"`
	Due     int `json:"due"`
	Failed  int `json:"failed"`
	Left    int `json:"left"`
	Overdue int `json:"overdue"`
}

func (s *sweep) add(one sweep) {
	s.Looked += one.Looked
	s.Due += one.Due
	s.Failed += one.Failed
	s.Overdue += one.Overdue
}

// outcome is failed unless each secret is known to be on time. An alert waits for the ok that does not come.
func (s sweep) outcome(secrets int) string {
	if s.Looked < secrets || s.Overdue > 0 {
		return "failed"
	}
	return "ok"
}

// retireAll goes on past a secret that fails. The order is random, so that each has its turn even where there
// is never time for all of them.
func (f *function) retireAll(ctx context.Context, log *slog.Logger) (sweep, error) {
	names := slices.Collect(maps.Keys(f.jobs))
	rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })

	var (
		limit = rate.NewLimiter(looksPerSecond, looksForRetiral)
		group errgroup.Group
		mu    sync.Mutex
		done  sweep
	)
	group.SetLimit(parallel)
	for i, name := range names {
		if limit.Wait(ctx) != nil { // it would take too long
			mu.Lock()
			done.Left += len(names) - i
			mu.Unlock()
			break
		}
		group.Go(func() error {
			one, err := f.retireOne(ctx, log, limit, name)
			mu.Lock()
			defer mu.Unlock()
			if rotation.ClassOf(err) == rotation.Deadline {
				done.Left++
				return nil
			}
			if err != nil {
				one.Failed = 1
			}
			done.add(one)
			return err
		})
	}
	err := group.Wait()
	log.Info("rotations", "step", "look", "outcome", done.outcome(len(names)),
		"looked", done.Looked, "due", done.Due, "failed", done.Failed, "left", done.Left, "overdue", done.Overdue)
	if err != nil {
		return done, &rotation.Error{
			Class: rotation.ClassOf(err), Op: "retire",
			Err: fmt.Errorf("%d of %d secrets failed, the first of them so: %w", done.Failed, len(names), err),
			Do:  `see the log's records with the step "retire" for the others`,
		}
	}
	return done, nil
}

// retireOne looks at one secret, and retires its previous version if the time for that has come.
func (f *function) retireOne(ctx context.Context, log *slog.Logger, limit *rate.Limiter, name string) (done sweep, err error) {
	v, err := awsstore.New(f.client, name).Versions(ctx)
	if err != nil {
		return done, err
	}
	done.Looked = 1
	if !(&rotation.Rotator{Secret: name, Overdue: f.jobs[name].Rotation.OverdueAfter(), Log: log}).Look(ctx, v) {
		done.Overdue = 1
	}
	if v.Previous.ID == "" || time.Now().Before(v.Previous.RetireAfter) {
		return done, nil
	}
	done.Due = 1
	if err := limit.WaitN(ctx, looksForRetiral); err != nil {
		return done, &rotation.Error{Class: rotation.Deadline, Op: "retire " + name, Err: err}
	}
	r, err := f.rotator(name, log)
	if err != nil {
		return done, err
	}
	return done, r.Retire(ctx)
}
