package postgres

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
)

// TestErrors checks class and text of what may go wrong, and that no text holds a password.
func TestErrors(t *testing.T) {
	w := newWorld(t)
	a, b := w.users[0], w.users[1]
	addr := fmt.Sprintf("%s:%d", w.Host, w.Port)
	lame := a + "_admin"
	w.exec("CREATE ROLE " + lame + " LOGIN PASSWORD 'canary of the lame admin'")
	w.exec("CREATE DATABASE " + a + "_closed; ")
	w.exec("REVOKE CONNECT ON DATABASE " + a + "_closed FROM PUBLIC")
	plain := dbserver.StartPostgres(t, "-cssl=off")
	silent := listenSilently(t)

	apply := func(c Config, pending, current rotation.Value) error {
		return w.target(c).Apply(t.Context(), pending, current)
	}
	const denied = "ERROR: permission denied"
	next := w.value(a, "next canary")
	with := func(change func(*Config)) Config {
		c := w.one()
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name  string
		setup string // as the superuser
		after string
		err   func() error
		class rotation.Class
		text  string
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
			name: "no such user", class: rotation.Invalid,
			err: func() error {
				return apply(w.by(with(func(c *Config) { c.Users = []string{"nobody"} }), w.User, w.Password), w.value("nobody", "x canary"), w.first)
			},
			text: "change the user nobody at " + addr + ": there is no such user, and none to copy; create it, with its rights, or correct users in secrets.yaml",
		},
		{
			name: "no user to copy", class: rotation.Invalid,
			err: func() error {
				c := w.two()
				c.Users = []string{"nobody", "nobody_b"}
				return apply(c, w.value("nobody", "x canary"), rotation.Value{})
			},
			text: "there is no such user, and none to copy",
		},
		{
			name: "locked", class: rotation.Refused,
			setup: "ALTER ROLE " + a + " NOLOGIN", after: "ALTER ROLE " + a + " LOGIN",
			err:  func() error { return w.target(w.one()).Verify(t.Context(), w.first) },
			text: "the user " + a + " of the secret orders-db may not log in: it is locked, or its password has expired; unlock it at the server",
		},
		{
			name: "no such database", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.Database = "nowhere" })).Verify(t.Context(), w.first)
			},
			text: "the database is not there, or closed to the user " + a + " of the secret orders-db; correct the database",
		},
		{
			name: "closed database", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.Database = a + "_closed" })).Verify(t.Context(), w.first)
			},
			text: "the database is not there, or closed to the user " + a,
		},
		{
			name: "too many connections", class: rotation.Throttled,
			setup: "ALTER ROLE " + a + " CONNECTION LIMIT 0", after: "ALTER ROLE " + a + " CONNECTION LIMIT -1",
			err:  func() error { return w.target(w.one()).Verify(t.Context(), w.first) },
			text: "the server has too many connections; rotate again later",
		},
		{
			name: "replica", class: rotation.Invalid,
			setup: "ALTER ROLE " + a + " SET default_transaction_read_only = on", after: "ALTER ROLE " + a + " RESET ALL",
			err:  func() error { return apply(w.one(), next, w.first) },
			text: "the server is a read-only replica; give the primary's host for this target in the stack's file",
		},
		{
			name: "no TLS at the server", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.Port = plain.Port })).Verify(t.Context(), w.first)
			},
			text: "the server has no TLS; turn TLS on at the server; or set tls: off for this target in the stack's file",
		},
		{
			name: "unknown authority", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.CA = plain.CA })).Verify(t.Context(), w.first)
			},
			text: "the server's certificate is by no authority that is trusted here; give the authority's certificates as ca",
		},
		{
			name: "system's authorities", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.CA = "" })).Verify(t.Context(), w.first)
			},
			text: "the server's certificate is by no authority that is trusted here",
		},
		{
			name: "certificate for another name", class: rotation.Invalid,
			err: func() error {
				return w.target(with(func(c *Config) { c.Host = "localhost" })).Verify(t.Context(), w.first)
			},
			text: "the server's certificate is not for localhost; give the host of this target",
		},
		{
			name: "unknown name", class: rotation.Unreachable,
			err: func() error {
				return w.target(with(func(c *Config) { c.Host = "orders-db.invalid" })).Verify(t.Context(), w.first)
			},
			text: fmt.Sprintf("connect to orders-db.invalid:%d: the name orders-db.invalid is not known here; correct the host", w.Port),
		},
		{
			name: "nobody listens", class: rotation.Unreachable,
			err: func() error {
				return w.target(with(func(c *Config) { c.Port = 1 })).Verify(t.Context(), w.first)
			},
			text: "connect to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; see that the server runs",
		},
		{
			name: "no answer", class: rotation.Deadline,
			err: func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				return w.target(with(func(c *Config) { c.Port = silent })).Verify(ctx, w.first)
			},
			text: "the rotator's time ran out; rotate again",
		},
		{
			name: "current user is another", class: rotation.Invalid,
			err: func() error {
				_, err := w.target(w.one()).Mint(t.Context(), "", w.value("legacy", "canary"))
				return err
			},
			text: `use the secret orders-db: the current credential is of the user legacy, who is none of those that are rotated: ["` + a + `"]; correct users in secrets.yaml`,
		},
		{
			name: "pending user is the readers'", class: rotation.Invalid,
			err:  func() error { return apply(w.two(), next, w.first) },
			text: "use the secret orders-db: the pending credential is of the user " + a + ", whom the readers use; take the pending version away, and rotate again",
		},
		{
			name: "value is no JSON", class: rotation.Invalid,
			err: func() error {
				_, err := w.target(w.two()).Mint(t.Context(), "", rotation.NewValue("a plain canary"))
				return err
			},
			text: "read the credential: it is no JSON",
		},
		{
			name: "previous user is another", class: rotation.Invalid,
			setup: "CREATE ROLE legacy LOGIN PASSWORD 'legacy canary'", after: "DROP ROLE legacy",
			err: func() error {
				return w.target(w.two()).(rotation.Revoker).Revoke(t.Context(), w.value("legacy", "legacy canary"), w.first)
			},
			text: "the previous credential is of the user legacy, who is none of those that are rotated",
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
	if there := w.exec("SELECT count(*) FROM pg_roles WHERE rolname = '" + b + "'"); there != "0" {
		t.Error("the second user is there")
	}
}

// listenSilently takes connections and never answers.
func listenSilently(t *testing.T) (port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// TestTLSOff connects without TLS where that is asked for.
func TestTLSOff(t *testing.T) {
	w := worldAt(t, dbserver.StartPostgres(t, "-cssl=off"))
	c := w.one()
	c.CA, c.TLS = "", "off"
	w.wantWorks(true, "next", w.apply(w.target(c), w.first))
}

// TestStranger has a server that asks for the password in clear text, where TLS does not show who it is.
func TestStranger(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	heard := make(chan string)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		_, _ = conn.Read(make([]byte, 1024))                   // the greeting
		_, _ = conn.Write([]byte{'R', 0, 0, 0, 8, 0, 0, 0, 3}) // AuthenticationCleartextPassword
		rest, _ := io.ReadAll(conn)
		heard <- string(rest)
	}()
	target, err := New(Config{Users: []string{"orders"}, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: "off", Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Verify(t.Context(), rotation.NewValue("a canary")); err == nil {
		t.Error("no error")
	}
	if strings.Contains(<-heard, "canary") {
		t.Error("a stranger got the password")
	}
}
