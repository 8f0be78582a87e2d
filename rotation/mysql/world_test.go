package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/database"
)

// world is a server with a user of its own for one test.
type world struct {
	*dbserver.Server
	t     *testing.T
	users []string // of which the first is there
	first rotation.Value
}

var worlds atomic.Int32

func newWorld(t *testing.T) *world { return worldAt(t, dbserver.MySQL(t)) }

func worldAt(t *testing.T, s *dbserver.Server) *world {
	n := worlds.Add(1)
	w := &world{Server: s, t: t, users: []string{fmt.Sprintf("orders_%d", n), fmt.Sprintf("orders_%d_b", n)}}
	w.first = w.value(w.users[0], "first canary of "+w.users[0])
	w.exec("CREATE DATABASE IF NOT EXISTS shop")
	w.exec("CREATE USER " + w.users[0] + " IDENTIFIED BY 'first canary of " + w.users[0] + "'")
	w.exec("GRANT SELECT, INSERT ON shop.* TO " + w.users[0])
	return w
}

func (w *world) value(user, password string) rotation.Value {
	return credential.Credential{
		Engine: "mysql", Host: w.Host, Port: w.Port, Username: user, Password: password, DBName: "shop",
	}.Value()
}

// one is the configuration of one user that alters itself, two that of two users.
func (w *world) one() Config {
	return Config{Secret: "orders-db", Users: w.users[:1], Host: w.Host, Port: w.Port, Database: "shop", CA: w.CA}
}

func (w *world) two() Config {
	c := w.one()
	c.Users = w.users
	return w.by(c, w.User, w.Password)
}

func (w *world) by(c Config, user, password string) Config {
	c.AdminName = "orders-db-admin"
	c.Admin = func(context.Context) (rotation.Value, error) {
		return credential.Credential{Username: user, Password: password}.Value(), nil
	}
	return c
}

func (w *world) target(c Config) rotation.Target {
	w.t.Helper()
	target, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return target
}

// open logs in past the code under test's configuration, as a reader with a value.
func (w *world) open(v rotation.Value) (*session, error) {
	c, err := credential.Parse(v)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(w.CA))
	return connect(context.Background(), database.Login{
		Host: w.Host, Port: w.Port, User: c.Username, Password: c.Password,
		TLS: &tls.Config{ServerName: w.Host, RootCAs: roots},
	})
}

func (w *world) works(v rotation.Value) error {
	s, err := w.open(v)
	if err == nil {
		s.Close()
	}
	return err
}

// as runs statements as a reader with a value would, and gives the rows, with columns separated by |.
func (w *world) as(v rotation.Value, statements ...string) string {
	w.t.Helper()
	s, err := w.open(v)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	var lines []string
	for _, sql := range statements {
		rows, err := s.exec(context.Background(), sql)
		if err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
		for _, row := range rows {
			lines = append(lines, strings.Join(row, "|"))
		}
	}
	return strings.Join(lines, "\n")
}

func (w *world) exec(statements ...string) string {
	w.t.Helper()
	return w.as(w.value(w.User, w.Password), statements...)
}

func (w *world) wantWorks(works bool, what string, v rotation.Value) {
	w.t.Helper()
	if err := w.works(v); (err == nil) != works {
		w.t.Errorf("the %s credential works: %t, want %t (%v)", what, err == nil, works, err)
	}
}

// apply mints, applies and verifies the next credential.
func (w *world) apply(target rotation.Target, current rotation.Value) rotation.Value {
	w.t.Helper()
	ctx := context.Background()
	pending, err := target.Mint(ctx, "", current)
	if err != nil {
		w.t.Fatal("mint: ", err)
	}
	for range 2 { // each may be called again
		if err := target.Apply(ctx, pending, current); err != nil {
			w.t.Fatal("apply: ", err)
		}
		if err := target.Verify(ctx, pending); err != nil {
			w.t.Fatal("verify: ", err)
		}
	}
	return pending
}

func (w *world) revoke(target rotation.Target, previous, current rotation.Value) {
	w.t.Helper()
	for range 2 {
		if err := target.(rotation.Revoker).Revoke(context.Background(), previous, current); err != nil {
			w.t.Fatal("revoke: ", err)
		}
	}
}
