package gcpstore_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
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
		if got := w.Rotate(); len(got) != 1 {
			t.Fatalf("published %v", got)
		}
		event(func(r *rotation.Rotator) error { return r.Retire(t.Context()) })
		want := requests{gcpstore.AccessCalls, gcpstore.ReadCalls, gcpstore.WriteCalls}
		if round == 0 {
			want.read-- // nothing was promoted yet
		}
		if used != want {
			t.Errorf("a rotation and the retirement after it cost %+v, want %+v", used, want)
		}
	}
	if got := w.states(name); got != "destroyed destroyed destroyed enabled" {
		t.Errorf("the versions are %s", got)
	}
}

// Ten thousand secrets that are due within a day, at times spread by a hash of their names, need less than
// half of what a project may ask for in each minute, also if each retirement falls into the same minute.
func TestQuotasOfTenThousandSecrets(t *testing.T) {
	const secrets, perMinute = 10_000, 600
	var minutes [24 * 60]int
	for i := range secrets {
		sum := sha256.Sum256(fmt.Appendf(nil, "secret-%d", i))
		minutes[binary.BigEndian.Uint64(sum[:])%uint64(len(minutes))]++
	}
	most := 0
	for _, n := range minutes {
		most = max(most, n)
	}
	t.Logf("at most %d rotations in a minute: %d reads, %d writes", most, most*gcpstore.ReadCalls, most*gcpstore.WriteCalls)
	if most*gcpstore.ReadCalls > perMinute/2 || most*gcpstore.WriteCalls > perMinute/2 {
		t.Errorf("%d rotations fall into one minute", most)
	}
}
