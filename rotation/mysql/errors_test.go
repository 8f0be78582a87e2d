package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
)

// TestErrors checks class and text of what may go wrong, and that no text holds a password. What has nothing to do
// with the kind of server, package postgres tests.
func TestErrors(t *testing.T) {
	noTLS := "--skip-ssl"
	if !dbserver.MySQL(t).MariaDB {
		noTLS = "--tls-version="
	}
	plain := dbserver.StartMySQL(t, noTLS)
	w := worldAt(t, dbserver.StartMySQL(t)) // of which it changes settings
	a := w.users[0]
	addr := fmt.Sprintf("%s:%d", w.Host, w.Port)
	lame := a + "_admin"
	w.exec("CREATE USER "+lame+" IDENTIFIED BY 'canary of the lame admin'", "GRANT SELECT ON shop.* TO "+lame)

	apply := func(c Config, pending, current rotation.Value) error {
		return w.target(c).Apply(t.Context(), pending, current)
	}
	verify := func(change func(*Config)) error {
		c := w.one()
		change(&c)
		return w.target(c).Verify(t.Context(), w.first)
	}
	same := func(*Config) {}
	const denied = "Error 1142 (42000): SELECT command denied to user"
	next := w.value(a, "next canary")
	for _, tt := range []struct {
		name         string
		setup, after string // as the superuser
		err          func() error
		class        rotation.Class
		text         string
	}{
		{
			name: "password of the user", class: rotation.Refused,
			err: func() error { return apply(w.one(), next, w.value(a, "another canary")) },
			text: "connect to " + addr + ": password rejected for the user " + a + " of the secret orders-db; " +
				"put its present password into the secret orders-db",
		},
		{
			name: "password of the admin", class: rotation.Refused,
			err: func() error { return apply(w.by(w.one(), w.User, "wrong canary"), next, w.first) },
			text: "connect to " + addr + ": password rejected for the superuser secret orders-db-admin; " +
				"put its present password into the secret orders-db-admin",
		},
		{
			name: "admin without rights", class: rotation.Refused,
			err:  func() error { return apply(w.by(w.one(), lame, "canary of the lame admin"), next, w.first) },
			text: "change the user " + a + " at " + addr + ": the superuser secret orders-db-admin may not do that (" + denied,
		},
		{
			name: "admin who may not give the rights", class: rotation.Refused,
			setup: "GRANT CREATE USER, SELECT ON *.* TO " + lame, after: "REVOKE ALL, GRANT OPTION FROM " + lame,
			err: func() error {
				return apply(w.by(w.two(), lame, "canary of the lame admin"), w.value(a+"_b", "b canary"), w.first)
			},
			text: "the superuser secret orders-db-admin may not do that",
		},
		{
			name: "no such user", class: rotation.Invalid,
			err: func() error {
				c := w.by(w.one(), w.User, w.Password)
				c.Users = []string{"absent"}
				return apply(c, w.value("absent", "x canary"), w.first)
			},
			text: "change the user absent at " + addr + ": there is no such user, and none to copy; create it, with its rights, or correct users in secrets.yaml",
		},
		{
			name: "locked", class: rotation.Refused,
			setup: "ALTER USER " + a + " ACCOUNT LOCK", after: "ALTER USER " + a + " ACCOUNT UNLOCK",
			err:  func() error { return verify(same) },
			text: "the user " + a + " of the secret orders-db may not log in: it is locked, or its password has expired; unlock it at the server",
		},
		{
			name: "no such database", class: rotation.Invalid,
			err:  func() error { return verify(func(c *Config) { c.Database = "nowhere" }) },
			text: "the database is not there, or closed to the user " + a + " of the secret orders-db; correct the database",
		},
		{
			name: "too many connections", class: rotation.Throttled,
			setup: "ALTER USER " + a + " WITH MAX_CONNECTIONS_PER_HOUR 1", after: "ALTER USER " + a + " WITH MAX_CONNECTIONS_PER_HOUR 0",
			err: func() error {
				_ = w.works(w.first)
				return verify(same)
			},
			text: "the server has too many connections; rotate again later",
		},
		{
			name: "replica", class: rotation.Invalid,
			setup: "SET GLOBAL read_only = 1", after: "SET GLOBAL read_only = 0",
			err:  func() error { return apply(w.one(), next, w.first) },
			text: "the server is a read-only replica; give the primary's host for this target in the stack's file",
		},
		{
			name: "replica, and a superuser who may write there", class: rotation.Invalid,
			setup: "SET GLOBAL read_only = 1", after: "SET GLOBAL read_only = 0",
			err:  func() error { return apply(w.two(), w.value(a+"_b", "b canary"), w.first) },
			text: "the server is a read-only replica",
		},
		{
			name: "no TLS at the server", class: rotation.Invalid,
			err:  func() error { return verify(func(c *Config) { c.Port = plain.Port }) },
			text: "the server has no TLS; turn TLS on at the server; or set tls: off for this target in the stack's file",
		},
		{
			name: "unknown authority", class: rotation.Invalid,
			err:  func() error { return verify(func(c *Config) { c.CA = plain.CA }) },
			text: "the server's certificate is by no authority that is trusted here; give the authority's certificates as ca",
		},
		{
			name: "certificate for another name", class: rotation.Invalid,
			err:  func() error { return verify(func(c *Config) { c.Host = "localhost" }) },
			text: "the server's certificate is not for localhost; give the host of this target",
		},
		{
			name: "nobody listens", class: rotation.Unreachable,
			err:  func() error { return verify(func(c *Config) { c.Port = 1 }) },
			text: "connect to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; see that the server runs",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.setup != "" {
				w.exec(tt.setup)
			}
			err := tt.err()
			if tt.after != "" {
				w.exec(tt.after)
			}
			if err == nil {
				t.Fatal("no error")
			}
			if rotation.ClassOf(err) != tt.class || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s: %v\nwant %s: %s", rotation.ClassOf(err), err, tt.class, tt.text)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Error("the error holds a password")
			}
			w.wantWorks(true, "first", w.first)
		})
	}
}

// TestPolicy has a server whose policy wants to see a password, or takes none a second time.
func TestPolicy(t *testing.T) {
	w := worldAt(t, dbserver.StartMySQL(t))
	if !w.MariaDB {
		w.exec("ALTER USER " + w.users[0] + " PASSWORD HISTORY 5")
		w.apply(w.target(w.two()), w.apply(w.target(w.one()), w.first))
		return
	}
	w.exec("INSTALL SONAME 'simple_password_check'")
	err := w.target(w.one()).Apply(t.Context(), w.value(w.users[0], "canary"), w.first)
	const want = "the server's policy takes no hashed passwords; set strict_password_validation=OFF at the server"
	if rotation.ClassOf(err) != rotation.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestTLSOff connects without TLS where that is asked for.
func TestTLSOff(t *testing.T) {
	w := newWorld(t)
	c := w.one()
	c.CA, c.TLS = "", "off"
	w.wantWorks(true, "next", w.apply(w.target(c), w.first))
}

// TestHushed checks that an error of a statement that holds a password does not quote it.
func TestHushed(t *testing.T) {
	w := newWorld(t)
	s, err := w.open(w.first)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, loud := s.exec(t.Context(), "SET PASSWORD TO 'a canary'")
	quiet := s.execSecret(t.Context(), "SET PASSWORD TO 'a canary'")
	if loud == nil || !strings.Contains(loud.Error(), "canary") {
		t.Error("the server does not quote the statement: ", loud)
	}
	if quiet == nil || quiet.Error() != "the server's error 1064 (42000)" {
		t.Error(quiet)
	}
}
