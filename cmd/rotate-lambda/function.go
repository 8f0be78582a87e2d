package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/awsstore"
	"github.com/secretstack/secretstack/rotation/targets"
)

// reserve is the time that the function keeps for its answer. Lambda would end it without one.
const reserve = time.Second

// function is a lambda.Handler.
type function struct {
	jobs   map[string]secret.Job // by the names of their AWS secrets
	broken error                 // why there are no jobs
	client awsstore.Client
	log    *slog.Logger
}

// Invoke answers null to a step, and a sweep to retire.
func (f *function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	log := f.log
	e, err := parseEvent(payload)
	if c, ok := lambdacontext.FromContext(ctx); ok {
		log = log.With("request_id", c.AwsRequestID)
		if e.step == whole {
			e.token = c.AwsRequestID // a new one each time, and the same if Lambda tries again
		}
	}
	if err == nil {
		err = f.broken
	}
	if err != nil {
		return nil, err
	}
	if e.step == retire {
		answer, err := f.retireAll(ctx, log)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
	return []byte("null"), f.rotate(ctx, log, e)
}

func (f *function) rotate(ctx context.Context, log *slog.Logger, e event) error {
	name, err := f.admit(ctx, e.secretID)
	if err == nil && e.step != whole {
		err = awsstore.New(f.client, name).Begun(ctx, e.token)
	}
	if err != nil {
		return err
	}
	r, err := f.rotator(name, log)
	if err != nil {
		return err
	}
	switch e.step {
	case create:
		return r.Create(ctx, e.token)
	case set:
		return r.Set(ctx, e.token)
	case test:
		return r.Test(ctx, e.token)
	case finish:
		return r.Finish(ctx, e.token)
	case whole:
		for _, step := range []func(context.Context, string) error{r.Create, r.Set, r.Finish} {
			if err := step(ctx, e.token); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("%s is no step of a rotation", e.step)
	}
}

func (f *function) rotator(name string, log *slog.Logger) (*rotation.Rotator, error) {
	job := f.jobs[name]
	target, err := targets.New(job, func(ctx context.Context, id string) (rotation.Value, error) {
		return awsstore.Read(ctx, f.client, id)
	})
	if err != nil {
		return nil, err
	}
	return &rotation.Rotator{
		Secret: job.Secret, Store: awsstore.New(f.client, name), Target: target,
		Grace: job.Rotation.GraceOrDefault(), Log: log,
	}, nil
}
