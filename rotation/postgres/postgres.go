// Package postgres is the Target for users of PostgreSQL 11 and later, and of services that speak its
// protocol: one user whose password is changed in place, or two that take turns. See docs/targets/postgres.md.
//
// A new password reaches the server as a SCRAM-SHA-256 verifier, so it is in no log of the server.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
)

// Config says which users' passwords are changed, and where. Port zero is 5432; Database zero is what the
// credential says, or else the name of the first of Users.
type Config = database.Config

// New makes the Target for one user, or the Revoker for two. Its error names each field that cannot be used.
func New(c Config) (rotation.Target, error) { return engine{connect}.target(c) }

// engine implements database.Engine. Its connect is another one in tests.
type engine struct {
	connect func(context.Context, database.Login) (*session, error)
}

func (e engine) target(c Config) (rotation.Target, error) {
	for _, user := range c.Users {
		if len(user) > 63 {
			return nil, fmt.Errorf("users: %q has more than 63 bytes, and the server would cut it off", user)
		}
	}
	return database.New(e, c)
}

func (engine) Name() string                { return "postgres" }
func (engine) Port() int                   { return 5432 }
func (engine) Database(user string) string { return user }

func (e engine) Connect(ctx context.Context, l database.Login) (database.Session, error) {
	s, err := e.connect(ctx, l)
	if err != nil {
		return nil, err // not s: a nil *session would be no nil Session
	}
	return s, nil
}

func connect(ctx context.Context, l database.Login) (*session, error) {
	// A configuration can only be made by this function, which reads the environment (PGHOST and so on).
	// Whatever it found there is replaced.
	config, err := pgconn.ParseConfig("sslmode=disable target_session_attrs=any")
	if err != nil {
		return nil, fmt.Errorf("the environment's settings for PostgreSQL cannot be used: %w", err)
	}
	config.Host, config.Port, config.Fallbacks = l.Host, uint16(l.Port), nil
	config.Database, config.User, config.Password = l.Database, l.User, l.Password
	config.RuntimeParams = map[string]string{"application_name": "secretstack"}
	config.TLSConfig = l.TLS
	if l.TLS == nil {
		config.RequireAuth = "!password" // a stranger could ask for it in clear text
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &session{
		exec: func(ctx context.Context, sql string, args ...string) ([][]string, error) {
			return query(ctx, conn, sql, args)
		},
		close: func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
			defer cancel()
			_ = conn.Close(ctx) // what was to be durable is committed
		},
	}, nil
}

// reasons are by SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
var reasons = map[string]database.Reason{
	"28P01": database.Password,
	"28000": database.Closed, // no entry in pg_hba.conf
	"3D000": database.NoDatabase,
	"53300": database.Full,
	"57P03": database.NotReady,
	"57P01": database.NotReady,
	"42501": database.Denied,
	"42704": database.NoUser,
	"25006": database.ReadOnly,
	"55P03": database.Taken,
}

func (engine) Reason(err error) database.Reason {
	server, connecting := (*pgconn.PgError)(nil), (*pgconn.ConnectError)(nil)
	duringConnect := errors.As(err, &connecting)
	switch {
	case !errors.As(err, &server):
		// The library has no error of its own for this.
		if duringConnect && strings.Contains(err.Error(), "server refused TLS connection") {
			return database.NoTLS
		}
		return database.Other
	case duringConnect && server.Code == "42501":
		return database.NoDatabase
	case server.Code == "28000" && server.Routine == "InitializeSessionUserId":
		return database.Locked // NOLOGIN
	default:
		return reasons[server.Code]
	}
}
