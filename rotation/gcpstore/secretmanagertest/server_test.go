package secretmanagertest_test

import (
	"strings"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	. "github.com/secretstack/secretstack/rotation/gcpstore/secretmanagertest"
)

var (
	name = SecretName("orders-db")
	now  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

func start(t *testing.T) (*Server, *secretmanager.Client) {
	s := New()
	s.Now = func() time.Time { return now }
	s.MustCreate(t, "orders-db", nil)
	return s, s.Client(t)
}

func want(t *testing.T, what string, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestVersions(t *testing.T) {
	s, c := start(t)
	ctx := t.Context()
	access := func(version string) (string, error) {
		got, err := c.AccessSecretVersion(ctx, &pb.AccessSecretVersionRequest{Name: "projects/" + Project + "/secrets/orders-db/versions/" + version})
		return string(got.GetPayload().GetData()), err
	}
	_, err := access("latest")
	want(t, "latest of no versions", err, codes.NotFound)
	s.MustAdd(t, name, "one")
	s.MustAdd(t, name, "two")
	s.MustUpdate(t, name, func(s *pb.Secret) []string {
		s.VersionAliases = map[string]int64{"stable": 1}
		return []string{"version_aliases"}
	})
	for version, value := range map[string]string{"1": "one", "2": "two", "latest": "two", "stable": "one"} {
		if got, err := access(version); got != value || err != nil {
			t.Errorf("%s is %q, %v", version, got, err)
		}
	}
	_, err = access("3")
	want(t, "a version that is not", err, codes.NotFound)

	v, err := c.DisableSecretVersion(ctx, &pb.DisableSecretVersionRequest{Name: name + "/versions/latest"})
	want(t, "disable", err, codes.OK)
	if v.Name != name+"/versions/2" {
		t.Errorf("the name of latest is %s", v.Name)
	}
	_, err = access("latest")
	want(t, "latest, which is disabled", err, codes.FailedPrecondition)
	_, err = c.EnableSecretVersion(ctx, &pb.EnableSecretVersionRequest{Name: v.Name, Etag: `"0"`})
	want(t, "enable with another etag", err, codes.FailedPrecondition)
	_, err = c.EnableSecretVersion(ctx, &pb.EnableSecretVersionRequest{Name: v.Name, Etag: v.Etag})
	want(t, "enable with its etag", err, codes.OK)
	_, err = c.DestroySecretVersion(ctx, &pb.DestroySecretVersionRequest{Name: v.Name})
	want(t, "destroy", err, codes.OK)
	for what, call := range map[string]func() error{
		"access": func() error { _, err := access("2"); return err },
		"enable": func() error {
			_, err := c.EnableSecretVersion(ctx, &pb.EnableSecretVersionRequest{Name: v.Name})
			return err
		},
		"destroy": func() error {
			_, err := c.DestroySecretVersion(ctx, &pb.DestroySecretVersionRequest{Name: v.Name})
			return err
		},
	} {
		want(t, what+" what is destroyed", call(), codes.FailedPrecondition)
	}
}

func TestPayloads(t *testing.T) {
	_, c := start(t)
	wrong := int64(1)
	for what, p := range map[string]*pb.SecretPayload{
		"an empty payload":  {},
		"a big payload":     {Data: make([]byte, 64<<10+1)},
		"a damaged payload": {Data: []byte("value"), DataCrc32C: &wrong},
	} {
		_, err := c.AddSecretVersion(t.Context(), &pb.AddSecretVersionRequest{Parent: name, Payload: p})
		want(t, what, err, codes.InvalidArgument)
	}
}

func TestUpdates(t *testing.T) {
	for what, tt := range map[string]struct {
		secret *pb.Secret
		mask   string
		code   codes.Code
	}{
		"annotations":                   {&pb.Secret{Annotations: map[string]string{"a.b_c-D": "x"}}, "annotations", codes.OK},
		"an annotation's key":           {&pb.Secret{Annotations: map[string]string{"-a": "x"}}, "annotations", codes.InvalidArgument},
		"annotations of 16 KiB":         {&pb.Secret{Annotations: map[string]string{"a": strings.Repeat("x", 16<<10-1)}}, "annotations", codes.InvalidArgument},
		"annotations of less":           {&pb.Secret{Annotations: map[string]string{"a": strings.Repeat("x", 16<<10-2)}}, "annotations", codes.OK},
		"an alias of no version":        {&pb.Secret{VersionAliases: map[string]int64{"a": 1}}, "version_aliases", codes.InvalidArgument},
		"an etag that is not the last":  {&pb.Secret{Etag: `"0"`}, "labels", codes.FailedPrecondition},
		"a field that cannot change":    {&pb.Secret{}, "replication", codes.InvalidArgument},
		"no etag, which is not checked": {&pb.Secret{}, "labels", codes.OK},
	} {
		_, c := start(t)
		tt.secret.Name = name
		_, err := c.UpdateSecret(t.Context(), &pb.UpdateSecretRequest{
			Secret: tt.secret, UpdateMask: &fieldmaskpb.FieldMask{Paths: strings.Split(tt.mask, ",")},
		})
		want(t, what, err, tt.code)
	}
}

func TestEachUpdateHasAnotherEtag(t *testing.T) {
	_, c := start(t)
	before, err := c.GetSecret(t.Context(), &pb.GetSecretRequest{Name: name})
	want(t, "get", err, codes.OK)
	update := func() (*pb.Secret, error) {
		return c.UpdateSecret(t.Context(), &pb.UpdateSecretRequest{
			Secret: &pb.Secret{Name: name, Etag: before.Etag}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"labels"}},
		})
	}
	if after, err := update(); err != nil || after.Etag == before.Etag {
		t.Errorf("the etag is %s, and was %s: %v", after.GetEtag(), before.Etag, err)
	}
	_, err = update()
	want(t, "the same again", err, codes.FailedPrecondition)
}

func TestReadsLagBehind(t *testing.T) {
	s, c := start(t)
	s.MustAdd(t, name, "one")
	s.MustAdd(t, name, "two")
	ctx := Behind(t.Context(), 1)
	got, err := c.GetSecretVersion(ctx, &pb.GetSecretVersionRequest{Name: name + "/versions/latest"})
	if err != nil || got.Name != name+"/versions/1" {
		t.Errorf("latest is %s: %v", got.GetName(), err)
	}
	if _, err := c.AccessSecretVersion(ctx, &pb.AccessSecretVersionRequest{Name: name + "/versions/2"}); err != nil {
		t.Errorf("by its number: %v", err)
	}
	pages := 0
	for v, err := range c.ListSecretVersions(ctx, &pb.ListSecretVersionsRequest{Parent: name, PageSize: 1}).All() {
		want(t, "list", err, codes.OK)
		if pages++; v.Name != name+"/versions/1" {
			t.Errorf("the list has %s", v.Name)
		}
	}
	if pages != 1 {
		t.Errorf("the list has %d versions", pages)
	}
}
