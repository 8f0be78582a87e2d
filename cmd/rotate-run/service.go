package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"google.golang.org/api/idtoken"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/targets"
)

const (
	// Pub/Sub waits for 600 s at most: https://cloud.google.com/pubsub/docs/subscription-properties.
	deadline = 570 * time.Second
	atOnce   = 10
	// An event has the secret in it, with annotations of up to 16 KiB.
	maxPush = 256 << 10
)

type service struct {
	config
	client    *secretmanager.Client
	validator *idtoken.Validator
	log       *slog.Logger
	slots     chan struct{}
}

func newService(c config, client *secretmanager.Client, validator *idtoken.Validator, log *slog.Logger) *service {
	return &service{c, client, validator, log, make(chan struct{}, atOnce)}
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{$}", s.push)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux
}

// push answers one delivery of an event.
func (s *service) push(w http.ResponseWriter, r *http.Request) {
	status, err := s.deliver(w, r)
	if err != nil {
		s.log.Warn("refused", "status", status, "error", err.Error())
	}
	w.WriteHeader(status)
}

// deliver gives the answer's status, and an error where the delivery came to no rotation.
func (s *service) deliver(w http.ResponseWriter, r *http.Request) (status int, err error) {
	if err := s.config.push.check(r.Context(), s.validator, r.Header); errors.Is(err, errCaller) {
		return http.StatusForbidden, err
	} else if err != nil {
		return http.StatusUnauthorized, err
	}
	e, err := parsePush(http.MaxBytesReader(w, r.Body, maxPush))
	if err != nil {
		return http.StatusBadRequest, err
	}
	log := s.log.With("message_id", e.id, "attempt", e.attempt)
	if e.kind != rotate {
		log.Info("ignored", "event", e.kind)
		return http.StatusNoContent, nil
	}
	if !s.meant(e.secret) {
		return http.StatusForbidden, fmt.Errorf("this rotator is not meant for %s: see SECRETSTACK_SECRETS", e.secret)
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return http.StatusTooManyRequests, fmt.Errorf("the rotator is at work on %d secrets already", atOnce)
	}
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	return answer(s.rotate(ctx, log, e)), nil
}

func (s *service) meant(name string) bool {
	for _, p := range s.prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// rotate does what an event asks for, and leaves a record of it.
func (s *service) rotate(ctx context.Context, log *slog.Logger, e event) error {
	r, order, done, err := s.rotator(ctx, log, e)
	if err != nil { // all later ones are in the Rotator's records
		log.Error("rotation", "secret", e.secret, "step", "start", "outcome", "failed",
			"class", rotation.ClassOf(err), "error", err.Error())
		return err
	}
	if e.companion || done { // done, but perhaps not so far that the previous version is scheduled
		_, err := r.Tend(ctx, time.Duration(order.Rotation.Every), order.Rotation.Generated != nil && order.Rotation.Every != secret.Manual)
		return err
	}
	return r.Rotate(ctx)
}

// rotator makes the Rotator of an event's secret, and tells whether the rotation that it asks for is done.
func (s *service) rotator(ctx context.Context, log *slog.Logger, e event) (r *rotation.Rotator, order gcpstore.Order, done bool, err error) {
	if order, err = gcpstore.Job(ctx, s.client, e.secret); err != nil {
		return nil, order, false, err
	}
	target, err := targets.New(order.Job, func(ctx context.Context, name string) (rotation.Value, error) {
		return gcpstore.Read(ctx, s.client, name)
	})
	if err != nil {
		return nil, order, false, err
	}
	store := gcpstore.New(s.client, e.secret)
	if !e.companion {
		done, err = store.PromotedSince(ctx, e.published)
	}
	return &rotation.Rotator{
		Secret: order.ID, Life: order.Life, Store: store, Target: target,
		Grace: order.Rotation.GraceOrDefault(), Overdue: order.Rotation.OverdueAfter(), Log: log,
	}, order, done, err
}

// answer is the status for what became of an event: see the command's documentation.
func answer(err error) int {
	switch rotation.ClassOf(err) {
	case "":
		return http.StatusNoContent
	case rotation.Busy, rotation.InGrace, rotation.Throttled:
		return http.StatusTooManyRequests
	case rotation.Unreachable, rotation.Deadline:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
