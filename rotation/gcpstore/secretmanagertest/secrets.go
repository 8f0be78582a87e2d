package secretmanagertest

import (
	"context"
	"regexp"
	"strings"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The service's limits.
const (
	maxAnnotations = 16 << 10
	maxAliases     = 50
)

var (
	secretID      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	annotationKey = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$`)
	aliasName     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)
)

// CreateSecret implements the service.
func (s *Server) CreateSecret(_ context.Context, r *pb.CreateSecretRequest) (*pb.Secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := SecretName(r.SecretId)
	switch {
	case r.Parent != "projects/"+Project && r.Parent != "projects/"+ProjectNumber:
		return nil, status.Errorf(codes.PermissionDenied, "Permission denied on resource project %s.", r.Parent)
	case !secretID.MatchString(r.SecretId):
		return nil, status.Error(codes.InvalidArgument, "The provided Secret ID does not match the expected format.")
	case r.Secret.GetReplication() == nil:
		return nil, status.Error(codes.InvalidArgument, "Replication must be set.")
	}
	if _, err := s.find(s.states[len(s.states)-1], name); err == nil {
		return nil, status.Errorf(codes.AlreadyExists, "Secret [%s] already exists.", name)
	}
	sec := secret{Secret: proto.CloneOf(r.Secret)}
	sec.Name, sec.CreateTime, sec.Etag = name, timestamppb.New(s.now()), s.etag()
	if err := sec.check(); err != nil {
		return nil, err
	}
	s.put(sec)
	return sec.seen(), nil
}

// GetSecret implements the service.
func (s *Server) GetSecret(ctx context.Context, r *pb.GetSecretRequest) (*pb.Secret, error) {
	sec, err := s.read(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	return sec.seen(), nil
}

// UpdateSecret implements the service.
func (s *Server) UpdateSecret(_ context.Context, r *pb.UpdateSecretRequest) (*pb.Secret, error) {
	var answer *pb.Secret
	err := s.write(r.Secret.GetName(), func(sec *secret) error {
		if r.Secret.Etag != "" && r.Secret.Etag != sec.Etag {
			return wrongEtag
		}
		for _, path := range r.UpdateMask.GetPaths() {
			switch path {
			case "annotations":
				sec.Annotations = r.Secret.Annotations
			case "labels":
				sec.Labels = r.Secret.Labels
			case "version_aliases":
				sec.VersionAliases = r.Secret.VersionAliases
			case "version_destroy_ttl":
				sec.VersionDestroyTtl = r.Secret.VersionDestroyTtl
			default:
				return status.Errorf(codes.InvalidArgument, "Invalid field mask path: %s.", path)
			}
		}
		if len(r.UpdateMask.GetPaths()) == 0 {
			return status.Error(codes.InvalidArgument, "The field mask must not be empty.")
		}
		if err := sec.check(); err != nil {
			return err
		}
		sec.Etag = s.etag()
		answer = sec.seen()
		return nil
	})
	return answer, err
}

var wrongEtag = status.Error(codes.FailedPrecondition, "The etag provided does not match the current etag.")

// seen is a copy for an answer.
func (s secret) seen() *pb.Secret { return proto.CloneOf(s.Secret) }

// check refuses what the service refuses.
func (s secret) check() error {
	size := 0
	for k, v := range s.Annotations {
		size += len(k) + len(v)
		if !annotationKey.MatchString(k) {
			return status.Errorf(codes.InvalidArgument, "Invalid annotation key: %s.", k)
		}
	}
	switch {
	case size >= maxAnnotations:
		return status.Error(codes.InvalidArgument, "The total size of annotations must be less than 16KiB.")
	case len(s.VersionAliases) > maxAliases:
		return status.Error(codes.InvalidArgument, "A secret can have at most 50 aliases.")
	}
	for alias, n := range s.VersionAliases {
		if !aliasName.MatchString(alias) || alias == "latest" || strings.EqualFold(alias, "new") ||
			n < 1 || n > int64(len(s.versions)) {
			return status.Errorf(codes.InvalidArgument, "Invalid version alias: %s.", alias)
		}
	}
	return nil
}
