// Package secretmanagertest is Google's Secret Manager in memory, behind its published gRPC service.
//
// It keeps what the documentation says of the real one, and what a rotator may trip over:
//
//   - names come back with the project's number, also if they were given with its id;
//   - latest is the newest version, whatever its state, and only an enabled version can be accessed;
//   - a wrong etag is FAILED_PRECONDITION, and each update gives a new one, also if it changes nothing
//     (https://cloud.google.com/secret-manager/docs/etags);
//   - a destroyed version has no value; with a destroy TTL it is disabled until the TTL has passed
//     (https://cloud.google.com/secret-manager/docs/delay-destruction-of-secret-versions);
//   - checksums, sizes and annotations are checked as
//     https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets says;
//   - all reads but the access of a version by its number may lag behind
//     (https://cloud.google.com/secret-manager/docs/reference/consistency).
//
// There are no permissions, no quotas and no rotation times, and locations are not known.
package secretmanagertest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	pb "cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
)

// The one project that there is.
const (
	Project       = "shop-prod"
	ProjectNumber = "123456789012"
)

// Server is the service. The zero value is not usable: see New.
type Server struct {
	pb.UnimplementedSecretManagerServiceServer

	// Now is the service's clock. Zero: time.Now.
	Now func() time.Time

	mu     sync.Mutex
	states []state // after each write, the newest last
	etags  int
}

// New makes a service without secrets.
func New() *Server { return &Server{states: []state{{}}} }

// A state is never changed: a write makes another one, in which it shares what it did not touch.
type state map[string]secret // by the secret's name, without its project

type secret struct {
	*pb.Secret
	versions []version // version 1 first
}

type version struct {
	*pb.SecretVersion
	data []byte
}

// Serve answers on a listener until the test ends.
func (s *Server) Serve(t testing.TB, l net.Listener) {
	t.Helper()
	g := grpc.NewServer()
	s.Register(g)
	go func() { _ = g.Serve(l) }()
	t.Cleanup(g.Stop)
}

// Register adds the service to a gRPC server.
func (s *Server) Register(g grpc.ServiceRegistrar) { pb.RegisterSecretManagerServiceServer(g, s) }

// Client makes a client of the service, without a network.
func (s *Server) Client(t testing.TB, opts ...grpc.DialOption) *secretmanager.Client {
	t.Helper()
	l := bufconn.Listen(1 << 16)
	s.Serve(t, l)
	conn, err := grpc.NewClient("passthrough:///secretmanager", append(opts,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	client, err := secretmanager.NewClient(t.Context(), option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

const behindKey = "x-test-behind"

// Behind makes the reads of a call not know of the last writes.
func Behind(ctx context.Context, writes int) context.Context {
	return metadata.AppendToOutgoingContext(ctx, behindKey, strconv.Itoa(writes))
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// read gives a secret as a call may see it: some writes ago, where it asks for that.
func (s *Server) read(ctx context.Context, name string) (secret, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	behind := 0
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, v := range md.Get(behindKey) {
			behind, _ = strconv.Atoi(v)
		}
	}
	return s.find(s.states[max(0, len(s.states)-1-behind)], name)
}

// write changes a secret, or adds one.
func (s *Server) write(name string, change func(*secret) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.states[len(s.states)-1]
	sec, err := s.find(old, name)
	if err != nil {
		return err
	}
	sec = secret{proto.CloneOf(sec.Secret), slices.Clone(sec.versions)}
	if err := change(&sec); err != nil {
		return err
	}
	s.put(sec)
	return nil
}

func (s *Server) put(sec secret) {
	next := maps.Clone(s.states[len(s.states)-1])
	next[key(sec.Name)] = sec
	s.states = append(s.states, next)
}

func (s *Server) etag() string {
	s.etags++
	return fmt.Sprintf("%q", strconv.FormatInt(int64(s.etags)+0x1f00, 16))
}

// key gives a secret's name without its project, or "" for one that is none.
func key(name string) string {
	for _, project := range []string{Project, ProjectNumber} {
		if k, ok := strings.CutPrefix(name, "projects/"+project+"/secrets/"); ok && !strings.Contains(k, "/") {
			return k
		}
	}
	return ""
}

func (s *Server) find(in state, name string) (secret, error) {
	sec, ok := in[key(name)]
	if !ok {
		return sec, status.Errorf(codes.NotFound, "Secret [%s] not found.", name)
	}
	s.destroyDue(&sec)
	return sec, nil
}

// destroyDue destroys what waited for its destroy TTL.
func (s *Server) destroyDue(sec *secret) {
	for i, v := range sec.versions {
		if due := v.GetScheduledDestroyTime(); due != nil && !due.AsTime().After(s.now()) {
			sec.versions = slices.Clone(sec.versions)
			sec.versions[i] = v.destroyed(due.AsTime())
		}
	}
}

// split takes a version's name apart.
func split(name string) (secret, version string) {
	secret, version, _ = strings.Cut(name, "/versions/")
	return secret, version
}

// version finds a version by its number, by an alias, or as latest.
func (s secret) version(name string) (int, error) {
	_, id := split(name)
	n, err := strconv.ParseInt(id, 10, 64)
	if id == "latest" {
		n, err = int64(len(s.versions)), nil
	} else if alias, ok := s.VersionAliases[id]; ok {
		n, err = alias, nil
	}
	if err != nil || n < 1 || n > int64(len(s.versions)) {
		return 0, status.Errorf(codes.NotFound, "Secret Version [%s] not found.", name)
	}
	return int(n) - 1, nil
}

// SecretName gives the resource name of a secret as the service gives it.
func SecretName(id string) string { return "projects/" + ProjectNumber + "/secrets/" + id }
