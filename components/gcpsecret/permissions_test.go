package gcpsecret_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/gcpstore"
	"github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// needed is the permission for each method: https://cloud.google.com/secret-manager/docs/access-control.
var needed = map[string]string{
	"GetSecret":            "secretmanager.secrets.get",
	"UpdateSecret":         "secretmanager.secrets.update",
	"AccessSecretVersion":  "secretmanager.versions.access",
	"AddSecretVersion":     "secretmanager.versions.add",
	"DestroySecretVersion": "secretmanager.versions.destroy",
	"GetSecretVersion":     "secretmanager.versions.get",
	"ListSecretVersions":   "secretmanager.versions.list",
}

// calls are those of a client, and can be cut off.
type calls struct {
	t      *testing.T
	used   map[string]map[string]bool // permissions by secret
	before func(call string) error    // may make it fail
}

func (c *calls) intercept(
	ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	call, name := method[strings.LastIndex(method, "/")+1:], ""
	switch r := request.(type) {
	case interface{ GetName() string }:
		name = r.GetName()
	case interface{ GetParent() string }:
		name = r.GetParent()
	case *pb.UpdateSecretRequest:
		name = r.GetSecret().GetName()
	}
	name, _, _ = strings.Cut(name, "/versions/")
	if needed[call] == "" || name == "" {
		c.t.Errorf("%s of %q needs a permission that is not known here", call, name)
	}
	if c.used[name] == nil {
		c.used[name] = map[string]bool{}
	}
	c.used[name][needed[call]] = true
	if err := c.before(call); err != nil {
		return err
	}
	return invoke(ctx, method, request, answer, conn, opts...)
}

// The roles have exactly the permissions for what the service calls, when a rotator was killed too.
func TestPermissions(t *testing.T) {
	server := secretmanagertest.New()
	now := time.Now()
	server.Now = func() time.Time { return now }
	job, err := json.Marshal(secret.Job{Secret: "orders", ID: secretmanagertest.SecretName("orders")})
	if err != nil {
		t.Fatal(err)
	}
	server.MustCreate(t, "orders", map[string]string{gcpstore.JobAnnotation: string(job)})
	server.MustCreate(t, "orders--rotation", nil)
	name := secretmanagertest.SecretName("orders")
	issuer, first := rotationtest.NewIssuer(nil)
	server.MustAdd(t, name, first.Reveal())

	destroyed, killed := false, false
	c := &calls{t: t, used: map[string]map[string]bool{}, before: func(call string) error {
		if destroyed && !killed && call == "UpdateSecret" {
			killed = true
			return errors.New("killed")
		}
		destroyed = destroyed || call == "DestroySecretVersion"
		return nil
	}}
	client := server.Client(t, grpc.WithUnaryInterceptor(c.intercept))
	rotator := func() *rotation.Rotator {
		if _, err := gcpstore.Job(t.Context(), client, name); err != nil {
			t.Fatal(err)
		}
		store := gcpstore.New(client, name)
		store.Now = server.Now
		if _, err := store.PromotedSince(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return &rotation.Rotator{Secret: "orders", Store: store, Target: issuer, Now: server.Now, Log: slog.New(slog.DiscardHandler)}
	}
	for range 3 {
		destroyed, killed = false, false // once after it has destroyed something, and before it could note that
		if err := rotator().Rotate(t.Context()); err == nil || !killed {
			t.Fatalf("killed: %v, error %v", killed, err)
		}
		now = now.Add(time.Hour)
		if err := rotator().Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(48 * time.Hour)
		if err := rotator().Retire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	g := record(t, rotating(nil))
	for role, on := range map[string]string{"shop-rotator": name, "shop-rotator-companion": name + "--rotation"} {
		var granted []string
		for _, p := range named(t, g, roleType, role).Inputs.Get("permissions").AsArray().All {
			granted = append(granted, p.AsString())
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(c.used[on])), granted); diff != "" {
			t.Errorf("the permissions that are used on %s, and those of the role (-used +role):\n%s", on, diff)
		}
	}
	if len(c.used) != 2 {
		t.Errorf("the service uses %v", c.used)
	}
}
