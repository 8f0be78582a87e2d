package dbserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/secretstack/secretstack/e2e/needs"
)

// Postgres gives the test process's PostgreSQL server, whose settings a test must leave as they are.
// SECRETSTACK_POSTGRES names the folder of another version's programs.
func Postgres(t testing.TB) *Server {
	t.Helper()
	return once(t, "postgres", postgres(t))
}

// StartPostgres runs a PostgreSQL server until the test ends, with more settings, such as "-cssl=off".
func StartPostgres(t testing.TB, settings ...string) *Server {
	t.Helper()
	return own(t, postgres(t), settings)
}

func postgres(t testing.TB) engine {
	t.Helper()
	bin := postgresFolder(t)
	return engine{
		files: func(s *Server) map[string]string { return map[string]string{"password": s.Password} },
		initialize: func(s *Server) []string {
			return []string{
				filepath.Join(bin, "initdb"), "--pgdata", s.file("data"), "--username", s.User,
				"--pwfile", s.file("password"), "--auth", "scram-sha-256",
				"--encoding", "UTF8", "--no-locale", "--no-sync",
			}
		},
		command: func(s *Server) []string {
			return []string{
				filepath.Join(bin, "postgres"), "-D", s.file("data"), "-h", s.Host, "-p", strconv.Itoa(s.Port),
				"-cunix_socket_directories=", "-cfsync=off", "-cfull_page_writes=off", "-cshared_buffers=16MB",
				"-cssl=on", "-cssl_cert_file=" + s.file("server.crt"), "-cssl_key_file=" + s.file("server.key"),
			}
		},
		ready:  "database system is ready to accept connections",
		signal: "QUIT",
	}
}

func postgresFolder(t testing.TB) string {
	t.Helper()
	if folder := os.Getenv("SECRETSTACK_POSTGRES"); folder != "" {
		return folder
	}
	// Debian keeps the server's programs out of the PATH.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // fails only if the pattern is bad
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		needs.Missing(t, "PostgreSQL's server", "Install it with: make packages")
	}
	return filepath.Dir(found[len(found)-1])
}
