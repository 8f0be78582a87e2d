package dbserver_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"

	"github.com/secretstack/secretstack/e2e/dbserver"
)

// TestStart checks that each server takes its superuser through verified TLS, that servers share nothing,
// and that they and their data end with their test.
func TestStart(t *testing.T) {
	temp, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	if err := os.Chmod(temp, 0o777); err != nil { // the servers run as another user
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	for _, tt := range []struct {
		kind  string
		start func(testing.TB, ...string) *dbserver.Server
		query func(*testing.T, *dbserver.Server) string
		more  string
	}{
		{"postgres", dbserver.StartPostgres, queryPostgres, "-cmax_connections=17"},
		{"mysql", dbserver.StartMySQL, queryMySQL, "--max-connections=17"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			var addr string
			t.Run("running", func(t *testing.T) {
				s := tt.start(t, tt.more)
				addr = net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
				if got := tt.query(t, s); got != "17" {
					t.Errorf("max_connections is %s, want 17", got)
				}
				if strings.Contains(s.Log(t), s.Password) {
					t.Error("the password is in the log")
				}
			})
			if conn, err := net.Dial("tcp", addr); err == nil {
				_ = conn.Close()
				t.Error("the server is still there after its test")
			}
		})
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("their data is still there: %v %v", left, err)
	}
}

// TestKilled checks that the servers of a test process that is killed end too.
func TestKilled(t *testing.T) {
	const child = "DBSERVER_TEST_CHILD"
	if os.Getenv(child) != "" {
		for _, s := range []*dbserver.Server{dbserver.Postgres(t), dbserver.MySQL(t)} {
			fmt.Println(net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
		}
		time.Sleep(time.Minute)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), child+"=yes")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var addrs []string
	for lines := bufio.NewScanner(out); len(addrs) < 2 && lines.Scan(); {
		addrs = append(addrs, lines.Text())
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
	for _, addr := range addrs {
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				break
			}
			_ = conn.Close()
			if time.Now().After(end) {
				t.Errorf("the server at %s is still there", addr)
				break
			}
		}
	}
	if len(addrs) != 2 {
		t.Errorf("the test process printed %q", addrs)
	}
}

func TestShared(t *testing.T) {
	for _, shared := range []func(testing.TB) *dbserver.Server{dbserver.Postgres, dbserver.MySQL} {
		if first, second := shared(t), shared(t); first != second {
			t.Error("a second server was started")
		}
	}
}

func queryPostgres(t *testing.T, s *dbserver.Server) (answer string) {
	config, err := pgx.ParseConfig("")
	if err != nil {
		t.Fatal(err)
	}
	config.Host, config.Port, config.User, config.Password = s.Host, uint16(s.Port), s.User, s.Password
	config.Database, config.TLSConfig, config.Fallbacks = "postgres", trust(t, s), nil
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), "SHOW max_connections").Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func queryMySQL(t *testing.T, s *dbserver.Server) (answer string) {
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net = s.User, s.Password, "tcp"
	config.Addr, config.TLS = net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), trust(t, s)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	if err := db.QueryRow("SELECT @@max_connections").Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func trust(t *testing.T, s *dbserver.Server) *tls.Config {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(s.CA)) {
		t.Fatal("the authority is no certificate")
	}
	return &tls.Config{RootCAs: roots, ServerName: s.Host}
}
