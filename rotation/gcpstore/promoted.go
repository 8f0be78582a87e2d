package gcpstore

import (
	"context"
	"strconv"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
)

// PromotedSince tells whether a rotation has been promoted at a time or after it: then an event of that time,
// which may be delivered more than once, asks for no other. Both times are Google's.
func (s *Store) PromotedSince(ctx context.Context, at time.Time) (bool, error) {
	c, err := s.load(ctx)
	if err != nil || c.state.Promoted == 0 || c.state.Pending > 0 {
		return false, err
	}
	name := versionName(s.secret, strconv.Itoa(c.state.Newest))
	v, err := s.client.GetSecretVersion(ctx, &pb.GetSecretVersionRequest{Name: name}, again)
	if err != nil {
		return false, s.explain(ctx, "get", name, err)
	}
	return !v.CreateTime.AsTime().Before(at), nil
}
