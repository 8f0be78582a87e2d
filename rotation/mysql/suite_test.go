package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/database/databasetest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

var harness = databasetest.Harness{
	Engine:     "mysql",
	Database:   "shop",
	New:        New,
	Faulty:     faulty,
	Connect:    open,
	Server:     dbserver.MySQL,
	Start:      dbserver.StartMySQL,
	WithoutTLS: withoutTLS,

	Quote: quoteName,
	CreateUser: func(user, password string) []string {
		return []string{
			"CREATE DATABASE IF NOT EXISTS shop",
			"CREATE USER " + quoteName(user) + " IDENTIFIED BY " + quote(password),
			"GRANT SELECT, INSERT ON shop.* TO " + quoteName(user),
		}
	},
	State: func(s *dbserver.Server, user string) string {
		table := "mysql.user"
		if s.MariaDB { // whose mysql.user leaves things out
			table = "mysql.global_priv"
		}
		return "SELECT * FROM " + table + " WHERE User = " + quote(user)
	},
	CountUsers:   "SELECT COUNT(*) FROM mysql.user",
	CountWaiting: "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'",
	Hold: func(t *testing.T, s databasetest.Session, user string) func(password string) {
		if _, err := s.(*session).begin(t.Context(), user); err != nil {
			t.Fatal(err)
		}
		return func(password string) {
			if err := s.(*session).change(t.Context(), account{user, "%"}, database.Change{User: user, Password: password}); err != nil {
				t.Fatal(err)
			}
		}
	},
	Crowded: true,

	Locked:   databasetest.Obstacle{Up: "ALTER USER $user ACCOUNT LOCK", Down: "ALTER USER $user ACCOUNT UNLOCK"},
	Full:     databasetest.Obstacle{Up: "ALTER USER $user WITH MAX_CONNECTIONS_PER_HOUR 1", Down: "ALTER USER $user WITH MAX_CONNECTIONS_PER_HOUR 0"},
	ReadOnly: databasetest.Obstacle{Up: "SET GLOBAL read_only = 1", Down: "SET GLOBAL read_only = 0"},
	Denied:   "Error 1142 (42000): SELECT command denied to user",
	Failures: func(w *databasetest.World) []databasetest.Failure {
		second := w.Value(w.Users[1], "b canary")
		return []databasetest.Failure{
			{
				Name: "admin who may not give the rights", Class: rotation.Refused,
				Setup: []string{"GRANT CREATE USER, SELECT ON *.* TO " + w.Lame()}, Undo: []string{"REVOKE ALL, GRANT OPTION FROM " + w.Lame()},
				Err:  func() error { return w.TryApply(w.By(w.Two(), w.Lame(), databasetest.LamePassword), second, w.First) },
				Text: "the superuser secret orders-db-admin may not do that",
			},
			{
				Name: "replica, and a superuser who may write there", Class: rotation.Invalid,
				Setup: []string{"SET GLOBAL read_only = 1"}, Undo: []string{"SET GLOBAL read_only = 0"},
				Err:  func() error { return w.TryApply(w.Two(), second, w.First) },
				Text: "the server is a read-only replica",
			},
		}
	},

	Names: []string{"``@`%`; DROP USER x; -- ", "x` TO `y", "x TO ", "IDENTIFIED BY PASSWORD '*'", strings.Repeat("x", 30)},
	Named: func(t *testing.T, w *databasetest.World, name string) (string, func(rotation.Value), []string) {
		database := "db " + name + "."
		w.Exec("CREATE DATABASE "+quoteName(database),
			"GRANT SELECT ON "+quoteName(pattern.Replace(database))+".* TO "+quoteName(w.Users[0]))
		return database, func(second rotation.Value) {
			if got := w.As(second, "USE "+quoteName(database), "SELECT CURRENT_USER()"); got != w.Users[1]+"@%" {
				t.Errorf("%q: the second user is %q", name, got)
			}
		}, []string{"DROP DATABASE " + quoteName(database)}
	},
}

// pattern makes a pattern that matches one database: https://mariadb.com/docs/server/reference/sql-statements/account-management-sql-statements/grant
var pattern = strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`)

func TestTarget(t *testing.T) { databasetest.Run(t, harness) }

func FuzzNames(f *testing.F) { harness.FuzzNames(f) }

func (s *session) Exec(sql string) ([][]string, error) { return s.exec(context.Background(), sql) }

// open uses TLS, without which MySQL takes a password only if it has seen it before.
func open(s *dbserver.Server, user, password string) (databasetest.Session, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(s.CA))
	return connect(context.Background(), database.Login{
		Host: s.Host, Port: s.Port, User: user, Password: password,
		TLS: &tls.Config{ServerName: s.Host, RootCAs: roots},
	})
}

func withoutTLS(t testing.TB) *dbserver.Server {
	if dbserver.MySQL(t).MariaDB {
		return dbserver.StartMySQL(t, "--skip-ssl")
	}
	return dbserver.StartMySQL(t, "--tls-version=")
}

func faulty(c Config, calls *rotationtest.Calls) (rotation.Target, error) {
	return database.New(engine{func(ctx context.Context, l database.Login) (*session, error) {
		s, err := databasetest.Login(ctx, calls, l, connect)
		if err != nil {
			return nil, err
		}
		exec := s.exec
		s.exec = func(ctx context.Context, sql string) ([][]string, error) {
			return databasetest.Statement(calls, sql, func() ([][]string, error) { return exec(ctx, sql) })
		}
		return s, nil
	}}, c)
}
