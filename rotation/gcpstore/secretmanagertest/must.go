package secretmanagertest

import (
	"maps"
	"testing"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Duration is a destroy TTL.
func Duration(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

// MustCreate makes a secret without versions.
func (s *Server) MustCreate(t testing.TB, id string, annotations map[string]string) {
	t.Helper()
	_, err := s.CreateSecret(t.Context(), &pb.CreateSecretRequest{
		Parent: "projects/" + Project, SecretId: id, Secret: &pb.Secret{
			Replication: &pb.Replication{Replication: &pb.Replication_Automatic_{Automatic: &pb.Replication_Automatic{}}},
			Annotations: maps.Clone(annotations),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// MustAdd puts a value as an operator does.
func (s *Server) MustAdd(t testing.TB, name, value string) {
	t.Helper()
	if _, err := s.AddSecretVersion(t.Context(), &pb.AddSecretVersionRequest{
		Parent: name, Payload: &pb.SecretPayload{Data: []byte(value)},
	}); err != nil {
		t.Fatal(err)
	}
}

// MustUpdate changes a secret; change gives the fields that it changed.
func (s *Server) MustUpdate(t testing.TB, name string, change func(*pb.Secret) []string) {
	t.Helper()
	sec, err := s.GetSecret(t.Context(), &pb.GetSecretRequest{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateSecret(t.Context(), &pb.UpdateSecretRequest{
		Secret: sec, UpdateMask: &fieldmaskpb.FieldMask{Paths: change(sec)},
	}); err != nil {
		t.Fatal(err)
	}
}
