package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/secretstack/secretstack/e2e/dbserver"
)

// TestPostgres runs the scripts in testdata/postgres, beside a real server with the users orders_a and
// orders_b. There, connects FILE connects with the credential in a file.
func TestPostgres(t *testing.T) {
	server := dbserver.StartPostgres(t)
	connect := func(user, password string) (*pgx.Conn, error) {
		u := url.URL{
			Scheme: "postgres", User: url.UserPassword(user, password),
			Host: fmt.Sprintf("%s:%d", server.Host, server.Port), Path: "postgres", RawQuery: "sslmode=disable",
		}
		return pgx.Connect(context.Background(), u.String())
	}
	credential := func(user, password string) []byte {
		text, err := json.Marshal(map[string]any{
			"engine": "postgres", "host": server.Host, "port": server.Port, "username": user, "password": password, "dbname": "postgres",
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "postgres"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "home", "config"))
			env.Setenv("ADMIN_PASSWORD", server.Password)
			env.Cd = filepath.Join(env.WorkDir, "shop")
			if err := copySample(env.Cd); err != nil {
				return err
			}
			conn, err := connect(server.User, server.Password)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(context.Background()) }()
			for _, user := range []string{"orders_a", "orders_b"} {
				if _, err := conn.Exec(context.Background(), "CREATE ROLE "+user+" LOGIN PASSWORD 'canary-first'"); err != nil {
					return err
				}
			}
			stack := fmt.Sprintf("config:\n  secretstack:cloud: local\n  secretstack:targets:\n"+
				"    orders-db: {host: %s, port: %d, database: postgres, ca: ca.pem}\n", server.Host, server.Port)
			for name, data := range map[string][]byte{
				"Pulumi.local.yaml": []byte(stack), "ca.pem": []byte(server.CA),
				"first": credential("orders_a", "canary-first"), "admin": credential(server.User, server.Password),
			} {
				if err := os.WriteFile(filepath.Join(env.Cd, name), data, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "locked": locked,
			"connects": func(ts *testscript.TestScript, neg bool, args []string) {
				var c struct{ Username, Password string }
				ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &c))
				conn, err := connect(c.Username, c.Password)
				if err == nil {
					ts.Check(conn.Close(context.Background()))
				}
				if (err != nil) != neg {
					ts.Fatalf("%s connects: %v", c.Username, err)
				}
			},
		},
	})
}
