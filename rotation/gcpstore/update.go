package gcpstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/secretstack/secretstack/rotation"
)

// changes are how often update tries to change a state that others change too.
const changes = 4

// update changes the state, unless change says that there is nothing to do. change may be called again, with
// the state that another rotator has made.
func (s *Store) update(ctx context.Context, change func(*state) bool) error {
	for try := 1; ; try++ {
		c, err := s.load(ctx)
		if err != nil {
			return err
		}
		next := c.state
		if !change(&next) {
			return nil
		}
		request, err := s.request(c, next)
		if err != nil {
			return err
		}
		s.known = nil // until it is known whether that worked
		got, err := s.client.UpdateSecret(ctx, request, again)
		switch {
		case err == nil:
			_, err = s.know(got)
			return err
		case code(err) != codes.FailedPrecondition:
			return s.explain(ctx, "change the annotations of", s.companion, err)
		case try == changes:
			return &rotation.Error{
				Class: rotation.Busy, Op: "change the annotations of " + s.companion,
				Err: fmt.Errorf("%w: %s", rotation.ErrBusy, status.Convert(err).Message()), Do: "try again",
			}
		}
	}
}

// request changes the companion to a state, and its rotation time where there is a new time to retire at.
func (s *Store) request(c *known, next state) (*pb.UpdateSecretRequest, error) {
	text, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	annotations := maps.Clone(c.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[StateAnnotation] = string(text)
	r := &pb.UpdateSecretRequest{
		Secret:     &pb.Secret{Name: s.companion, Etag: c.Etag, Annotations: annotations},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"annotations"}},
	}
	if next.Retire != nil && next.Retire != c.state.Retire && !next.Retire.After.IsZero() {
		r.Secret.Rotation = &pb.Rotation{NextRotationTime: timestamppb.New(s.wakeAt(next.Retire.After))}
		r.UpdateMask.Paths = append(r.UpdateMask.Paths, "rotation")
	}
	return r, nil
}

// wake is how long after the time to retire a version Secret Manager is to say so: the rotator's clock may be
// five minutes behind.
const wake = 6 * time.Minute

// wakeAt is when Secret Manager is to publish SECRET_ROTATE for the companion. It refuses a time less than five
// minutes ahead: https://cloud.google.com/secret-manager/docs/secret-rotation.
func (s *Store) wakeAt(after time.Time) time.Time {
	at, soonest := after.Add(wake), s.now().Add(wake)
	if at.Before(soonest) {
		return soonest
	}
	return at
}
