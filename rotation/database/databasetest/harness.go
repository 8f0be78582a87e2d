// Package databasetest is what the target for users of a database must keep with each kind of server. [Run] tries it
// on real servers; a [World] is a user there, and what a test of one kind needs besides.
package databasetest

import (
	"testing"

	"github.com/secretstack/secretstack/e2e/dbserver"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/database"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// Harness is a kind of server, and its package.
type Harness struct {
	// Engine is its name.
	Engine string
	// Database is there where CreateUser has been.
	Database string
	// New is the package's.
	New func(database.Config) (rotation.Target, error)
	// Faulty is New, with each login and each statement going through the calls. See [Login].
	Faulty func(database.Config, *rotationtest.Calls) (rotation.Target, error)
	// Connect logs in past the code under test's configuration, as a reader does.
	Connect func(s *dbserver.Server, user, password string) (Session, error)

	// Server gives the process's one server, Start one of the test's own, and WithoutTLS another such.
	Server     func(testing.TB) *dbserver.Server
	Start      func(testing.TB, ...string) *dbserver.Server
	WithoutTLS func(testing.TB) *dbserver.Server

	// Quote quotes a user's name in SQL.
	Quote func(user string) string
	// CreateUser is SQL that makes a user who may use the Database.
	CreateUser func(user, password string) []string
	// State is SQL that shows all that the server keeps of a user to log in with, and no row of one who is not there.
	State func(s *dbserver.Server, user string) string
	// CountUsers is SQL.
	CountUsers string
	// CountWaiting is SQL for how many rotators wait for another one.
	CountWaiting string
	// Hold takes the lock of a user for the session of the superuser; change then sets the user's password.
	Hold func(t *testing.T, s Session, user string) (change func(password string))
	// Crowded says that of several rotators at once some may give up, since changes take the server long.
	Crowded bool

	// Locked, Full and ReadOnly keep a user from logging in, from having one more connection, and from writing.
	Locked, Full, ReadOnly Obstacle
	// Denied is how the server says that a user may not do something.
	Denied string
	// Failures are more that may go wrong at this kind of server.
	Failures func(*World) []Failure

	// Names of users are hard to quote at this kind of server.
	Names []string
	// Named prepares a world whose users have a name in common, and gives the database they use, what a test
	// wants to see of the second user's value, and the SQL that takes away what it prepared.
	Named func(t *testing.T, w *World, name string) (database string, check func(second rotation.Value), undo []string)
}

// Session is a user who is logged in.
type Session interface {
	// Exec runs a statement, and gives the rows of the answer.
	Exec(sql string) ([][]string, error)
	Close()
}

// Obstacle is SQL that puts up an obstacle for $user, and takes it away.
type Obstacle struct{ Up, Down string }

// Run tests all that the kinds have in common.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(Harness, *testing.T){
		"one user":                Harness.oneUser,
		"no value":                Harness.noValue,
		"plain":                   Harness.plain,
		"adopted":                 Harness.adopted,
		"late revocation":         Harness.lateRevocation,
		"several at once":         Harness.severalAtOnce,
		"busy":                    Harness.busy,
		"errors":                  Harness.errors,
		"names":                   Harness.names,
		"passwords of a stranger": Harness.foreignPasswords,
		"conformance":             Harness.conformance,
	} {
		t.Run(name, func(t *testing.T) { test(h, t) })
	}
}
