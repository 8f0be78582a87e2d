package mysql

import (
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
)

func TestTwoUsers(t *testing.T) {
	w := harness.World(t)
	a, b := w.Users[0], w.Users[1]
	role := a + "_role"
	// A second account of the name, with TLS wanted, limits, a role, and rights of every level.
	w.Exec(
		"CREATE USER "+a+"@'127.0.0.0/255.0.0.0' IDENTIFIED BY 'first canary of "+a+"' REQUIRE SSL WITH MAX_USER_CONNECTIONS 17",
		"GRANT PROCESS ON *.* TO "+a+"@'127.0.0.0/255.0.0.0'",
		"GRANT SELECT, INSERT ON shop.* TO "+a+"@'127.0.0.0/255.0.0.0' WITH GRANT OPTION",
		"CREATE TABLE IF NOT EXISTS shop.items (n int, `odd ``col` int)",
		"GRANT UPDATE (n, `odd ``col`) ON shop.items TO "+a+"@'127.0.0.0/255.0.0.0'",
		"CREATE ROLE "+role, "GRANT DELETE ON shop.* TO "+role,
		"GRANT "+role+" TO "+a+"@'127.0.0.0/255.0.0.0'",
	)
	if w.MariaDB {
		w.Exec("SET DEFAULT ROLE " + role + " FOR " + a + "@'127.0.0.0/255.0.0.0'")
	} else {
		w.Exec("SET DEFAULT ROLE " + role + " TO " + a + "@'127.0.0.0/255.0.0.0'")
	}

	third := w.Turns(func(second rotation.Value) {
		if got := w.As(second, "SELECT CURRENT_USER(), CURRENT_ROLE()"); !strings.HasPrefix(got, b+"@127.0.0.0/255.0.0.0|") || !strings.Contains(got, role) {
			t.Errorf("the second user is %s", got)
		}
		w.As(second, "INSERT INTO shop.items VALUES (2, 2)", "DELETE FROM shop.items")
		for _, host := range []string{"%", "127.0.0.0/255.0.0.0"} {
			show := func(user string) []string {
				lines := strings.Split(w.Exec("SHOW GRANTS FOR "+account{user, host}.String(),
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
	}, func() { // a right that the second user gets meanwhile
		w.Exec("CREATE DATABASE IF NOT EXISTS more", "GRANT SELECT ON more.* TO "+b+"@'127.0.0.0/255.0.0.0'")
	})
	w.As(third, "USE more")
}

// TestDocs runs the SQL of the page: its admin can rotate, and revoke as the page says.
func TestDocs(t *testing.T) {
	for name, granted := range map[string]bool{"rights by the admin": true, "rights by hand": false} {
		t.Run(name, func(t *testing.T) {
			w := harness.World(t)
			w.Documented(func(run func()) {
				if granted {
					run()
				} else {
					w.Exec("CREATE USER "+w.Users[1]+" IDENTIFIED BY 'a canary'", "GRANT SELECT, INSERT ON shop.* TO "+w.Users[1])
				}
			}, "ALTER USER "+w.Users[0]+" ACCOUNT UNLOCK")
		})
	}
}

// TestPlugins keeps what an account logs in with.
func TestPlugins(t *testing.T) {
	w := harness.World(t)
	a, b := w.Users[0], w.Users[1]
	plugins := map[string]string{"caching_sha2_password": " WITH caching_sha2_password BY 'a canary'"}
	if w.MariaDB {
		w.Exec("INSTALL SONAME 'auth_ed25519'")
		plugins = map[string]string{
			"mysql_native_password": " VIA mysql_native_password USING PASSWORD('a canary')",
			"ed25519":               " VIA ed25519 USING PASSWORD('a canary')",
		}
	}
	for plugin, how := range plugins {
		w.Exec("DROP USER IF EXISTS "+a+", "+b, "CREATE USER "+a+" IDENTIFIED"+how, "GRANT SELECT ON shop.* TO "+a)
		first := w.Value(a, "a canary")
		w.WantWorks(true, plugin, first)
		own := w.Apply(w.Target(w.One()), first)
		w.WantWorks(true, plugin, own)
		next := w.Apply(w.Target(w.Two()), own)
		w.Revoke(w.Target(w.Two()), own, next)
		w.WantWorks(false, plugin, own)
		w.WantWorks(true, plugin, next)
		for _, user := range w.Users {
			if got := w.Exec("SELECT plugin FROM mysql.user WHERE User = '" + user + "'"); got != plugin {
				t.Errorf("%s logs in with %s, want %s", user, got, plugin)
			}
		}
	}
}

// TestModes rotates where the server's SQL modes change what quotes and backslashes mean.
func TestModes(t *testing.T) {
	s := dbserver.StartMySQL(t, "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT")
	w := harness.WorldAt(t, s)
	w.Exec("SET GLOBAL sql_quote_show_create = 0")
	second := w.Apply(w.Target(w.Two()), w.First)
	w.WantWorks(true, "second", second)
	w.Revoke(w.Target(w.Two()), w.First, second)
	w.WantWorks(false, "first", w.First)
}

// TestLog demands that no password is in the server's logs, also of a statement that fails.
func TestLog(t *testing.T) {
	s := dbserver.StartMySQL(t, "--general-log", "--slow-query-log", "--long-query-time=0", "--log-output=TABLE", "--log-bin=binlog", "--server-id=1")
	w := harness.WorldAt(t, s)
	reset := "RESET BINARY LOGS AND GTIDS"
	if w.MariaDB {
		reset = "RESET MASTER"
	}
	w.Exec("TRUNCATE mysql.general_log", "TRUNCATE mysql.slow_log", reset) // the test itself made the user
	values := w.Rounds()
	log := w.Exec("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log", "SELECT CONVERT(sql_text USING utf8mb4) FROM mysql.slow_log")
	for _, row := range strings.Split(w.Exec("SHOW BINARY LOGS"), "\n") {
		name, _, _ := strings.Cut(row, "|")
		log += w.Exec("SHOW BINLOG EVENTS IN '" + name + "'")
	}
	if n := strings.Count(log, " IDENTIFIED ") + strings.Count(log, "SET PASSWORD FOR"); n < 12 {
		t.Errorf("the logs have %d statements that set a password", n)
	}
	w.WantNoPassword(log, values)
}

// TestPolicy has a server whose policy wants to see a password, or takes none a second time.
func TestPolicy(t *testing.T) {
	w := harness.WorldAt(t, dbserver.StartMySQL(t))
	if !w.MariaDB {
		w.Exec("ALTER USER " + w.Users[0] + " PASSWORD HISTORY 5")
		w.Apply(w.Target(w.Two()), w.Apply(w.Target(w.One()), w.First))
		return
	}
	w.Exec("INSTALL SONAME 'simple_password_check'")
	err := w.Target(w.One()).Apply(t.Context(), w.Value(w.Users[0], "canary"), w.First)
	const want = "the server's policy takes no hashed passwords; set strict_password_validation=OFF at the server"
	if rotation.ClassOf(err) != rotation.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestTLSOff connects without TLS where that is asked for.
func TestTLSOff(t *testing.T) {
	w := harness.World(t)
	c := w.One()
	c.CA, c.TLS = "", "off"
	w.WantWorks(true, "next", w.Apply(w.Target(c), w.First))
}

// TestHushed checks that an error of a statement that holds a password does not quote it.
func TestHushed(t *testing.T) {
	w := harness.World(t)
	s := w.Open(w.First).(*session)
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
