package gcpstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

const id = "shop-prod-orders-db"

var name = secretmanagertest.SecretName(id)

// A world is a server with a secret and its companion, as the infrastructure makes them.
type world struct {
	*secretmanagertest.Server
	t      *testing.T
	admin  *secretmanager.Client // without faults
	client *secretmanager.Client
}

func newWorld(t *testing.T, opts ...grpc.DialOption) *world {
	t.Helper()
	server := secretmanagertest.New()
	w := &world{Server: server, t: t, admin: server.Client(t)}
	w.client = server.Client(t, opts...)
	server.MustCreate(t, id, nil)
	server.MustCreate(t, id+"--rotation", nil)
	return w
}

func (w *world) put(value string) { w.MustAdd(w.t, name, value) }

func (w *world) store() *gcpstore.Store {
	s := gcpstore.New(w.client, name)
	s.Now = w.Now
	return s
}

// current is what a reader reads.
func (w *world) current() (rotation.Value, error) {
	return gcpstore.Read(w.t.Context(), w.admin, name)
}

// through passes each call of a client through calls.
func through(calls *rotationtest.Calls) grpc.DialOption {
	return grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		return calls.Do(method[strings.LastIndex(method, "/")+1:], func() error {
			ctx := secretmanagertest.Behind(context.WithoutCancel(ctx), calls.Behind())
			return invoke(ctx, method, request, answer, conn, opts...)
		})
	})
}

func TestConformance(t *testing.T) {
	type target struct {
		rotation.Target
		first rotation.Value
		works func(rotation.Value) error
		live  func() []rotation.Value
	}
	for name, make := range map[string]func(*rotationtest.Calls) target{
		"users": func(calls *rotationtest.Calls) target {
			users, first := rotationtest.NewUsers(calls)
			return target{users, first, users.Works, users.Live}
		},
		"user": func(calls *rotationtest.Calls) target {
			user, first := rotationtest.NewUser(calls)
			return target{user, first, user.Works, nil}
		},
		"issuer": func(calls *rotationtest.Calls) target {
			issuer, first := rotationtest.NewIssuer(calls)
			return target{issuer, first, issuer.Works, issuer.Live}
		},
	} {
		t.Run(name, func(t *testing.T) {
			rotationtest.Run(t, rotationtest.Harness{
				Exclusive: name == "user",
				Slow:      true,
				New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
					w := newWorld(t, through(calls))
					w.Now = calls.Now
					to := make(calls)
					w.put(to.first.Reveal())
					return rotationtest.World{
						Open:    func() (rotation.Store, rotation.Target) { return w.store(), to.Target },
						Current: w.current, Works: to.works, Live: to.live,
					}
				},
			})
		})
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantVersions(t *testing.T, s *gcpstore.Store, current, pending, previous string) rotation.Versions {
	t.Helper()
	v := must(s.Versions(t.Context()))(t)
	if v.Current.ID != current || v.Pending.ID != pending || v.Previous.ID != previous {
		t.Fatalf("current %q, pending %q, previous %q; want %q, %q, %q",
			v.Current.ID, v.Pending.ID, v.Previous.ID, current, pending, previous)
	}
	return v
}

func (w *world) round(s *gcpstore.Store, token, value string) {
	w.t.Helper()
	id := must(s.Stage(w.t.Context(), token, rotation.NewValue(value)))(w.t)
	check(w.t, s.Promote(w.t.Context(), id))
}

func (w *world) states(secret string) string {
	w.t.Helper()
	var states []string
	for v, err := range w.admin.ListSecretVersions(w.t.Context(), &pb.ListSecretVersionsRequest{Parent: secret}).All() {
		check(w.t, err)
		states = append(states, strings.ToLower(v.State.String()))
	}
	slices.Reverse(states)
	return strings.Join(states, " ")
}

func TestRound(t *testing.T) {
	w := newWorld(t)
	s := w.store()
	wantVersions(t, s, "", "", "")
	w.put("one")
	wantVersions(t, s, "1", "", "")

	staged := must(s.Stage(t.Context(), "t1", rotation.NewValue("two")))(t)
	if again := must(s.Stage(t.Context(), "t2", rotation.NewValue("three")))(t); again != staged {
		t.Errorf("Stage gave %s, then %s", staged, again)
	}
	wantVersions(t, s, "1", staged, "")
	if v := must(s.Value(t.Context(), staged))(t); v.Reveal() != "two" {
		t.Errorf("the pending value is not the first")
	}
	if v := must(w.current())(t); v.Reveal() != "one" {
		t.Error("a reader sees the pending value")
	}

	check(t, s.Promote(t.Context(), staged))
	check(t, s.Promote(t.Context(), staged))
	wantVersions(t, s, "2", "", "1")
	if got := w.states(name + "--rotation"); got != "destroyed" {
		t.Errorf("the companion's versions are %s", got)
	}
	if got := must(s.Stage(t.Context(), "t1", rotation.NewValue("four")))(t); got != "2" {
		t.Errorf("the round that is over was begun again: %s", got)
	}
	if err := s.Promote(t.Context(), "pending-9"); rotation.ClassOf(err) != rotation.Invalid {
		t.Errorf("promote what is not pending: %v", err)
	}

	at := time.Now().Add(time.Hour)
	check(t, s.Schedule(t.Context(), "1", at))
	if v := wantVersions(t, s, "2", "", "1"); v.Previous.RetireAfter.Unix() != at.Unix() {
		t.Errorf("RetireAfter is %s, want %s", v.Previous.RetireAfter, at)
	}
	check(t, s.Retire(t.Context(), "2")) // the current one
	check(t, s.Retire(t.Context(), "1"))
	check(t, s.Retire(t.Context(), "1"))
	wantVersions(t, s, "2", "", "")
	if got := w.states(name); got != "destroyed enabled" {
		t.Errorf("the versions are %s", got)
	}
	if _, err := s.Value(t.Context(), "1"); !errors.Is(err, rotation.ErrNoValue) {
		t.Errorf("the value of a retired version: %v", err)
	}
}

func TestOperatorsVersion(t *testing.T) {
	w := newWorld(t)
	w.put("one")
	w.put("two")
	s := w.store()
	wantVersions(t, s, "2", "", "") // no rotation has replaced the first
	w.round(s, "a", "three")
	check(t, s.Schedule(t.Context(), "2", time.Now()))
	w.put("four")
	wantVersions(t, s, "4", "", "2") // not 3: what works at the target with version 2 must be revoked too
	check(t, s.Retire(t.Context(), "2"))
	wantVersions(t, s, "4", "", "3")
	check(t, s.Retire(t.Context(), "3"))
	wantVersions(t, s, "4", "", "")

	// Between staging and promotion.
	staged := must(s.Stage(t.Context(), "b", rotation.NewValue("six")))(t)
	w.put("five")
	check(t, s.Promote(t.Context(), staged))
	wantVersions(t, s, "6", "", "4")
	check(t, s.Retire(t.Context(), "4"))
	if got := w.states(name); got != "enabled destroyed destroyed destroyed enabled enabled" {
		t.Errorf("after retiring 4 the versions are %s", got)
	}
	wantVersions(t, s, "6", "", "5")
	check(t, s.Retire(t.Context(), "5"))
	wantVersions(t, s, "6", "", "")
	if got := w.states(name); got != "enabled destroyed destroyed destroyed destroyed enabled" {
		t.Errorf("after retiring 5 the versions are %s", got)
	}
}

// A secret that was there before: only the last version before the current one is retired.
func TestAdoptedVersionsAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	for _, v := range []string{"one", "two", "three"} {
		w.put(v)
	}
	s := w.store()
	w.round(s, "t", "four")
	check(t, s.Schedule(t.Context(), "3", time.Now()))
	check(t, s.Retire(t.Context(), "3"))
	wantVersions(t, s, "4", "", "")
	if got := w.states(name); got != "enabled enabled destroyed enabled" {
		t.Errorf("the versions are %s", got)
	}
}

// A second rotation within the grace of a target that has no second credential.
func TestEachHasItsTurn(t *testing.T) {
	w := newWorld(t)
	w.put("one")
	s := w.store()
	w.round(s, "a", "two")
	check(t, s.Schedule(t.Context(), "1", time.Now()))
	w.round(s, "b", "three")
	if v := wantVersions(t, s, "3", "", "1"); !v.Previous.RetireAfter.IsZero() {
		t.Errorf("a new round leaves the old time to retire, %s", v.Previous.RetireAfter)
	}
	check(t, s.Schedule(t.Context(), "2", time.Now()))
	if v := wantVersions(t, s, "3", "", "1"); v.Previous.RetireAfter.IsZero() {
		t.Error("the version before the one that is scheduled is not scheduled")
	}
	check(t, s.Retire(t.Context(), "1"))
	wantVersions(t, s, "3", "", "2")
	check(t, s.Retire(t.Context(), "2"))
	wantVersions(t, s, "3", "", "")
	if got := w.states(name); got != "destroyed destroyed enabled" {
		t.Errorf("the versions are %s", got)
	}
}

// Killed between adding the version and noting it.
func TestPromoteFindsItsOwnVersion(t *testing.T) {
	for _, after := range []string{"", "an operator's"} {
		killed, kill := errors.New("killed"), false
		w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
			conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
		) error {
			if kill && strings.HasSuffix(method, "UpdateSecret") {
				return killed
			}
			return invoke(ctx, method, request, answer, conn, opts...)
		}))
		w.put("one")
		staged := must(w.store().Stage(t.Context(), "t", rotation.NewValue("two")))(t)
		kill = true
		if err := w.store().Promote(t.Context(), staged); rotation.ClassOf(err) != rotation.Unreachable {
			t.Fatal(err)
		}
		kill = false
		current, states := "2", "enabled enabled"
		if after == "" {
			wantVersions(t, w.store(), staged, staged, "1")
		} else {
			w.put(after)
			current, states = "3", "enabled enabled enabled"
			wantVersions(t, w.store(), "3", staged, "")
		}
		s := w.store()
		check(t, s.Promote(t.Context(), staged))
		if v := must(s.Versions(t.Context()))(t); v.Current.ID != current || v.Pending.ID != "" || v.Previous.ID != "1" {
			t.Errorf("after %q: %+v", after, v)
		}
		if got := w.states(name); got != states {
			t.Errorf("after %q: the versions are %s", after, got)
		}
	}
}

func TestLease(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.Now = func() time.Time { return now }
	a, b := w.store(), w.store()
	release, err := a.Lease(t.Context(), now.Add(time.Minute))
	check(t, err)
	if _, err := b.Lease(t.Context(), now.Add(time.Minute)); !errors.Is(err, rotation.ErrBusy) || rotation.ClassOf(err) != rotation.Busy {
		t.Fatalf("a second lease: %v", err)
	}
	check(t, release(t.Context()))
	_, err = b.Lease(t.Context(), now.Add(time.Minute))
	check(t, err)
	check(t, release(t.Context())) // of a lease that is over: it does not end another's
	if _, err := a.Lease(t.Context(), now.Add(time.Minute)); !errors.Is(err, rotation.ErrBusy) {
		t.Fatalf("a third lease: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := a.Lease(t.Context(), now.Add(time.Minute)); err != nil {
		t.Fatalf("after the end of another's: %v", err)
	}
	// Whoever lost the lease changes nothing without seeing what became of the secret.
	w.put("one")
	id := must(a.Stage(t.Context(), "t", rotation.NewValue("a's")))(t)
	if got := must(b.Stage(t.Context(), "t", rotation.NewValue("b's")))(t); got != id {
		t.Errorf("b staged %s over a's %s", got, id)
	}
	if got := w.states(name + "--rotation"); got != "enabled destroyed" {
		t.Errorf("the companion's versions are %s", got)
	}
}

func TestPromotedSince(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	w.Now = func() time.Time { return now }
	since := func(d time.Duration) bool {
		t.Helper()
		return must(w.store().PromotedSince(t.Context(), now.Add(d)))(t)
	}
	w.put("one")
	if since(-time.Hour) {
		t.Error("an operator's version counts as a rotation")
	}
	id := must(w.store().Stage(t.Context(), "t", rotation.NewValue("two")))(t)
	if since(-time.Hour) {
		t.Error("a pending version counts as promoted")
	}
	check(t, w.store().Promote(t.Context(), id))
	if !since(0) || since(time.Nanosecond) {
		t.Error("want promoted since now, and not since later")
	}
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	w.put("one")
	s := w.store()
	w.round(s, "a", "two")
	check(t, s.Retire(t.Context(), "1"))
	w.round(s, "b", "three")
	must(s.Stage(t.Context(), "c", rotation.NewValue("four")))(t)
	var got []string
	for _, e := range must(s.History(t.Context()))(t) {
		if e.Created.IsZero() || e.Created.Location() != time.UTC {
			t.Errorf("version %s was created at %s", e.Version, e.Created)
		}
		got = append(got, e.Version+" "+e.State)
	}
	if want := []string{"pending-3 pending", "3 current", "2 previous", "1 destroyed"}; !slices.Equal(got, want) {
		t.Errorf("the history is %q, want %q", got, want)
	}
}

func TestDestroyTTL(t *testing.T) {
	w := newWorld(t)
	w.MustUpdate(t, name, func(s *pb.Secret) []string {
		s.VersionDestroyTtl = secretmanagertest.Duration(48 * time.Hour)
		return []string{"version_destroy_ttl"}
	})
	w.put("one")
	s := w.store()
	w.round(s, "a", "two")
	check(t, s.Retire(t.Context(), "1"))
	if got := w.states(name); got != "disabled enabled" {
		t.Errorf("the versions are %s", got)
	}
	if _, err := s.Value(t.Context(), "1"); !errors.Is(err, rotation.ErrNoValue) {
		t.Errorf("the value of a retired version: %v", err)
	}
	w.Now = func() time.Time { return time.Now().Add(49 * time.Hour) }
	if got := w.states(name); got != "destroyed enabled" {
		t.Errorf("after the destroy TTL the versions are %s", got)
	}
}

// failing answers one method with a code.
func failing(method string, code codes.Code, message string) grpc.DialOption {
	return grpc.WithUnaryInterceptor(func(ctx context.Context, called string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if strings.HasSuffix(called, "/"+method) {
			return status.Error(code, message)
		}
		return invoke(ctx, called, request, answer, conn, opts...)
	})
}

func TestErrors(t *testing.T) {
	versions := func(s *gcpstore.Store) error { _, err := s.Versions(t.Context()); return err }
	value := func(s *gcpstore.Store) error { _, err := s.Value(t.Context(), "1"); return err }
	stage := func(s *gcpstore.Store) error {
		_, err := s.Stage(t.Context(), "t", rotation.NewValue("canary"))
		return err
	}
	for _, tt := range []struct {
		method string
		code   codes.Code
		do     func(*gcpstore.Store) error
		class  rotation.Class
		say    []string
	}{
		{"GetSecret", codes.PermissionDenied, versions, rotation.Refused, []string{"get " + name + "--rotation", "a role on it"}},
		{"GetSecret", codes.NotFound, versions, rotation.Invalid, []string{"update the stack"}},
		{"ListSecretVersions", codes.Unauthenticated, versions, rotation.Refused, []string{"list the versions of " + name, "credentials"}},
		{"ListSecretVersions", codes.Internal, versions, rotation.Internal, []string{"Internal"}},
		{"AccessSecretVersion", codes.FailedPrecondition, value, rotation.Refused, []string{"key is enabled"}},
		{"AddSecretVersion", codes.InvalidArgument, stage, rotation.Invalid, []string{"at most 64 KiB"}},
		{"AddSecretVersion", codes.Unavailable, stage, rotation.Unreachable, []string{"add a version to " + name + "--rotation"}},
		{"AddSecretVersion", codes.Aborted, stage, rotation.Busy, []string{"try again"}},
		{"UpdateSecret", codes.FailedPrecondition, stage, rotation.Busy, []string{"another rotator is at work", "what the service says"}},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.method, tt.code), func(t *testing.T) {
			w := newWorld(t, failing(tt.method, tt.code, "what the service says"))
			w.put("one")
			err := tt.do(w.store())
			if rotation.ClassOf(err) != tt.class {
				t.Fatalf("class %s, want %s: %v", rotation.ClassOf(err), tt.class, err)
			}
			for _, part := range tt.say {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error has the value: %v", err)
			}
			if strings.Contains(err.Error(), "Cloud Run") { // a person at a command line gets it too
				t.Errorf("%v", err)
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	w := newWorld(t, failing("GetSecret", codes.ResourceExhausted, "Quota exceeded"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.store().Versions(ctx); rotation.ClassOf(err) != rotation.Deadline {
		t.Errorf("class %s: %v", rotation.ClassOf(err), err)
	}
}

// A call that was one too many in a second is made again.
func TestThrottledCallIsMadeAgain(t *testing.T) {
	calls := 0
	w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if calls++; calls == 1 {
			return status.Error(codes.ResourceExhausted, "Quota exceeded")
		}
		return invoke(ctx, method, request, answer, conn, opts...)
	}))
	wantVersions(t, w.store(), "", "", "")
	if calls != 3 { // of which one twice
		t.Errorf("%d calls, want 3", calls)
	}
}

// A value that is not what was sent is not used.
func TestChecksums(t *testing.T) {
	w := newWorld(t, grpc.WithUnaryInterceptor(func(ctx context.Context, method string, request, answer any,
		conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		if add, ok := request.(*pb.AddSecretVersionRequest); ok {
			add.Payload.Data[0] ^= 1
		}
		err := invoke(ctx, method, request, answer, conn, opts...)
		if got, ok := answer.(*pb.AccessSecretVersionResponse); ok && err == nil {
			got.Payload.Data[0] ^= 1
		}
		return err
	}))
	w.put("canary")
	if _, err := w.store().Value(t.Context(), "1"); rotation.ClassOf(err) != rotation.Unreachable ||
		!strings.Contains(err.Error(), "CRC32C") || strings.Contains(err.Error(), "anary") {
		t.Errorf("a value that was damaged on its way back: %v", err)
	}
	if _, err := w.store().Stage(t.Context(), "t", rotation.NewValue("canary")); rotation.ClassOf(err) != rotation.Invalid ||
		strings.Contains(err.Error(), "anary") {
		t.Errorf("a value that was damaged on its way there: %v", err)
	}
}

func TestSpoiltState(t *testing.T) {
	w := newWorld(t)
	w.MustUpdate(t, name+"--rotation", func(s *pb.Secret) []string {
		s.Annotations = map[string]string{gcpstore.StateAnnotation: "{", "team": "checkout"}
		return []string{"annotations"}
	})
	if _, err := w.store().Versions(t.Context()); rotation.ClassOf(err) != rotation.Invalid {
		t.Errorf("class %s: %v", rotation.ClassOf(err), err)
	}
	w.MustUpdate(t, name+"--rotation", func(s *pb.Secret) []string {
		delete(s.Annotations, gcpstore.StateAnnotation)
		return []string{"annotations"}
	})
	w.put("one")
	w.round(w.store(), "t", "two")
	got := must(w.admin.GetSecret(t.Context(), &pb.GetSecretRequest{Name: name + "--rotation"}))(t)
	if got.Annotations["team"] != "checkout" {
		t.Errorf("the annotation of another was lost: %v", got.Annotations)
	}
}
