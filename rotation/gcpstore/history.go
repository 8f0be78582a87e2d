package gcpstore

import (
	"context"
	"strconv"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"

	"github.com/secretstack/secretstack/rotation"
)

// History implements rotation.Historian. Secret Manager knows each version, also when it was destroyed.
func (s *Store) History(ctx context.Context) ([]rotation.Event, error) {
	c, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	var events []rotation.Event
	if c.state.Pending > 0 {
		name := versionName(s.companion, strconv.Itoa(c.state.Pending))
		v, err := s.client.GetSecretVersion(ctx, &pb.GetSecretVersionRequest{Name: name}, again)
		if err != nil {
			return nil, s.explain(ctx, "get", name, err)
		}
		events = append(events, rotation.Event{Version: pendingID(c.state.Pending), Created: v.CreateTime.AsTime(), State: "pending"})
	}
	state := "current"
	for v, err := range s.client.ListSecretVersions(ctx, &pb.ListSecretVersionsRequest{Parent: s.secret}, again).All() {
		if err != nil {
			return nil, s.explain(ctx, "list the versions of", s.secret, err)
		}
		e := rotation.Event{Version: strconv.Itoa(number(v)), Created: v.CreateTime.AsTime(), State: state}
		switch v.State {
		case pb.SecretVersion_DISABLED:
			e.State = "retired"
		case pb.SecretVersion_DESTROYED:
			e.State = "destroyed"
		}
		events, state = append(events, e), "previous"
	}
	return events, nil
}
