package databasetest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
)

// Failure is something that goes wrong.
type Failure struct {
	Name        string
	Setup, Undo []string // as the superuser
	Err         func() error
	Class       rotation.Class
	Text        string // is in the error
}

// LamePassword is that of the world's [World.Lame].
const LamePassword = "canary of the lame admin"

// Lame is an admin of the world that [Harness.Failures] gets, who may alter nobody.
func (w *World) Lame() string { return w.Users[0] + "_lame" }

// TryApply applies a value with a target of its own.
func (w *World) TryApply(c database.Config, pending, current rotation.Value) error {
	return w.Target(c).Apply(w.t.Context(), pending, current)
}

// TryVerify verifies the first value with a target for one user that a test has changed.
func (w *World) TryVerify(change func(*database.Config)) error {
	c := w.One()
	change(&c)
	return w.Target(c).Verify(w.t.Context(), w.First)
}

// errors checks class and text of what may go wrong, and that no text holds a password.
func (h Harness) errors(t *testing.T) {
	w := h.WorldAt(t, h.Start(t)) // of which it changes settings
	w.Exec(h.CreateUser(w.Lame(), LamePassword)...)
	for _, f := range h.failures(t, w) {
		t.Run(f.Name, func(t *testing.T) { w.fails(t, f) })
	}
	if w.state(w.Users[1]) != "" {
		t.Error("the second user is there")
	}
	for _, f := range h.Failures(w) {
		t.Run(f.Name, func(t *testing.T) { w.fails(t, f) })
	}
}

func (w *World) fails(t *testing.T, f Failure) {
	w.Exec(f.Setup...)
	err := f.Err()
	w.Exec(f.Undo...)
	if err == nil {
		t.Fatal("no error")
	}
	if rotation.ClassOf(err) != f.Class || !strings.Contains(err.Error(), f.Text) {
		t.Errorf("%s: %v\nwant %s: %s", rotation.ClassOf(err), err, f.Class, f.Text)
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("the error holds a password")
	}
	if err := w.Works(w.First); err != nil {
		t.Error("the first credential does not work: ", err)
	}
}

func (h Harness) failures(t *testing.T, w *World) []Failure {
	plain := h.WithoutTLS(t)
	silent := listenSilently(t)
	a := w.Users[0]
	addr := fmt.Sprintf("%s:%d", w.Host, w.Port)
	next := w.Value(a, "next canary")
	same := func(*database.Config) {}
	all := []Failure{
		{
			Name: "password of the user", Class: rotation.Refused,
			Err: func() error { return w.TryApply(w.One(), next, w.Value(a, "another canary")) },
			Text: "connect to " + addr + ": password rejected for the user " + a + " of the secret orders-db; " +
				"put its present password into the secret orders-db",
		},
		{
			Name: "password of the admin", Class: rotation.Refused,
			Err: func() error { return w.TryApply(w.By(w.One(), w.User, "wrong canary"), next, w.First) },
			Text: "connect to " + addr + ": password rejected for the superuser secret orders-db-admin; " +
				"put its present password into the secret orders-db-admin",
		},
		{
			Name: "admin without rights", Class: rotation.Refused,
			Err:  func() error { return w.TryApply(w.By(w.One(), w.Lame(), LamePassword), next, w.First) },
			Text: "change the user " + a + " at " + addr + ": the superuser secret orders-db-admin may not do that (" + h.Denied,
		},
		{
			Name: "no such user", Class: rotation.Invalid,
			Err: func() error {
				c := w.OneByAdmin()
				c.Users = []string{"absent"}
				return w.TryApply(c, w.Value("absent", "x canary"), w.First)
			},
			Text: "change the user absent at " + addr + ": there is no such user, and none to copy; create it, with its rights, or correct users in secrets.yaml",
		},
		{
			Name: "no user to copy", Class: rotation.Invalid,
			Err: func() error {
				c := w.Two()
				c.Users = []string{"absent", "absent_b"}
				return w.TryApply(c, w.Value("absent", "x canary"), rotation.Value{})
			},
			Text: "there is no such user, and none to copy",
		},
		{
			Name: "locked", Class: rotation.Refused,
			Setup: []string{h.Locked.Up}, Undo: []string{h.Locked.Down},
			Err:  func() error { return w.TryVerify(same) },
			Text: "the user " + a + " of the secret orders-db may not log in: it is locked, or its password has expired; unlock it at the server",
		},
		{
			Name: "no such database", Class: rotation.Invalid,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.Database = "nowhere" }) },
			Text: "the database is not there, or closed to the user " + a + " of the secret orders-db; correct the database",
		},
		{
			Name: "too many connections", Class: rotation.Throttled,
			Setup: []string{h.Full.Up}, Undo: []string{h.Full.Down},
			Err: func() error {
				_ = w.Works(w.First) // where one is allowed
				return w.TryVerify(same)
			},
			Text: "the server has too many connections; rotate again later",
		},
		{
			Name: "replica", Class: rotation.Invalid,
			Setup: []string{h.ReadOnly.Up}, Undo: []string{h.ReadOnly.Down},
			Err:  func() error { return w.TryApply(w.One(), next, w.First) },
			Text: "the server is a read-only replica; give the primary's host for this target in the stack's file",
		},
		{
			Name: "no TLS at the server", Class: rotation.Invalid,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.Port = plain.Port }) },
			Text: "the server has no TLS; turn TLS on at the server; or set tls: off for this target in the stack's file",
		},
		{
			Name: "unknown authority", Class: rotation.Invalid,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.CA = plain.CA }) },
			Text: "the server's certificate is by no authority that is trusted here; give the authority's certificates as ca",
		},
		{
			Name: "system's authorities", Class: rotation.Invalid,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.CA = "" }) },
			Text: "the server's certificate is by no authority that is trusted here",
		},
		{
			Name: "certificate for another name", Class: rotation.Invalid,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.Host = "localhost" }) },
			Text: "the server's certificate is not for localhost; give the host of this target",
		},
		{
			Name: "unknown name", Class: rotation.Unreachable,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.Host = "orders-db.invalid" }) },
			Text: fmt.Sprintf("connect to orders-db.invalid:%d: the name orders-db.invalid is not known here; correct the host", w.Port),
		},
		{
			Name: "nobody listens", Class: rotation.Unreachable,
			Err:  func() error { return w.TryVerify(func(c *database.Config) { c.Port = 1 }) },
			Text: "connect to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused; see that the server runs",
		},
		{
			Name: "no answer", Class: rotation.Deadline,
			Err: func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				c := w.One()
				c.Port = silent
				return w.Target(c).Verify(ctx, w.First)
			},
			Text: "the rotator's time ran out; rotate again",
		},
		{
			Name: "current user is another", Class: rotation.Invalid,
			Err: func() error {
				_, err := w.Target(w.One()).Mint(t.Context(), "", w.Value("legacy", "canary"))
				return err
			},
			Text: `use the secret orders-db: the current credential is of the user legacy, who is none of those that are rotated: ["` + a + `"]; correct users in secrets.yaml`,
		},
		{
			Name: "pending user is the readers'", Class: rotation.Invalid,
			Err: func() error { return w.TryApply(w.Two(), next, w.First) },
			Text: "use the secret orders-db: the pending credential is of the user " + a + ", whom the readers use; take the pending version away, " +
				"as the page of your cloud (docs/aws.md, gcp.md, azure.md, local.md) says under By hand, and rotate again",
		},
		{
			Name: "value is no JSON", Class: rotation.Invalid,
			Err: func() error {
				_, err := w.Target(w.Two()).Mint(t.Context(), "", rotation.NewValue("a plain canary"))
				return err
			},
			Text: "read the credential: it is no JSON",
		},
		{
			Name: "previous user is another", Class: rotation.Invalid,
			Setup: h.CreateUser("legacy", "legacy canary"), Undo: []string{"DROP USER legacy"},
			Err: func() error {
				return w.Target(w.Two()).(rotation.Revoker).Revoke(t.Context(), w.Value("legacy", "legacy canary"), w.First)
			},
			Text: "the previous credential is of the user legacy, who is none of those that are rotated",
		},
	}
	for _, f := range all {
		for _, statements := range [][]string{f.Setup, f.Undo} {
			for i, sql := range statements {
				statements[i] = strings.ReplaceAll(sql, "$user", a)
			}
		}
	}
	return all
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
