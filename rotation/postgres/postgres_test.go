package postgres

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
)

func TestTwoUsers(t *testing.T) {
	w := harness.World(t)
	a, b := w.Users[0], w.Users[1]
	w.Exec("CREATE SCHEMA "+a+" AUTHORIZATION "+a,
		"ALTER ROLE "+a+` SET search_path = "$user", "Odd, schema"`,
		"ALTER ROLE "+a+" IN DATABASE postgres SET my.note = 'it''s \\ %s'")
	w.As(w.First, "CREATE TABLE "+a+".items (n int); INSERT INTO items VALUES (1)")
	w.Turns(func(second rotation.Value) {
		for sql, want := range map[string]string{
			"SELECT session_user, current_user":                      b + "|" + a,
			"INSERT INTO items VALUES (2); SELECT sum(n) FROM items": "3",
			"ALTER TABLE items ADD m int":                            "",
			"SHOW search_path":                                       `"$user", "Odd, schema"`,
			"SHOW my.note":                                           `it's \ %s`,
			"CREATE TABLE more (n int); SELECT tableowner FROM pg_tables WHERE schemaname = current_user AND tablename = 'more'": a,
		} {
			if got := w.As(second, sql); got != want {
				t.Errorf("%s: %s, want %s", sql, got, want)
			}
		}
		w.As(w.First, "INSERT INTO more VALUES (1)")
	}, func() {})
}

// TestDocs runs the SQL of the page: its admin, who is no superuser, can rotate, and revoke as the page says.
func TestDocs(t *testing.T) {
	w := harness.World(t)
	w.Documented(func(run func()) {
		if w.Exec("SELECT current_setting('server_version_num')::int >= 160000") == "t" {
			run()
		}
	})
}

// TestLog demands that no password is in the server's log, also of a statement that fails.
func TestLog(t *testing.T) {
	s := dbserver.StartPostgres(t, "-clog_statement=all", "-clog_min_duration_statement=0", "-clog_connections=on",
		"-clog_duration=on", "-clog_min_error_statement=debug5", "-clog_parameter_max_length_on_error=-1")
	w := harness.WorldAt(t, s)
	before := len(s.Log(t)) // the test itself made the user
	values := w.Rounds()
	w.Exec("ALTER ROLE " + w.Users[0] + " SET default_transaction_read_only = on")
	failing := w.Value(w.Users[0], "canary of a failure")
	if err := w.TryApply(w.One(), failing, values[len(values)-1]); err == nil {
		t.Error("a read-only transaction altered a user")
	}
	log := s.Log(t)[before:]
	if n := strings.Count(log, "PASSWORD 'SCRAM-SHA-256$4096:"); n < 6 {
		t.Errorf("the log has %d statements that set a password", n)
	}
	w.WantNoPassword(log, append(values, failing))
}

// TestTLSOff connects without TLS where that is asked for.
func TestTLSOff(t *testing.T) {
	w := harness.WorldAt(t, withoutTLS(t))
	c := w.One()
	c.CA, c.TLS = "", "off"
	w.WantWorks(true, "next", w.Apply(w.Target(c), w.First))
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
