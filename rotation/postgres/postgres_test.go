package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
)

func TestOneUser(t *testing.T) {
	for name, admin := range map[string]bool{"by itself": false, "by an admin": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.one()
			if admin {
				c = w.by(c, w.User, w.Password)
			}
			target := w.target(c)
			if _, ok := target.(rotation.Revoker); ok {
				t.Error("one user has no previous credential to revoke")
			}
			second := w.apply(target, w.first)
			w.wantWorks(false, "first", w.first)
			w.wantWorks(true, "second", second)
			third := w.apply(target, second)
			w.wantWorks(false, "second", second)
			w.wantWorks(true, "third", third)
		})
	}
}

func TestPlain(t *testing.T) {
	w := newWorld(t)
	c := w.one()
	c.Plain = true
	next := w.apply(w.target(c), rotation.NewValue("first canary of "+w.users[0]))
	w.wantWorks(true, "next", w.value(w.users[0], next.Reveal()))
}

// TestNoValue has an admin bring a secret to life.
func TestNoValue(t *testing.T) {
	w := newWorld(t)
	if _, err := w.target(w.one()).Mint(t.Context(), "", rotation.Value{}); rotation.ClassOf(err) != rotation.Invalid {
		t.Error("a user that nobody knows the password of altered itself: ", err)
	}
	next := w.apply(w.target(w.by(w.one(), w.User, w.Password)), rotation.Value{})
	w.wantWorks(true, "next", next)
	next = w.apply(w.target(w.two()), rotation.Value{})
	w.wantWorks(true, "next", next)
}

// TestAdopted keeps what the package does not know in a secret that another rotator made.
func TestAdopted(t *testing.T) {
	w := newWorld(t)
	value := rotation.NewValue(strings.Replace(w.first.Reveal(), "{", `{"masterarn":"arn:aws:x", `, 1))
	next := w.apply(w.target(w.one()), value).Reveal()
	if !strings.Contains(next, `"masterarn":"arn:aws:x"`) || !strings.Contains(next, `"dbname":"postgres"`) {
		cred, _ := credential.Parse(rotation.NewValue(next))
		t.Error("fields are missing: ", strings.ReplaceAll(next, cred.Password, ""))
	}
}

func TestTwoUsers(t *testing.T) {
	w := newWorld(t)
	a, b := w.users[0], w.users[1]
	w.exec("CREATE SCHEMA " + a + " AUTHORIZATION " + a)
	w.exec("ALTER ROLE " + a + ` SET search_path = "$user", "Odd, schema"`)
	w.exec("ALTER ROLE " + a + " IN DATABASE postgres SET my.note = 'it''s \\ %s'")
	w.as(w.first, "CREATE TABLE "+a+".items (n int); INSERT INTO items VALUES (1)")

	target := w.target(w.two())
	second := w.apply(target, w.first)
	w.wantWorks(true, "first", w.first)
	w.wantWorks(true, "second", second)
	for sql, want := range map[string]string{
		"SELECT session_user, current_user":                      b + "|" + a,
		"INSERT INTO items VALUES (2); SELECT sum(n) FROM items": "3",
		"ALTER TABLE items ADD m int":                            "",
		"SHOW search_path":                                       `"$user", "Odd, schema"`,
		"SHOW my.note":                                           `it's \ %s`,
		"CREATE TABLE more (n int); SELECT tableowner FROM pg_tables WHERE schemaname = current_user AND tablename = 'more'": a,
	} {
		if got := w.as(second, sql); got != want {
			t.Errorf("%s: %s, want %s", sql, got, want)
		}
	}
	w.as(w.first, "INSERT INTO more VALUES (1)")

	w.revoke(target, w.first, second)
	w.wantWorks(false, "first", w.first)
	w.wantWorks(true, "second", second)

	third := w.apply(target, second)
	w.wantWorks(false, "first", w.first)
	w.wantWorks(true, "second", second)
	w.wantWorks(true, "third", third)
	w.revoke(target, w.first, third) // late: its user has another password, the current one
	w.wantWorks(true, "third", third)
	w.wantWorks(true, "second", second)
	w.revoke(target, second, third)
	w.wantWorks(false, "second", second)
	w.wantWorks(true, "third", third)
}

// TestLateRevoke has a Revoke that waits for another's Apply, and must notice it.
func TestLateRevoke(t *testing.T) {
	w := newWorld(t)
	target := w.target(w.two())
	second := w.apply(target, w.first)

	s, err := w.open(w.value(w.User, w.Password))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := func(sql string) string {
		rows, err := s.exec(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(rows)
	}
	run("BEGIN")
	run("SELECT pg_advisory_xact_lock(hashtextextended('secretstack " + w.users[0] + "', 0))")
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := target.(rotation.Revoker).Revoke(context.Background(), w.first, second); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(10 * time.Second); run("SELECT count(*) FROM pg_locks WHERE NOT granted") != "[[1]]"; {
		if time.Now().After(end) {
			t.Fatal("the revocation does not wait")
		}
	}
	v, err := verifier("third canary")
	if err != nil {
		t.Fatal(err)
	}
	run("ALTER ROLE " + w.users[0] + " PASSWORD '" + v + "'")
	run("COMMIT")
	wait.Wait()
	w.wantWorks(true, "third", w.value(w.users[0], "third canary"))
}

// TestAtOnce has several rotators apply at once: the server by itself would fail some of them.
func TestAtOnce(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]Config{"two": w.two(), "admin": w.by(w.one(), w.User, w.Password)} {
		target := w.target(c)
		pending, err := target.Mint(t.Context(), "", w.first)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := target.Apply(context.Background(), pending, w.first); err != nil {
					t.Error(name, err)
				}
			})
		}
		all.Wait()
		w.wantWorks(true, name, pending)
	}
}

// TestBusy has another rotator at work that does not end in time.
func TestBusy(t *testing.T) {
	w := newWorld(t)
	s, err := w.open(w.value(w.User, w.Password))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.exec(t.Context(), "SELECT pg_advisory_lock(hashtextextended('secretstack "+w.users[0]+"', 0))"); err != nil {
		t.Fatal(err)
	}
	err = w.target(w.one()).Apply(t.Context(), w.value(w.users[0], "canary"), w.first)
	if rotation.ClassOf(err) != rotation.Busy {
		t.Error("want busy, got ", err)
	}
}

// TestLog demands that no password is in the server's log, also of a statement that fails.
func TestLog(t *testing.T) {
	s := dbserver.StartPostgres(t, "-clog_statement=all", "-clog_min_duration_statement=0", "-clog_connections=on",
		"-clog_duration=on", "-clog_min_error_statement=debug5", "-clog_parameter_max_length_on_error=-1")
	w := worldAt(t, s)
	before := len(s.Log(t)) // the test itself made the user
	values := []rotation.Value{w.first}
	for range 3 {
		values = append(values, w.apply(w.target(w.one()), values[len(values)-1]))
	}
	two := w.target(w.two())
	for range 3 {
		last := values[len(values)-1]
		values = append(values, w.apply(two, last))
		w.revoke(two, last, values[len(values)-1])
	}
	w.exec("ALTER ROLE " + w.users[0] + " SET default_transaction_read_only = on")
	failing := w.value(w.users[0], "canary of a failure")
	if err := w.target(w.one()).Apply(t.Context(), failing, values[len(values)-1]); err == nil {
		t.Error("a read-only transaction altered a user")
	}
	log := s.Log(t)[before:]
	if n := strings.Count(log, "PASSWORD 'SCRAM-SHA-256$4096:"); n < 6 {
		t.Errorf("the log has %d statements that set a password", n)
	}
	for i, v := range append(values, failing) {
		c, err := credential.Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, c.Password) {
			t.Errorf("the log has the password of value %d", i)
		}
	}
}
