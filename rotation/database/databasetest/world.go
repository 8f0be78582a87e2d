package databasetest

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/database"
)

// World is a server with users of its own for one test.
type World struct {
	*dbserver.Server
	Users []string // of which the first is there
	First rotation.Value

	t         *testing.T
	harness   Harness
	superuser Session
}

var worlds atomic.Int32

// World makes one at the process's server.
func (h Harness) World(t *testing.T) *World { return h.WorldAt(t, h.Server(t)) }

// WorldAt makes one at a server.
func (h Harness) WorldAt(t *testing.T, s *dbserver.Server) *World {
	t.Helper()
	n := worlds.Add(1)
	w := &World{Server: s, Users: []string{fmt.Sprintf("orders_%d", n), fmt.Sprintf("orders_%d_b", n)}, t: t, harness: h}
	w.superuser = w.Open(w.Value(w.User, w.Password))
	t.Cleanup(w.superuser.Close)
	password := "first canary of " + w.Users[0]
	w.First = w.Value(w.Users[0], password)
	w.Exec(h.CreateUser(w.Users[0], password)...)
	return w
}

// Value is a credential for the world's server.
func (w *World) Value(user, password string) rotation.Value {
	return credential.Credential{
		Engine: w.harness.Engine, Host: w.Host, Port: w.Port, Username: user, Password: password, DBName: w.harness.Database,
	}.Value()
}

// One is the configuration of one user that alters itself.
func (w *World) One() database.Config {
	return database.Config{
		Secret: "orders-db", Users: w.Users[:1], Host: w.Host, Port: w.Port, Database: w.harness.Database, CA: w.CA,
	}
}

// OneByAdmin is that of one user whom the superuser alters.
func (w *World) OneByAdmin() database.Config { return w.By(w.One(), w.User, w.Password) }

// Two is that of two users, whom the superuser alters.
func (w *World) Two() database.Config {
	c := w.OneByAdmin()
	c.Users = w.Users
	return c
}

// By is c with another admin.
func (w *World) By(c database.Config, user, password string) database.Config {
	c.AdminName = "orders-db-admin"
	c.Admin = func(context.Context) (rotation.Value, error) {
		return credential.Credential{Username: user, Password: password}.Value(), nil
	}
	return c
}

// Target makes the target under test.
func (w *World) Target(c database.Config) rotation.Target {
	w.t.Helper()
	target, err := w.harness.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return target
}

// Open logs in as a reader with a value does.
func (w *World) Open(v rotation.Value) Session {
	w.t.Helper()
	s, err := w.open(v)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *World) open(v rotation.Value) (Session, error) {
	c, err := credential.Parse(v)
	if err != nil {
		return nil, err
	}
	return w.harness.Connect(w.Server, c.Username, c.Password)
}

// As runs statements as a reader with a value would, and gives the rows, with columns separated by |.
func (w *World) As(v rotation.Value, statements ...string) string {
	w.t.Helper()
	s := w.Open(v)
	defer s.Close()
	return w.exec(s, statements)
}

// Exec runs statements as the superuser.
func (w *World) Exec(statements ...string) string {
	w.t.Helper()
	return w.exec(w.superuser, statements)
}

func (w *World) exec(s Session, statements []string) string {
	w.t.Helper()
	var lines []string
	for _, sql := range statements {
		rows, err := s.Exec(sql)
		if err != nil {
			w.t.Fatalf("%s: %v", sql, err)
		}
		for _, row := range rows {
			lines = append(lines, strings.Join(row, "|"))
		}
	}
	return strings.Join(lines, "\n")
}

// Works logs in with a value.
func (w *World) Works(v rotation.Value) error {
	s, err := w.open(v)
	if err == nil {
		s.Close()
	}
	return err
}

// WantWorks fails the test where a credential works and should not, or the other way round.
func (w *World) WantWorks(works bool, what string, v rotation.Value) {
	w.t.Helper()
	if err := w.Works(v); (err == nil) != works {
		w.t.Errorf("the %s credential works: %t, want %t (%v)", what, err == nil, works, err)
	}
}

// Apply mints, applies and verifies the next credential.
func (w *World) Apply(target rotation.Target, current rotation.Value) rotation.Value {
	w.t.Helper()
	pending, err := target.Mint(w.t.Context(), "", current)
	if err != nil {
		w.t.Fatal("mint: ", err)
	}
	for range 2 { // each may be called again
		if err := target.Apply(w.t.Context(), pending, current); err != nil {
			w.t.Fatal("apply: ", err)
		}
		if err := target.Verify(w.t.Context(), pending); err != nil {
			w.t.Fatal("verify: ", err)
		}
	}
	return pending
}

// Revoke revokes the previous credential.
func (w *World) Revoke(target rotation.Target, previous, current rotation.Value) {
	w.t.Helper()
	for range 2 {
		if err := target.(rotation.Revoker).Revoke(w.t.Context(), previous, current); err != nil {
			w.t.Fatal("revoke: ", err)
		}
	}
}

// Turns has the two users take turns twice. It lets a test look at the second value, and do something before the
// third, which is current at the end.
func (w *World) Turns(look func(second rotation.Value), meanwhile func()) (third rotation.Value) {
	w.t.Helper()
	target := w.Target(w.Two())
	second := w.Apply(target, w.First)
	w.WantWorks(true, "first", w.First)
	w.WantWorks(true, "second", second)
	look(second)

	w.Revoke(target, w.First, second)
	w.WantWorks(false, "first", w.First)
	w.WantWorks(true, "second", second)

	meanwhile()
	third = w.Apply(target, second)
	w.WantWorks(false, "first", w.First)
	w.WantWorks(true, "second", second)
	w.WantWorks(true, "third", third)
	w.Revoke(target, w.First, third) // late: its user has another password, the current one
	w.WantWorks(true, "third", third)
	w.WantWorks(true, "second", second)
	w.Revoke(target, second, third)
	w.WantWorks(false, "second", second)
	w.WantWorks(true, "third", third)
	return third
}

// Rounds rotates thrice with one user, and thrice with two. It gives all values that there were.
func (w *World) Rounds() []rotation.Value {
	w.t.Helper()
	one, two := w.Target(w.One()), w.Target(w.Two())
	values := []rotation.Value{w.First}
	last := func() rotation.Value { return values[len(values)-1] }
	for range 3 {
		values = append(values, w.Apply(one, last()))
	}
	for range 3 {
		previous := last()
		values = append(values, w.Apply(two, previous))
		w.Revoke(two, previous, last())
	}
	return values
}

// WantNoPassword fails the test where a log has the password of one of the values.
func (w *World) WantNoPassword(log string, values []rotation.Value) {
	w.t.Helper()
	for i, v := range values {
		c, err := credential.Parse(v)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(log, c.Password) {
			w.t.Errorf("the log has the password of value %d", i)
		}
	}
}

var sqlOfPage = regexp.MustCompile("(?s)```sql\n(.*?)```")

// Documented runs the SQL of the engine's page: its admin can rotate, and revoke as the page says. The page has three
// pieces: one makes the admin; rights runs the second, or does without; and the third revokes. Then unlock is run.
func (w *World) Documented(rights func(run func()), unlock ...string) {
	w.t.Helper()
	page, err := os.ReadFile("../../docs/targets/" + w.harness.Engine + ".md")
	if err != nil {
		w.t.Fatal(err)
	}
	sql := sqlOfPage.FindAllStringSubmatch(string(page), -1)
	if len(sql) != 3 {
		w.t.Fatalf("the page has %d pieces of SQL", len(sql))
	}
	rotator := w.Users[0] + "_rotator"
	names := strings.NewReplacer("orders_a", w.Users[0], "rotator", rotator)
	run := func(i int) { w.Exec(slices.Collect(strings.Lines(names.Replace(sql[i][1])))...) }

	run(0)
	rights(func() { run(1) })
	two := w.Target(w.By(w.Two(), rotator, "its password"))
	second := w.Apply(two, w.First)
	w.Revoke(two, w.First, second)
	third := w.Apply(two, second)
	w.WantWorks(true, "second", second)
	w.WantWorks(true, "third", third)

	run(2)
	w.WantWorks(false, "third", third)
	w.Revoke(two, third, second)
	w.Exec(unlock...)

	one := w.Target(w.By(w.One(), rotator, "its password"))
	w.WantWorks(true, "fourth", w.Apply(one, third))
}
