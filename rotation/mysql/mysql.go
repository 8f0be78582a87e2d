// Package mysql is the Target for users of MariaDB 10.4, MySQL 8.0 and later: one user whose password is
// changed in place, or two that take turns. See docs/targets/mysql.md.
//
// A user is all accounts of a name, such as 'orders'@'%' and 'orders'@'10.0.%': readers cannot tell which of
// them they use. A user who alters itself alters the account that it logged in with.
//
// MariaDB gets a hash of a new password, since it would log the password itself; MySQL gets the password,
// which it keeps out of its logs.
package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
)

// Config says which users' passwords are changed, and where. Port zero is 3306; Database zero is what the
// credential says, or else none.
type Config = database.Config

// New makes the Target for one user, or the Revoker for two. Its error names each field that cannot be used.
func New(c Config) (rotation.Target, error) { return database.New(engine{connect}, c) }

// engine implements database.Engine. Its connect is another one in tests.
type engine struct {
	connect func(context.Context, database.Login) (*session, error)
}

func (engine) Name() string           { return "mysql" }
func (engine) Port() int              { return 3306 }
func (engine) Database(string) string { return "" }

func (e engine) Connect(ctx context.Context, l database.Login) (database.Session, error) {
	s, err := e.connect(ctx, l)
	if err != nil {
		return nil, &loginError{err}
	}
	return s, nil
}

func connect(ctx context.Context, l database.Login) (*session, error) {
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", net.JoinHostPort(l.Host, strconv.Itoa(l.Port))
	config.User, config.Passwd, config.DBName, config.TLS = l.User, l.Password, l.Database, l.TLS
	config.Logger = &mysql.NopLogger{}
	config.Params = map[string]string{
		// quote and the patterns in session.go rely on the first two. The last ends the session of a rotator
		// that was stopped, which may have a lock.
		"sql_mode":              "'NO_BACKSLASH_ESCAPES'",
		"sql_quote_show_create": "1",
		"wait_timeout":          "60",
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &session{
		user: l.User,
		exec: func(ctx context.Context, sql string) ([][]string, error) {
			return query(ctx, conn.(driver.QueryerContext), sql)
		},
		close: func() { _ = conn.Close() }, // statements are durable one by one
	}, nil
}

// query runs a statement and gives the rows of the answer as texts, NULL as the empty one.
func query(ctx context.Context, conn driver.QueryerContext, sql string) (answer [][]string, err error) {
	rows, err := conn.QueryContext(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(values); errors.Is(err, io.EOF) {
			return answer, nil
		} else if err != nil {
			return nil, err
		}
		texts := make([]string, len(values))
		for i, value := range values {
			switch value := value.(type) {
			case nil:
			case []byte:
				texts[i] = string(value)
			default:
				texts[i] = fmt.Sprint(value)
			}
		}
		answer = append(answer, texts)
	}
}

// loginError is one of logging in: the server uses the same numbers for what a statement may not do.
type loginError struct{ err error }

func (l *loginError) Error() string { return l.err.Error() }
func (l *loginError) Unwrap() error { return l.err }

// reasons are by the server's number: https://mariadb.com/docs/server/reference/error-codes and
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
var (
	reasons = map[uint16]database.Reason{
		1040: database.Full, 1203: database.Full, 1226: database.Full,
		1053: database.NotReady,
		1045: database.Denied, 1044: database.Denied, 1142: database.Denied, 1227: database.Denied, 1410: database.Denied,
		3892: database.Denied, // MySQL wants the current password
		1133: database.NoUser, 1396: database.NoUser,
		1792: database.ReadOnly, 1836: database.ReadOnly,
		1819: database.Policy,
		1820: database.Locked, 1862: database.Locked, // the password has expired
	}
	loginReasons = map[uint16]database.Reason{
		1045: database.Password,
		1698: database.Password,                      // MariaDB: the account takes no password
		3118: database.Locked, 4151: database.Locked, // MySQL, MariaDB
		1129: database.Closed, 1130: database.Closed, // too many failures from this address; no account for it
		3159: database.Closed, // MySQL: require_secure_transport
		1044: database.NoDatabase, 1049: database.NoDatabase,
	}
)

func (engine) Reason(err error) database.Reason {
	var server *mysql.MySQLError
	var login *loginError
	switch {
	case errors.Is(err, errTaken):
		return database.Taken
	case errors.Is(err, errReadOnly):
		return database.ReadOnly
	case errors.Is(err, errNoUser):
		return database.NoUser
	case errors.Is(err, mysql.ErrNoTLS):
		return database.NoTLS
	case !errors.As(err, &server):
		return database.Other
	case server.Number == 1290 && strings.Contains(server.Message, "strict-password-validation"):
		return database.HashPolicy
	case errors.As(err, &login) && loginReasons[server.Number] != database.Other:
		return loginReasons[server.Number]
	default:
		return reasons[server.Number]
	}
}
