package gcpstore

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/secretstack/secretstack/rotation"
)

// again tries a call again that was refused without an effect, for being one too many. One rotation changes its
// companion some times within a second, and two are guaranteed (https://cloud.google.com/secret-manager/quotas).
var again = gax.WithRetry(func() gax.Retryer {
	return gax.OnCodes([]codes.Code{codes.ResourceExhausted},
		gax.Backoff{Initial: time.Second, Max: 20 * time.Second, Multiplier: 2})
})

// errNoVersion is the ErrNoValue of a version that never was.
var errNoVersion = fmt.Errorf("there is no such version: %w", rotation.ErrNoValue)

func versionName(secret, version string) string { return secret + "/versions/" + version }

func code(err error) codes.Code { return status.Code(err) }

func checksum(data []byte) int64 {
	return int64(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
}

// access reads a version of a secret, by its number or an alias.
func (s *Store) access(ctx context.Context, secret, version string) (rotation.Value, error) {
	name := versionName(secret, version)
	answer, err := s.client.AccessSecretVersion(ctx, &pb.AccessSecretVersionRequest{Name: name}, again)
	switch code(err) {
	case codes.OK:
	case codes.NotFound:
		return rotation.Value{}, fmt.Errorf("read %s: %w", name, errNoVersion)
	case codes.FailedPrecondition:
		if gone, goneErr := s.gone(ctx, name); gone {
			return rotation.Value{}, fmt.Errorf("read %s, which is disabled or destroyed: %w", name, rotation.ErrNoValue)
		} else if goneErr != nil {
			return rotation.Value{}, goneErr
		}
		fallthrough
	default:
		return rotation.Value{}, s.explain(ctx, "read", name, err)
	}
	data := answer.GetPayload().GetData()
	if sum := answer.GetPayload().DataCrc32C; sum != nil && *sum != checksum(data) {
		return rotation.Value{}, &rotation.Error{
			Class: rotation.Unreachable, Op: "read " + name,
			Err: errors.New("the value was damaged on its way: its CRC32C checksum differs"), Do: "try again",
		}
	}
	if len(data) == 0 {
		return rotation.Value{}, fmt.Errorf("read %s: %w", name, rotation.ErrNoValue)
	}
	return rotation.NewValue(string(data)), nil
}

// gone tells whether a version is disabled or destroyed. A call fails in the same way where a key is disabled.
func (s *Store) gone(ctx context.Context, name string) (bool, error) {
	v, err := s.client.GetSecretVersion(ctx, &pb.GetSecretVersionRequest{Name: name}, again)
	if err != nil {
		return false, s.explain(ctx, "get", name, err)
	}
	return v.State != pb.SecretVersion_ENABLED, nil
}

// add gives a secret a new version, whose number it returns.
func (s *Store) add(ctx context.Context, secret string, v rotation.Value) (int, error) {
	data := []byte(v.Reveal())
	sum := checksum(data)
	added, err := s.client.AddSecretVersion(ctx, &pb.AddSecretVersionRequest{
		Parent: secret, Payload: &pb.SecretPayload{Data: data, DataCrc32C: &sum},
	}, again)
	if err != nil {
		return 0, s.explain(ctx, "add a version to", secret, err)
	}
	if !added.ClientSpecifiedPayloadChecksum {
		return 0, &rotation.Error{
			Class: rotation.Unreachable, Op: "add a version to " + secret,
			Err: errors.New("the checksum of the value was lost on its way"), Do: "try again",
		}
	}
	return number(added), nil
}

// destroy takes a version from everybody, unless that has happened before.
func (s *Store) destroy(ctx context.Context, secret string, n int) error {
	name := versionName(secret, strconv.Itoa(n))
	_, err := s.client.DestroySecretVersion(ctx, &pb.DestroySecretVersionRequest{Name: name}, again)
	switch code(err) {
	case codes.OK, codes.NotFound:
		return nil
	case codes.FailedPrecondition:
		if gone, goneErr := s.gone(ctx, name); gone || goneErr != nil {
			return goneErr
		}
	}
	return s.explain(ctx, "destroy", name, err)
}
