package mysql

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/database"
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

func TestTwoUsers(t *testing.T) {
	w := newWorld(t)
	a, b := w.users[0], w.users[1]
	role := a + "_role"
	// A second account of the name, with TLS wanted, limits, a role, and rights of every level.
	w.exec(
		"CREATE USER "+a+"@'127.0.0.0/255.0.0.0' IDENTIFIED BY 'first canary of "+a+"' REQUIRE SSL WITH MAX_USER_CONNECTIONS 17",
		"GRANT PROCESS ON *.* TO "+a+"@'127.0.0.0/255.0.0.0'",
		"GRANT SELECT, INSERT ON shop.* TO "+a+"@'127.0.0.0/255.0.0.0' WITH GRANT OPTION",
		"CREATE TABLE IF NOT EXISTS shop.items (n int, `odd ``col` int)",
		"GRANT UPDATE (n, `odd ``col`) ON shop.items TO "+a+"@'127.0.0.0/255.0.0.0'",
		"CREATE ROLE "+role, "GRANT DELETE ON shop.* TO "+role,
		"GRANT "+role+" TO "+a+"@'127.0.0.0/255.0.0.0'",
	)
	if w.MariaDB {
		w.exec("SET DEFAULT ROLE " + role + " FOR " + a + "@'127.0.0.0/255.0.0.0'")
	} else {
		w.exec("SET DEFAULT ROLE " + role + " TO " + a + "@'127.0.0.0/255.0.0.0'")
	}

	target := w.target(w.two())
	second := w.apply(target, w.first)
	w.wantWorks(true, "first", w.first)
	w.wantWorks(true, "second", second)
	if got := w.as(second, "SELECT CURRENT_USER(), CURRENT_ROLE()"); !strings.HasPrefix(got, b+"@127.0.0.0/255.0.0.0|") || !strings.Contains(got, role) {
		t.Errorf("the second user is %s", got)
	}
	w.as(second, "INSERT INTO shop.items VALUES (2, 2)", "DELETE FROM shop.items")
	for _, host := range []string{"%", "127.0.0.0/255.0.0.0"} {
		show := func(user string) []string {
			lines := strings.Split(w.exec("SHOW GRANTS FOR "+account{user, host}.String(),
				"SELECT plugin, ssl_type, max_user_connections FROM mysql.user WHERE User = '"+user+"' AND Host = '"+host+"'"), "\n")
			for i, line := range lines {
				lines[i] = identity.ReplaceAllString(strings.ReplaceAll(line, "`"+user+"`", "`user`"), "")
			}
			slices.Sort(lines)
			return lines
		}
		if want, got := show(a), show(b); !slices.Equal(want, got) {
			t.Errorf("at %s the second user has\n%s\nwant\n%s", host, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}

	w.revoke(target, w.first, second)
	w.wantWorks(false, "first", w.first)
	w.wantWorks(true, "second", second)

	// A right that the second user got meanwhile.
	w.exec("CREATE DATABASE IF NOT EXISTS more", "GRANT SELECT ON more.* TO "+b+"@'127.0.0.0/255.0.0.0'")
	third := w.apply(target, second)
	w.as(third, "USE more")
	w.wantWorks(false, "first", w.first)
	w.wantWorks(true, "second", second)
	w.wantWorks(true, "third", third)
	w.revoke(target, w.first, third) // late: its user has another password, the current one
	w.wantWorks(true, "third", third)
	w.revoke(target, second, third)
	w.wantWorks(false, "second", second)
	w.wantWorks(true, "third", third)
}

// TestPlugins keeps what an account logs in with.
func TestPlugins(t *testing.T) {
	w := newWorld(t)
	a, b := w.users[0], w.users[1]
	plugins := map[string]string{"caching_sha2_password": " WITH caching_sha2_password BY 'a canary'"}
	if w.MariaDB {
		w.exec("INSTALL SONAME 'auth_ed25519'")
		plugins = map[string]string{
			"mysql_native_password": " VIA mysql_native_password USING PASSWORD('a canary')",
			"ed25519":               " VIA ed25519 USING PASSWORD('a canary')",
		}
	}
	for plugin, how := range plugins {
		w.exec("DROP USER IF EXISTS "+a+", "+b, "CREATE USER "+a+" IDENTIFIED"+how, "GRANT SELECT ON shop.* TO "+a)
		first := w.value(a, "a canary")
		w.wantWorks(true, plugin, first)
		own := w.apply(w.target(w.one()), first)
		w.wantWorks(true, plugin, own)
		next := w.apply(w.target(w.two()), own)
		w.revoke(w.target(w.two()), own, next)
		w.wantWorks(false, plugin, own)
		w.wantWorks(true, plugin, next)
		for _, user := range w.users {
			if got := w.exec("SELECT plugin FROM mysql.user WHERE User = '" + user + "'"); got != plugin {
				t.Errorf("%s logs in with %s, want %s", user, got, plugin)
			}
		}
	}
}

// TestAtOnce has several rotators apply at once.
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
				err := target.Apply(context.Background(), pending, w.first)
				if err != nil && rotation.ClassOf(err) != rotation.Busy {
					t.Error(name, err)
				}
			})
		}
		all.Wait()
		w.wantWorks(true, name, pending)
	}
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
	if _, err := s.begin(t.Context(), w.users[0]); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := target.(rotation.Revoker).Revoke(context.Background(), w.first, second); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(10 * time.Second); w.exec("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'") == "0"; {
		if time.Now().After(end) {
			t.Fatal("the revocation does not wait")
		}
	}
	if err := s.change(t.Context(), account{w.users[0], "%"}, database.Change{User: w.users[0], Password: "third canary"}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	wait.Wait()
	w.wantWorks(true, "third", w.value(w.users[0], "third canary"))
}

// TestModes rotates where the server's SQL modes change what quotes and backslashes mean.
func TestModes(t *testing.T) {
	s := dbserver.StartMySQL(t, "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT")
	w := worldAt(t, s)
	w.exec("SET GLOBAL sql_quote_show_create = 0")
	second := w.apply(w.target(w.two()), w.first)
	w.wantWorks(true, "second", second)
	w.revoke(w.target(w.two()), w.first, second)
	w.wantWorks(false, "first", w.first)
}

// TestLog demands that no password is in the server's logs, also of a statement that fails.
func TestLog(t *testing.T) {
	s := dbserver.StartMySQL(t, "--general-log", "--slow-query-log", "--long-query-time=0", "--log-output=TABLE", "--log-bin=binlog", "--server-id=1")
	w := worldAt(t, s)
	reset := "RESET BINARY LOGS AND GTIDS"
	if w.MariaDB {
		reset = "RESET MASTER"
	}
	w.exec("TRUNCATE mysql.general_log", "TRUNCATE mysql.slow_log", reset) // the test itself made the user
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
	log := w.exec("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log", "SELECT CONVERT(sql_text USING utf8mb4) FROM mysql.slow_log")
	for _, row := range strings.Split(w.exec("SHOW BINARY LOGS"), "\n") {
		name, _, _ := strings.Cut(row, "|")
		log += w.exec("SHOW BINLOG EVENTS IN '" + name + "'")
	}
	if n := strings.Count(log, " IDENTIFIED ") + strings.Count(log, "SET PASSWORD FOR"); n < 12 {
		t.Errorf("the logs have %d statements that set a password", n)
	}
	for i, v := range values {
		c, err := credential.Parse(v)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, c.Password) {
			t.Errorf("the logs have the password of value %d", i)
		}
	}
}
