package postgres

import (
	"context"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/database/databasetest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

var harness = databasetest.Harness{
	Engine:   "postgres",
	Database: "postgres",
	New:      New,
	Faulty:   faulty,
	Connect: func(s *dbserver.Server, user, password string) (databasetest.Session, error) {
		return connect(context.Background(), database.Login{
			Host: s.Host, Port: s.Port, Database: "postgres", User: user, Password: password,
		})
	},
	Server:     dbserver.Postgres,
	Start:      dbserver.StartPostgres,
	WithoutTLS: withoutTLS,

	Quote: quote,
	CreateUser: func(user, password string) []string {
		return []string{"CREATE ROLE " + quote(user) + " LOGIN PASSWORD " + literal(password)}
	},
	State: func(_ *dbserver.Server, user string) string {
		return "SELECT xmin, pg_authid FROM pg_authid WHERE rolname = " + literal(user)
	},
	CountUsers:   "SELECT count(*) FROM pg_roles",
	CountWaiting: "SELECT count(*) FROM pg_locks WHERE NOT granted",
	Hold: func(t *testing.T, s databasetest.Session, user string) func(password string) {
		run := func(sql string) {
			if _, err := s.Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
		run("BEGIN")
		run("SELECT pg_advisory_xact_lock(hashtextextended('secretstack " + user + "', 0))")
		return func(password string) {
			run("ALTER ROLE " + user + " PASSWORD " + literal(password))
			run("COMMIT")
		}
	},

	Locked:   databasetest.Obstacle{Up: "ALTER ROLE $user NOLOGIN", Down: "ALTER ROLE $user LOGIN"},
	Full:     databasetest.Obstacle{Up: "ALTER ROLE $user CONNECTION LIMIT 0", Down: "ALTER ROLE $user CONNECTION LIMIT -1"},
	ReadOnly: databasetest.Obstacle{Up: "ALTER ROLE $user SET default_transaction_read_only = on", Down: "ALTER ROLE $user RESET ALL"},
	Denied:   "ERROR: permission denied",
	Failures: func(w *databasetest.World) []databasetest.Failure {
		return []databasetest.Failure{{
			Name: "closed database", Class: rotation.Invalid,
			Setup: []string{"CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC"},
			Err:   func() error { return w.TryVerify(func(c *Config) { c.Database = "closed" }) },
			Text:  "the database is not there, or closed to the user " + w.Users[0],
		}}
	},

	Names: []string{`""; DROP ROLE x; --`, strings.Repeat("x", 31)},
	Named: func(t *testing.T, w *databasetest.World, name string) (string, func(rotation.Value), []string) {
		w.Exec("ALTER ROLE " + quote(w.Users[0]) + " SET search_path = " + quote(name))
		return "postgres", func(second rotation.Value) {
			if got := w.As(second, "SELECT session_user, current_user"); got != w.Users[1]+"|"+w.Users[0] {
				t.Errorf("%q: the second user is %q", name, got)
			}
		}, nil
	},
}

func TestTarget(t *testing.T) { databasetest.Run(t, harness) }

func FuzzNames(f *testing.F) { harness.FuzzNames(f) }

func (s *session) Exec(sql string) ([][]string, error) { return s.exec(context.Background(), sql) }

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func withoutTLS(t testing.TB) *dbserver.Server { return dbserver.StartPostgres(t, "-cssl=off") }

func faulty(c Config, calls *rotationtest.Calls) (rotation.Target, error) {
	return engine{func(ctx context.Context, l database.Login) (*session, error) {
		s, err := databasetest.Login(ctx, calls, l, connect)
		if err != nil {
			return nil, err
		}
		exec := s.exec
		s.exec = func(ctx context.Context, sql string, args ...string) ([][]string, error) {
			return databasetest.Statement(calls, sql, func() ([][]string, error) { return exec(ctx, sql, args...) })
		}
		return s, nil
	}}.target(c)
}
