package gcpstore_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// requests counts calls as the quotas do: https://cloud.google.com/secret-manager/quotas.
type requests struct{ access, read, write int }

func (r *requests) count() grpc.DialOption {
	return grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		switch name := method[strings.LastIndex(method, "/")+1:]; {
		case name == "AccessSecretVersion":
			r.access++
		case strings.HasPrefix(name, "Get"), strings.HasPrefix(name, "List"):
			r.read++
		default:
			r.write++
		}
		return invoke(ctx, method, request, answer, conn, opts...)
	})
}

// A target that revokes costs the most.
func TestCallsOfARotation(t *testing.T) {
	var used requests
	w := newWorld(t, used.count())
	now := time.Now()
	w.Now = func() time.Time { return now }
	job := must(json.Marshal(secret.Job{Secret: "orders-db", ID: name}))(t)
	w.MustUpdate(t, name, func(s *pb.Secret) []string {
		s.Annotations = map[string]string{gcpstore.JobAnnotation: string(job)}
		return []string{"annotations"}
	})
	issuer, first := rotationtest.NewIssuer(nil)
	w.put(first.Reveal())
	event := func(do func(*rotation.Rotator) error) {
		t.Helper()
		must(gcpstore.Job(t.Context(), w.client, name))(t)
		check(t, do(&rotation.Rotator{Secret: name, Store: w.store(), Target: issuer, Now: w.Now}))
	}
	for round := range 3 {
		used = requests{}
		event(func(r *rotation.Rotator) error {
			if done, err := r.Store.(*gcpstore.Store).PromotedSince(t.Context(), now); err != nil || done {
				t.Fatal(done, err)
			}
			return r.Rotate(t.Context())
		})
		now = now.Add(25 * time.Hour)
		event(func(r *rotation.Rotator) error {
			_, err := r.Tend(t.Context(), 0, false)
			return err
		})
		want := requests{gcpstore.AccessCalls, gcpstore.ReadCalls, gcpstore.WriteCalls}
		if round == 0 {
			want.read-- // nothing was promoted yet
		}
		if used != want {
			t.Errorf("a rotation and the retirement after it cost %+v, want %+v", used, want)
		}
	}
	used = requests{}
	event(func(r *rotation.Rotator) error {
		_, err := r.Tend(t.Context(), 0, false)
		return err
	})
	if want := (requests{read: gcpstore.IdleReadCalls}); used != want {
		t.Errorf("to find nothing due cost %+v, want %+v", used, want)
	}
	if got := w.states(name); got != "destroyed destroyed destroyed enabled" {
		t.Errorf("the versions are %s", got)
	}
}
