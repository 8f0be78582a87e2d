package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/secretstack/secretstack/rotation/database"
)

const closeTimeout = 2 * time.Second

// session implements database.Session.
type session struct {
	// exec runs a statement, with parameters if there are args, and gives the rows of the answer as texts.
	exec  func(ctx context.Context, sql string, args ...string) ([][]string, error)
	close func()
}

func (s *session) Close() { s.close() }

func (s *session) Check(ctx context.Context) error {
	_, err := s.exec(ctx, "SELECT 1")
	return err
}

// Change runs in one transaction, in which no other one changes the same user: the server itself would fail one
// of two that do. Where a rotator was stopped in it, the server ends it after a minute.
func (s *session) Change(ctx context.Context, c database.Change) error {
	if _, err := s.exec(ctx, "BEGIN; SET LOCAL lock_timeout = '1s'; SET LOCAL idle_in_transaction_session_timeout = '1min'"); err != nil {
		return err
	}
	if _, err := s.exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended('secretstack ' || $1, 0))", c.User); err != nil {
		return err
	}
	if c.If != nil {
		if yes, err := c.If(); err != nil || !yes {
			return err // and with the session ends the transaction
		}
	}
	if c.Like != "" {
		if err := s.create(ctx, c.User, c.Like); err != nil {
			return err
		}
	}
	password := "NULL"
	if c.Password != "" {
		v, err := verifier(c.Password)
		if err != nil {
			return err
		}
		password = "'" + v + "'"
	}
	if _, err := s.exec(ctx, "ALTER ROLE "+quote(c.User)+" PASSWORD "+password); err != nil {
		return err
	}
	_, err := s.exec(ctx, "COMMIT")
	return err
}

// create makes the user if it is not there. As a member of like it may do what like may. It acts as like from
// its login on, so what it makes belongs to like; and it has like's settings, such as search_path.
func (s *session) create(ctx context.Context, user, like string) error {
	there, err := s.exec(ctx, "SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $1", user)
	if err != nil || len(there) > 0 {
		return err
	}
	settings, err := s.exec(ctx, copySettings, like, user)
	if err != nil {
		return err
	}
	user, like = quote(user), quote(like)
	_, err = s.exec(ctx, "CREATE ROLE "+user+" LOGIN; GRANT "+like+" TO "+user+"; ALTER ROLE "+user+" SET role TO "+like)
	for _, row := range settings {
		if err == nil {
			_, err = s.exec(ctx, row[0])
		}
	}
	return err
}

// copySettings makes the statements that give the role $2 the settings of the role $1. A setting that is a list
// cannot be written as one literal, but taken over from the session.
const copySettings = `
SELECT CASE WHEN name IN ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
	THEN format('SELECT pg_catalog.set_config(%1$L, %2$L, true); ALTER ROLE %3$I%4$s SET %1$I FROM CURRENT', name, value, $2::text, place)
	ELSE format('ALTER ROLE %3$I%4$s SET %1$I TO %2$L', name, value, $2::text, place) END
FROM pg_catalog.pg_roles r
JOIN pg_catalog.pg_db_role_setting s ON s.setrole = r.oid
LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
CROSS JOIN LATERAL unnest(s.setconfig) AS setting
CROSS JOIN LATERAL (SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1),
	coalesce(' IN DATABASE ' || quote_ident(d.datname), '')) AS parts (name, value, place)
WHERE r.rolname = $1`

func query(ctx context.Context, conn *pgconn.PgConn, sql string, args []string) ([][]string, error) {
	var results []*pgconn.Result
	var err error
	if len(args) == 0 {
		results, err = conn.Exec(ctx, sql).ReadAll()
	} else {
		values := make([][]byte, len(args))
		for i, arg := range args {
			values[i] = []byte(arg)
		}
		result := conn.ExecParams(ctx, sql, values, nil, nil, nil).Read()
		results, err = []*pgconn.Result{result}, result.Err
	}
	var rows [][]string
	for _, result := range results {
		for _, row := range result.Rows {
			texts := make([]string, len(row))
			for i, value := range row {
				texts[i] = string(value)
			}
			rows = append(rows, texts)
		}
	}
	return rows, err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
