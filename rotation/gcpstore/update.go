package gcpstore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

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

// request changes the companion to a state.
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
	return &pb.UpdateSecretRequest{
		Secret:     &pb.Secret{Name: s.companion, Etag: c.Etag, Annotations: annotations},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"annotations"}},
	}, nil
}
