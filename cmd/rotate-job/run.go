package main

import (
	"context"
	"fmt"
	"log/slog"
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
	rotated outcome = "rotated"
	retired outcome = "retired" // the previous version, or scheduled for it; nothing else was due
	idle    outcome = "idle"    // nothing was due
	skipped outcome = "skipped" // another rotator has it, or its grace has not passed
	failed  outcome = "failed"
	left    outcome = "left" // for the next run: there was not enough time
)

// run does what is due, or the one rotation that was asked for. A failure of one secret is none of the others'.
func run(ctx context.Context, c config, client *azsecrets.Client, log *slog.Logger) error {
	start := time.Now()
	count := map[outcome]int{}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, job := range c.jobs {
		if c.only != "" && job.Secret != c.only {
			continue
		}
		group.Go(func() error {
			o := left
			if deadline, ok := ctx.Deadline(); ctx.Err() == nil && (!ok || time.Until(deadline) >= enough) {
				o = task{job, client, log, c.only != ""}.do(ctx)
			}
			mu.Lock()
			defer mu.Unlock()
			count[o]++
			return nil
		})
	}
	_ = group.Wait() // none fails
	var attrs []any
	for _, o := range []outcome{rotated, retired, idle, skipped, failed, left} {
		attrs = append(attrs, slog.Int(string(o), count[o]))
	}
	log.Info("rotations", append(attrs, slog.Duration("duration", time.Since(start)))...)
	if n := count[failed]; n > 0 {
		return fmt.Errorf("%d of %d secrets failed; their records say why", n, len(c.jobs))
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

func (t task) do(ctx context.Context) outcome {
	target, err := targets.New(t.job, func(ctx context.Context, id string) (rotation.Value, error) {
		return azurestore.Read(ctx, t.client, id)
	})
	if err != nil {
		return t.failure("set up", err)
	}
	store := &azurestore.Store{Client: t.client, Name: t.job.ID, Lifetime: lifetime(t.job.Rotation)}
	r := &rotation.Rotator{
		Secret: t.job.Secret, Store: store, Target: target,
		Grace: t.job.Rotation.GraceOrDefault(), Log: t.log,
	}
	if t.asked {
		return t.end(rotated, r.Rotate(ctx))
	}
	age, err := store.Age(ctx)
	if err != nil {
		return t.failure("look", err)
	}
	o, now := idle, time.Now()
	if age.HasPrevious && !now.Before(age.RetireAfter) {
		if o = t.end(retired, r.Retire(ctx)); o != retired {
			return o
		}
	}
	if due(t.job.Rotation, age, now) {
		return t.end(rotated, r.Rotate(ctx))
	}
	return o
}

// due tells whether a schedule may begin a round. A generated value is made at once; other secrets have a credential
// already, which somebody puts, or are rotated by hand for the first time.
func due(r secret.Rotation, age azurestore.Age, now time.Time) bool {
	switch {
	case r.Every == secret.Manual:
		return false
	case !age.HasValue:
		return r.Generated != nil
	default:
		return !now.Before(age.Created.Add(time.Duration(r.Every)))
	}
}

// lifetime is zero where nothing is ever overdue.
func lifetime(r secret.Rotation) time.Duration {
	if r.Every == secret.Manual {
		return 0
	}
	return time.Duration(r.Every) + r.GraceOrDefault() + overdue
}

// end takes the rotator's error, of which it has left a record.
func (t task) end(done outcome, err error) outcome {
	switch class := rotation.ClassOf(err); {
	case err == nil:
		return done
	case !t.asked && (class == rotation.Busy || class == rotation.InGrace):
		return skipped
	default:
		return failed
	}
}

func (t task) failure(step string, err error) outcome {
	t.log.Error("rotation", "secret", t.job.Secret, "step", step, "outcome", "failed",
		"class", string(rotation.ClassOf(err)), "error", err.Error())
	return failed
}
