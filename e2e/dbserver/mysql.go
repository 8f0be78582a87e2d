package dbserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/secretstack/secretstack/e2e/needs"
)

// MySQL gives the test process's MariaDB server, whose settings a test must leave as they are.
// SECRETSTACK_MYSQLD names a MySQL server's mysqld to run instead.
func MySQL(t testing.TB) *Server {
	t.Helper()
	return once(t, "mysql", mysql(t))
}

// StartMySQL runs such a server until the test ends, with more settings, such as "--skip-ssl".
func StartMySQL(t testing.TB, settings ...string) *Server {
	t.Helper()
	return own(t, mysql(t), settings)
}

func mysql(t testing.TB) engine {
	t.Helper()
	program, mariaDB := mysqld(t)
	return engine{
		mariaDB: mariaDB,
		files: func(s *Server) map[string]string {
			return map[string]string{"superuser.sql": fmt.Sprintf(
				"CREATE USER %s@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO %[1]s@'%%' WITH GRANT OPTION;\n",
				s.User, s.Password)}
		},
		initialize: func(s *Server) []string {
			if mariaDB {
				return []string{
					filepath.Join(filepath.Dir(program), "../bin/mariadb-install-db"), "--no-defaults",
					"--datadir=" + s.file("data"), "--skip-test-db", "--auth-root-authentication-method=normal",
				}
			}
			return []string{program, "--no-defaults", "--initialize-insecure", "--datadir=" + s.file("data")}
		},
		command: func(s *Server) []string {
			args := []string{
				program, "--no-defaults", "--datadir=" + s.file("data"), "--init-file=" + s.file("superuser.sql"),
				"--bind-address=" + s.Host, "--port=" + strconv.Itoa(s.Port), "--socket=" + s.file("socket"),
				"--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0",
				"--ssl-cert=" + s.file("server.crt"), "--ssl-key=" + s.file("server.key"), "--pid-file=" + s.file("pid"),
			}
			if !mariaDB {
				args = append(args, "--mysqlx=OFF", "--secure-file-priv=NULL")
			}
			return args
		},
		ready:  "ready for connections",
		signal: "KILL",
	}
}

func mysqld(t testing.TB) (program string, mariaDB bool) {
	t.Helper()
	if program := os.Getenv("SECRETSTACK_MYSQLD"); program != "" {
		return program, false
	}
	for _, candidate := range []string{"mariadbd", "/usr/sbin/mariadbd"} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path, true
		}
	}
	needs.Missing(t, "MariaDB's server", "Install it with: make packages")
	return "", false
}
