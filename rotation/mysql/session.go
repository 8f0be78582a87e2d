package mysql

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/secretstack/secretstack/rotation/database"
)

var (
	errTaken    = errors.New("another rotator has the user's lock")
	errReadOnly = errors.New("the server is read-only")
	errNoUser   = errors.New("there is no account of the user")
)

// inHistory is MySQL's error for a password that an account with PASSWORD HISTORY has had lately, or has.
const inHistory = 3638

// session implements database.Session.
type session struct {
	user  string // who is logged in
	exec  func(ctx context.Context, sql string) ([][]string, error)
	close func()
	maria bool // known in a Change
}

func (s *session) Close() { s.close() }

func (s *session) Check(ctx context.Context) error {
	_, err := s.exec(ctx, "SELECT 1")
	return err
}

// Change holds a lock until the session ends. Its statements are durable one by one, and each may be repeated.
func (s *session) Change(ctx context.Context, c database.Change) error {
	self, err := s.begin(ctx, c.User)
	if err != nil {
		return err
	}
	if c.If != nil {
		if yes, err := c.If(); err != nil || !yes {
			return err
		}
	}
	accounts := []account{self}
	if c.User != s.user {
		if accounts, err = s.accounts(ctx, c.User); err != nil {
			return err
		}
	}
	if c.Like != "" {
		if accounts, err = s.copy(ctx, c, accounts); err != nil {
			return err
		}
	}
	if len(accounts) == 0 {
		return errNoUser
	}
	for _, a := range accounts {
		if err := s.change(ctx, a, c); err != nil {
			return err
		}
	}
	return nil
}

// change changes one account. It locks one without a password, and unlocks one whose turn it is: a password that
// nobody knows would not do, since some servers of MySQL 9 accept the one before from a cache until there is a login
// with the new one.
func (s *session) change(ctx context.Context, a account, c database.Change) error {
	lock := ""
	switch {
	case c.Password == "":
		c.Password, lock = "aA1!"+rand.Text(), " ACCOUNT LOCK"
	case c.User == s.user: // who may not use ALTER USER
		return s.setOwn(ctx, a, c.Password)
	case c.Like != "":
		lock = " ACCOUNT UNLOCK"
	}
	def, err := s.definition(ctx, a)
	if err != nil {
		return err
	}
	identified, err := s.identified(def, c.Password)
	if err != nil {
		return err
	}
	return s.execSecret(ctx, "ALTER USER "+a.String()+identified+lock)
}

func (s *session) setOwn(ctx context.Context, a account, password string) error {
	if s.maria {
		def, err := s.definition(ctx, a)
		if err != nil {
			return err
		}
		if password, err = hash(def, password); err != nil {
			return err
		}
	}
	return s.execSecret(ctx, "SET PASSWORD FOR "+a.String()+" = "+quote(password))
}

// begin takes the lock of a user, and gives the account of this session.
func (s *session) begin(ctx context.Context, user string) (account, error) {
	sum := sha256.Sum256([]byte(user)) // the name of a lock may have 64 characters
	lock := "secretstack " + hex.EncodeToString(sum[:16])
	rows, err := s.exec(ctx, "SELECT VERSION(), CURRENT_USER(), @@global.read_only, GET_LOCK("+quote(lock)+", 1)")
	if err != nil {
		return account{}, err
	}
	version, self, readOnly, locked := rows[0][0], rows[0][1], rows[0][2], rows[0][3]
	switch {
	case readOnly != "0" && readOnly != "OFF": // a superuser could write all the same
		return account{}, errReadOnly
	case locked != "1":
		return account{}, errTaken
	}
	s.maria = strings.Contains(version, "MariaDB")
	at := strings.LastIndex(self, "@")
	return account{self[:at], self[at+1:]}, nil
}

// accounts gives all accounts of a name. A role of MariaDB has no host.
func (s *session) accounts(ctx context.Context, user string) (accounts []account, err error) {
	rows, err := s.exec(ctx, "SELECT Host FROM mysql.user WHERE User = "+quote(user)+" AND Host <> '' ORDER BY Host")
	for _, row := range rows {
		accounts = append(accounts, account{user, row[0]})
	}
	return accounts, err
}

// copy gives the user the accounts and rights that like has, as far as they are missing.
func (s *session) copy(ctx context.Context, c database.Change, accounts []account) ([]account, error) {
	models, err := s.accounts(ctx, c.Like)
	if err != nil {
		return nil, err
	}
	for _, from := range models {
		to := account{c.User, from.host}
		if !slices.Contains(accounts, to) {
			if err := s.create(ctx, from, to, c.Password); err != nil {
				return nil, err
			}
			accounts = append(accounts, to)
		}
		if err := s.grant(ctx, from, to); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

func (s *session) create(ctx context.Context, from, to account, password string) error {
	def, err := s.definition(ctx, from)
	if err != nil {
		return err
	}
	identified, err := s.identified(def, password)
	if err != nil {
		return err
	}
	return s.execSecret(ctx, "CREATE USER IF NOT EXISTS "+to.String()+identified+def.rest)
}

// grant gives an account the rights that another one has and it has not.
func (s *session) grant(ctx context.Context, from, to account) error {
	has, err := s.grants(ctx, to, to)
	if err != nil {
		return err
	}
	wanted, err := s.grants(ctx, from, to)
	if err != nil {
		return err
	}
	for _, statement := range wanted {
		if !slices.Contains(has, statement) {
			if _, err := s.exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// grants gives the statements that give the rights of one account to another.
func (s *session) grants(ctx context.Context, of, to account) ([]string, error) {
	rows, err := s.exec(ctx, "SHOW GRANTS FOR "+of.String())
	if err != nil {
		return nil, err
	}
	var statements []string
	for _, row := range rows {
		statement, ok := regrant(row[0], of, to)
		if !ok {
			return nil, fmt.Errorf("the rights of %s have a form that cannot be copied to %s: give them by hand", of, to)
		}
		statements = append(statements, statement)
	}
	return statements, nil
}

func (s *session) definition(ctx context.Context, a account) (definition, error) {
	rows, err := s.exec(ctx, "SHOW CREATE USER "+a.String())
	if err != nil {
		return definition{}, err
	}
	def, ok := define(rows[0][0], a, s.maria)
	if !ok {
		return definition{}, fmt.Errorf("the account %s does not log in with a password", a)
	}
	return def, nil
}

// identified is how an account logs in: as it is defined, with another password.
func (s *session) identified(def definition, password string) (string, error) {
	if !s.maria {
		return " IDENTIFIED WITH " + quote(def.plugin) + " BY " + quote(password), nil
	}
	hashed, err := hash(def, password)
	return " IDENTIFIED VIA " + def.plugin + " USING " + quote(hashed) + def.or, err
}

// execSecret runs a statement that has a password in it, or its hash. An error has nothing of the server's text, which
// may quote the statement.
func (s *session) execSecret(ctx context.Context, sql string) error {
	_, err := s.exec(ctx, sql)
	server := (*mysql.MySQLError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &server) && server.Number == inHistory:
		return nil // an earlier Apply had its effect, as Verify will see
	default:
		return &hushed{err}
	}
}

type hushed struct{ err error }

func (h *hushed) Error() string {
	if server := (*mysql.MySQLError)(nil); errors.As(h.err, &server) {
		return fmt.Sprintf("the server's error %d (%s)", server.Number, server.SQLState)
	}
	return h.err.Error()
}

func (h *hushed) Unwrap() error { return h.err }
