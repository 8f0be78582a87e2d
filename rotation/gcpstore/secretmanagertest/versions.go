package secretmanagertest

import (
	"context"
	"hash/crc32"
	"strconv"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	maxPayload = 64 << 10
	maxPage    = 25000
)

func checksum(data []byte) int64 {
	return int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// AddSecretVersion implements the service.
func (s *Server) AddSecretVersion(_ context.Context, r *pb.AddSecretVersionRequest) (*pb.SecretVersion, error) {
	var added *pb.SecretVersion
	err := s.write(r.Parent, func(sec *secret) error {
		data, sum := r.GetPayload().GetData(), r.GetPayload().DataCrc32C
		switch {
		case len(data) == 0:
			return status.Error(codes.InvalidArgument, "Secret Payload cannot be empty.")
		case len(data) > maxPayload:
			return status.Error(codes.InvalidArgument, "The secret payload is over 65536 bytes.")
		case sum != nil && *sum != checksum(data):
			return status.Error(codes.InvalidArgument, "The payload's CRC32C checksum does not match.")
		}
		added = &pb.SecretVersion{
			Name:                           sec.Name + "/versions/" + strconv.Itoa(len(sec.versions)+1),
			CreateTime:                     timestamppb.New(s.now()),
			State:                          pb.SecretVersion_ENABLED,
			Etag:                           s.etag(),
			ClientSpecifiedPayloadChecksum: sum != nil,
		}
		sec.versions = append(sec.versions, version{added, data})
		return nil
	})
	return added, err
}

// GetSecretVersion implements the service.
func (s *Server) GetSecretVersion(ctx context.Context, r *pb.GetSecretVersionRequest) (*pb.SecretVersion, error) {
	v, err := s.readVersion(ctx, r.Name)
	return v.SecretVersion, err
}

func (s *Server) readVersion(ctx context.Context, name string) (version, error) {
	parent, _ := split(name)
	sec, err := s.read(ctx, parent)
	if err != nil {
		return version{}, err
	}
	i, err := sec.version(name)
	if err != nil {
		return version{}, err
	}
	return sec.versions[i], nil
}

// AccessSecretVersion implements the service. By its number, a version is there as soon as it was added.
func (s *Server) AccessSecretVersion(ctx context.Context, r *pb.AccessSecretVersionRequest) (*pb.AccessSecretVersionResponse, error) {
	if _, id := split(r.Name); id != "" && id[0] >= '0' && id[0] <= '9' {
		ctx = context.Background()
	}
	v, err := s.readVersion(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	if v.State != pb.SecretVersion_ENABLED {
		return nil, status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in %s state.", v.Name, v.State)
	}
	sum := checksum(v.data)
	return &pb.AccessSecretVersionResponse{
		Name: v.Name, Payload: &pb.SecretPayload{Data: v.data, DataCrc32C: &sum},
	}, nil
}

// ListSecretVersions implements the service, without filters.
func (s *Server) ListSecretVersions(ctx context.Context, r *pb.ListSecretVersionsRequest) (*pb.ListSecretVersionsResponse, error) {
	sec, err := s.read(ctx, r.Parent)
	if err != nil {
		return nil, err
	}
	if r.Filter != "" {
		return nil, status.Error(codes.Unimplemented, "filters are not known here")
	}
	size := int(r.PageSize)
	if size == 0 || size > maxPage {
		size = maxPage
	}
	from := len(sec.versions)
	if r.PageToken != "" {
		if from, err = strconv.Atoi(r.PageToken); err != nil || from < 0 || from > len(sec.versions) {
			return nil, status.Error(codes.InvalidArgument, "Invalid page token.")
		}
	}
	answer := &pb.ListSecretVersionsResponse{TotalSize: int32(len(sec.versions))}
	for ; from > 0 && len(answer.Versions) < size; from-- {
		answer.Versions = append(answer.Versions, sec.versions[from-1].SecretVersion)
	}
	if from > 0 {
		answer.NextPageToken = strconv.Itoa(from)
	}
	return answer, nil
}

// EnableSecretVersion implements the service.
func (s *Server) EnableSecretVersion(_ context.Context, r *pb.EnableSecretVersionRequest) (*pb.SecretVersion, error) {
	return s.changeVersion(r.Name, r.Etag, func(v version, _ *secret) version {
		v.State, v.ScheduledDestroyTime = pb.SecretVersion_ENABLED, nil
		return v
	})
}

// DisableSecretVersion implements the service.
func (s *Server) DisableSecretVersion(_ context.Context, r *pb.DisableSecretVersionRequest) (*pb.SecretVersion, error) {
	return s.changeVersion(r.Name, r.Etag, func(v version, _ *secret) version {
		v.State = pb.SecretVersion_DISABLED
		return v
	})
}

// DestroySecretVersion implements the service.
func (s *Server) DestroySecretVersion(_ context.Context, r *pb.DestroySecretVersionRequest) (*pb.SecretVersion, error) {
	return s.changeVersion(r.Name, r.Etag, func(v version, sec *secret) version {
		ttl := sec.VersionDestroyTtl
		if ttl.AsDuration() <= 0 {
			return v.destroyed(s.now())
		}
		v.State = pb.SecretVersion_DISABLED
		v.ScheduledDestroyTime = timestamppb.New(s.now().Add(ttl.AsDuration()))
		return v
	})
}

func (v version) destroyed(at time.Time) version {
	return version{SecretVersion: &pb.SecretVersion{
		Name: v.Name, CreateTime: v.CreateTime, DestroyTime: timestamppb.New(at),
		State: pb.SecretVersion_DESTROYED, Etag: v.Etag,
		ClientSpecifiedPayloadChecksum: v.ClientSpecifiedPayloadChecksum,
	}}
}

// changeVersion gives a version that is not destroyed another state.
func (s *Server) changeVersion(name, etag string, change func(version, *secret) version) (*pb.SecretVersion, error) {
	var changed *pb.SecretVersion
	parent, _ := split(name)
	err := s.write(parent, func(sec *secret) error {
		i, err := sec.version(name)
		if err != nil {
			return err
		}
		v := sec.versions[i]
		switch {
		case v.State == pb.SecretVersion_DESTROYED:
			return status.Errorf(codes.FailedPrecondition, "Secret Version [%s] is in DESTROYED state.", v.Name)
		case etag != "" && etag != v.Etag:
			return wrongEtag
		}
		v.SecretVersion = proto.CloneOf(v.SecretVersion)
		v = change(v, sec)
		v.Etag = s.etag()
		sec.versions[i] = v
		changed = v.SecretVersion
		return nil
	})
	return changed, err
}
