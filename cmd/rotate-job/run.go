package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"golang.org/x/sync/errgroup"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/targets"
)

const (
	// parallel rotations spend most of their time waiting for Key Vault to settle.
	parallel = 32
	// overdue is how long before its expiry Key Vault tells of a version (SecretNearExpiry:
	// https://learn.microsoft.com/azure/key-vault/general/event-grid-overview). Versions live so much longer
	// than their period and grace; so that is told, and only then, when a rotation did not happen.
	overdue = 30 * 24 * time.Hour
)

// outcome is what became of one secret.
type outcome string

const (
	rotated = outcome(rotation.Rotated)
	retired = outcome(rotation.Retired)
	nothing = outcome(rotation.Nothing)
	failed  = outcome("failed") // its own records say why
	left    = outcome("left")   // for the next run: there was not enough time
)

// run does what is due, or the one rotation that was asked for. A failure of one secret is none of the others'.
func run(ctx context.Context, c config, client *azsecrets.Client, log *slog.Logger) error {
	start := time.Now()
	jobs := slices.DeleteFunc(slices.Clone(c.jobs), func(job secret.Job) bool { return c.only != "" && job.Secret != c.only })
	count, onTime := map[outcome]int{}, 0
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, job := range jobs {
		group.Go(func() error {
			o, punctual := left, false
			if deadline, ok := ctx.Deadline(); ctx.Err() == nil && (!ok || time.Until(deadline) >= enough) {
				o, punctual = task{job, client, log, c.only != ""}.do(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			count[o]++
			if punctual {
				onTime++
			}
			return nil
		})
	}
	_ = group.Wait()              // none fails
	step, verdict := "look", "ok" // an alert waits for the look that does not come or is not ok
	if c.only != "" {
		step = "rotate"
	}
	if onTime < len(jobs) {
		verdict = "failed"
	}
	attrs := []any{slog.String("step", step), slog.String("outcome", verdict), slog.Int("on_time", onTime)}
	for _, o := range []outcome{rotated, retired, nothing, failed, left} {
		attrs = append(attrs, slog.Int(string(o), count[o]))
	}
	log.Info("rotations", append(attrs, slog.Int64("duration_ms", time.Since(start).Milliseconds()))...)
	if n := count[failed]; n > 0 {
		return fmt.Errorf("%d of %d secrets failed; their records say why", n, len(jobs))
	}
	return nil
}

// task is one secret in one run.
type task struct {
	job    secret.Job
	client *azsecrets.Client
	log    *slog.Logger
	asked  bool // for: rotate it, due or not
}

// do tells what became of the secret, and whether it is known to be on time.
func (t task) do(ctx context.Context) (o outcome, onTime bool) {
	r, err := t.rotator(ctx)
	if err != nil { // all later ones are in the Rotator's records
		t.log.Error("rotation", "secret", t.job.Secret, "step", "start", "outcome", "failed",
			"class", rotation.ClassOf(err), "error", err.Error())
		return failed, false
	}
	if t.asked {
		if r.Rotate(ctx) != nil {
			return failed, false
		}
		return rotated, true
	}
	// A generated value is made at once, unless nothing is to begin by itself. Other secrets have a credential already,
	// which somebody puts, or are rotated by hand for the first time.
	first := t.job.Rotation.Generated != nil && t.job.Rotation.Every != secret.Manual
	done, err := r.Tend(ctx, time.Duration(t.job.Rotation.Every), first)
	if err != nil {
		return failed, done.OnTime
	}
	return outcome(done.Did), done.OnTime
}

func (t task) rotator(ctx context.Context) (*rotation.Rotator, error) {
	target, err := targets.New(t.job, func(ctx context.Context, id string) (rotation.Value, error) {
		return azurestore.Read(ctx, t.client, id)
	})
	if err != nil {
		return nil, err
	}
	store := &azurestore.Store{Client: t.client, Name: t.job.ID, Lifetime: lifetime(t.job.Rotation)}
	life, err := store.Life(ctx)
	return &rotation.Rotator{
		Secret: t.job.Secret, Life: life, Store: store, Target: target,
		Grace: t.job.Rotation.GraceOrDefault(), Overdue: t.job.Rotation.OverdueAfter(), Log: t.log,
	}, err
}

// lifetime is zero where nothing is ever overdue.
func lifetime(r secret.Rotation) time.Duration {
	if r.Every == secret.Manual {
		return 0
	}
	return time.Duration(r.Every) + r.GraceOrDefault() + overdue
}
