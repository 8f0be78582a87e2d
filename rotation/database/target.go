// Package database is what the targets for users of a database have in common: one user whose password is
// changed in place, or two that take turns. Use packages postgres and mysql, which bring the Engine.
package database

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/generated"
)

// connectTimeout is for one connection, up to a user who is logged in.
const connectTimeout = 10 * time.Second

// takeAway is what to do about a pending version that can never work.
const takeAway = "take the pending version away, as the page of your cloud (docs/aws.md, gcp.md, azure.md, local.md) says under By hand, " +
	"and rotate again"

// New makes the Target for one user, or the Revoker for two. Its error names each field of Config, as
// secrets.yaml or the stack's file has it, that cannot be used.
func New(e Engine, c Config) (rotation.Target, error) {
	if c.Port == 0 {
		c.Port = e.Port()
	}
	tlsConfig, err := c.tls()
	if err := errors.Join(c.check(), err); err != nil {
		return nil, err
	}
	t := target{Config: c, engine: e, tls: tlsConfig}
	if len(c.Users) == 2 {
		return &turns{t}, nil
	}
	return &t, nil
}

// target is the Target for one user.
type target struct {
	Config
	engine Engine
	tls    *tls.Config
}

// Mint makes a new password. What else the current value says stays.
func (t *target) Mint(_ context.Context, _ string, current rotation.Value) (rotation.Value, error) {
	return t.mint(current, func(string) string { return t.Users[0] })
}

func (t *target) mint(current rotation.Value, next func(user string) string) (rotation.Value, error) {
	cred := credential.Credential{Engine: t.engine.Name(), DBName: t.Database}
	switch {
	case !current.IsZero():
		var err error
		if cred, err = t.ours(current, "current"); err != nil {
			return rotation.Value{}, err
		}
	case t.Admin == nil:
		return rotation.Value{}, t.invalid(errors.New("it has no value yet, and the user cannot log in to alter itself"),
			"put the user's present credential into the secret, or name an admin in secrets.yaml")
	}
	var err error
	if cred.Password, err = generated.Password(t.Password); err != nil {
		return rotation.Value{}, err
	}
	cred.Username = next(cred.Username)
	// A reader must find what was verified.
	cred.Host, cred.Port = t.Host, t.Port
	if cred.DBName == "" || t.Database != "" {
		cred.DBName = t.database(cred)
	}
	return t.write(cred), nil
}

// Apply changes the password as the admin, or as the user itself.
func (t *target) Apply(ctx context.Context, pending, current rotation.Value) error {
	cred, err := t.ours(pending, "pending")
	if err != nil {
		return err
	}
	change := Change{User: cred.Username, Password: cred.Password}
	if t.Admin != nil {
		return t.asAdmin(ctx, cred, change)
	}
	was, err := t.ours(current, "current")
	if err != nil {
		return err
	}
	// The current password first: on most days it works, and no failed login is counted or reported.
	self, err := t.login(ctx, was, t.user(was))
	switch {
	case err == nil:
		defer self.Close()
		return t.change(ctx, self, t.user(was), change)
	case t.engine.Reason(err) == Password && t.Verify(ctx, pending) == nil:
		return nil // an earlier Apply had its effect
	default:
		return err
	}
}

// Verify logs in and runs a query.
func (t *target) Verify(ctx context.Context, v rotation.Value) error {
	cred, err := t.read(v)
	if err != nil {
		return err
	}
	session, err := t.login(ctx, cred, t.user(cred))
	if err != nil {
		return err
	}
	defer session.Close()
	if err := session.Check(ctx); err != nil {
		return t.failed(ctx, "run a query at "+t.addr(), t.user(cred), err)
	}
	return nil
}

// turns is the Revoker for two users.
type turns struct{ target }

// Mint makes a password for the user whose turn it is.
func (t *turns) Mint(_ context.Context, _ string, current rotation.Value) (rotation.Value, error) {
	return t.mint(current, t.other)
}

func (t *turns) other(user string) string {
	if user == t.Users[0] {
		return t.Users[1]
	}
	return t.Users[0]
}

// Apply makes the user whose turn it is, if it is not there, and sets its password.
func (t *turns) Apply(ctx context.Context, pending, current rotation.Value) error {
	cred, err := t.ours(pending, "pending")
	if err != nil {
		return err
	}
	if !current.IsZero() {
		was, err := t.read(current)
		if err != nil {
			return err
		}
		if was.Username == cred.Username && was.Password != cred.Password {
			return t.invalid(fmt.Errorf("the pending credential is of the user %s, whom the readers use", was.Username),
				takeAway)
		}
	}
	return t.asAdmin(ctx, cred, Change{User: cred.Username, Password: cred.Password, Like: t.other(cred.Username)})
}

// Revoke ends the previous password, unless the user has another one by now.
func (t *turns) Revoke(ctx context.Context, previous, current rotation.Value) error {
	cred, err := t.read(previous)
	if err != nil {
		return err
	}
	now, err := t.read(current)
	if err != nil {
		return err
	}
	if cred.Username == now.Username {
		return nil // a user has one password, the current one
	}
	works := func() (bool, error) {
		session, err := t.login(ctx, cred, t.user(cred))
		switch {
		case err == nil:
			session.Close()
			_, err := t.ours(previous, "previous")
			return true, err
		case slices.Contains([]Reason{Password, Locked}, t.engine.Reason(err)):
			return false, nil
		default:
			return false, err
		}
	}
	return t.asAdmin(ctx, now, Change{User: cred.Username, If: works})
}

// ours reads a credential of one of the users.
func (t *target) ours(v rotation.Value, which string) (credential.Credential, error) {
	cred, err := t.read(v)
	if err == nil && !slices.Contains(t.Users, cred.Username) {
		err = t.invalid(
			fmt.Errorf("the %s credential is of the user %s, who is none of those that are rotated: %q", which, cred.Username, t.Users),
			map[string]string{
				"current":  "correct users in secrets.yaml, or put the credential of one of them into the secret",
				"pending":  takeAway,
				"previous": "change that user's password by hand: it still works",
			}[which])
	}
	return cred, err
}

// asAdmin makes a change as the admin, in the database of cred where the admin's credential says none.
func (t *target) asAdmin(ctx context.Context, cred credential.Credential, c Change) error {
	value, err := t.Admin(ctx)
	if err != nil {
		return err
	}
	admin, err := credential.Parse(value)
	if err != nil {
		return fmt.Errorf("the secret %s: %w", t.AdminName, err)
	}
	if slices.Contains(t.Users, admin.Username) {
		return t.invalid(fmt.Errorf("the admin of the secret %s, %s, is one of the users that it is to alter", t.AdminName, admin.Username),
			"name another admin in secrets.yaml")
	}
	database := admin.DBName
	if database == "" && t.engine.Database(admin.Username) != "" { // the engine wants one
		database = t.database(cred)
	}
	session, err := t.connect(ctx, database, admin, t.admin())
	if err != nil {
		return err
	}
	defer session.Close()
	return t.change(ctx, session, t.admin(), c)
}

func (t *target) change(ctx context.Context, s Session, who identity, c Change) error {
	if err := s.Change(ctx, c); err != nil {
		return t.failed(ctx, fmt.Sprintf("change the user %s at %s", c.User, t.addr()), who, err)
	}
	return nil
}

func (t *target) login(ctx context.Context, cred credential.Credential, who identity) (Session, error) {
	return t.connect(ctx, t.database(cred), cred, who)
}

func (t *target) connect(ctx context.Context, database string, cred credential.Credential, who identity) (Session, error) {
	within, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	session, err := t.engine.Connect(within, Login{
		Host: t.Host, Port: t.Port, Database: database, User: cred.Username, Password: cred.Password, TLS: t.tls,
	})
	if err != nil {
		return nil, t.failed(ctx, "connect to "+t.addr(), who, err)
	}
	return session, nil
}

// database is where a user logs in.
func (t *target) database(cred credential.Credential) string {
	switch {
	case t.Database != "":
		return t.Database
	case cred.DBName != "":
		return cred.DBName
	default:
		return t.engine.Database(t.Users[0])
	}
}
