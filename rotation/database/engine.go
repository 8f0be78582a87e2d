package database

import (
	"context"
	"crypto/tls"
)

// Engine is a kind of database server.
type Engine interface {
	// Name is what a new credential has as its engine.
	Name() string
	// Port is the usual one.
	Port() int
	// Database is where a user logs in that names none. Empty: in none.
	Database(user string) string
	// Connect logs in.
	Connect(ctx context.Context, l Login) (Session, error)
	// Reason tells why a server refused what a Session or Connect tried.
	Reason(err error) Reason
}

// Login is what it takes to log in.
type Login struct {
	Host                     string
	Port                     int
	Database, User, Password string
	TLS                      *tls.Config // nil: off
}

// Session is a user who is logged in. No error of it holds a password.
type Session interface {
	// Check runs a query, as a reader would.
	Check(ctx context.Context) error
	// Change changes a user. It may be called again, and by several at once.
	Change(ctx context.Context, c Change) error
	Close()
}

// Change is what becomes of a user.
type Change struct {
	User string
	// Password is the new one. Empty: none works any more.
	Password string
	// Like is another user, with whose rights User is made if it is not there. Empty: User must be there.
	Like string
	// If tells, while nobody else makes a Change of the user, whether to make this one. Nil: yes.
	If func() (bool, error)
}

// Reason is why a server refused.
type Reason int

// The reasons.
const (
	Other      Reason = iota
	Password          // the password is wrong, or there is no such user: servers do not tell which
	Locked            // the user may not log in
	Closed            // the server takes no such connection: from this address, or without TLS
	NoTLS             // the server has no TLS
	NoDatabase        // there is no such database
	Full              // too many connections
	NotReady          // the server is starting or stopping
	Denied            // the user may not do that
	NoUser            // the user to alter is not there
	ReadOnly          // the server is a replica
	Policy            // the server's policy does not like the password
	HashPolicy        // the server's policy wants to see the password itself
	Taken             // another rotator is changing the user
)
