package azurestore

import (
	"context"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/uuid"

	"github.com/secretstack/secretstack/rotation"
)

// Lease implements rotation.Leaser: see the package's documentation for what it is worth.
func (s *Store) Lease(ctx context.Context, until time.Time) (release func(context.Context) error, err error) {
	start := s.now()
	marker, err := s.marker(ctx)
	if err != nil {
		return nil, err
	}
	text, _, _ := strings.Cut(marker.tags.get(tagLease), " ")
	if end, err := time.Parse(time.RFC3339Nano, text); err == nil && s.now().Before(end) {
		return nil, s.busy(end)
	}
	mine := until.UTC().Format(time.RFC3339Nano) + " " + uuid.NewString()
	put := func(ctx context.Context, t tags) error {
		return s.update(ctx, s.companion(), marker.id, azsecrets.UpdateSecretPropertiesParameters{Tags: t})
	}
	if err := put(ctx, marker.tags.with(tagLease, mine)); err != nil {
		return nil, err
	}
	// What was written late may have replaced the lease of another who has settled already. Nothing is taken back:
	// while it is there, nobody else begins.
	if s.now().Sub(start) > s.settle()/2 {
		return nil, s.busy(until)
	}
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	if marker, err = s.marker(ctx); err != nil {
		return nil, err
	}
	if marker.tags.get(tagLease) != mine {
		return nil, s.busy(until)
	}
	return func(ctx context.Context) error {
		if !s.now().Before(until) {
			return nil // over by itself, and perhaps another's by now
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return put(ctx, marker.tags.without(tagLease))
	}, nil
}

// marker is the version that the companion was made with. It is disabled, and there for good.
func (s *Store) marker(ctx context.Context) (version, error) {
	h, err := s.list(ctx, s.companion())
	if err != nil {
		return version{}, err
	}
	return h[0], nil
}

func (s *Store) busy(until time.Time) error {
	return s.problem(rotation.Busy, "rotate", rotation.ErrBusy,
		"rotate again when it has finished; if it was killed, after "+until.UTC().Format(time.RFC3339))
}
