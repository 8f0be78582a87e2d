package rotation

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// step does one step and leaves its record.
func (r *Rotator) step(ctx context.Context, name, token string, do step) (version string, err error) {
	start := time.Now() // not r.now(): durations are measured with the monotonic clock
	version, did, err := do(ctx, token)
	err = r.failure(ctx, name, err)

	level, outcome := slog.LevelInfo, "ok"
	switch class := ClassOf(err); {
	case class == Busy || class == InGrace:
		level, outcome = slog.LevelWarn, "skipped"
	case err != nil:
		level, outcome = slog.LevelError, "failed"
	case !did:
		outcome = "skipped"
	}
	attrs := []slog.Attr{
		slog.String("secret", r.Secret),
		slog.String("step", name),
		slog.String("outcome", outcome),
		slog.Int64("duration_ms", time.Since(start).Milliseconds()),
	}
	if token != "" {
		attrs = append(attrs, slog.String("token", token))
	}
	if version != "" {
		attrs = append(attrs, slog.String("version", version))
	}
	if err != nil {
		attrs = append(attrs, slog.String("class", string(ClassOf(err))), slog.String("error", err.Error()))
	}
	log := r.Log
	if log == nil {
		log = slog.Default()
	}
	log.LogAttrs(ctx, level, "rotation", attrs...)
	return version, err
}

// failure makes an error that can be passed on: classed, and without any value.
func (r *Rotator) failure(ctx context.Context, step string, err error) error {
	if err == nil {
		return nil
	}
	class := ClassOf(err)
	if ctx.Err() != nil {
		class = Deadline // whatever else failed of it
	}
	// Not wrapped: what is in its chain may be printed too.
	return &Error{Class: class, Op: step + " " + r.Secret, Err: errors.New(scrub(err.Error(), r.seen))}
}
