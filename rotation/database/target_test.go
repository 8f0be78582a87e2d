package database

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/generated"
)

// memory is an Engine that notes what is done: the passwords by user, and who logged in last and where.
type memory struct {
	passwords map[string]string
	login     Login
}

var errRejected = errors.New("rejected")

func (*memory) Name() string                { return "memory" }
func (*memory) Port() int                   { return 1234 }
func (*memory) Database(user string) string { return user }

func (m *memory) Connect(_ context.Context, l Login) (Session, error) {
	m.login = l
	if l.Password == "" || m.passwords[l.User] != l.Password {
		return nil, errRejected
	}
	return memorySession{m}, nil
}

func (*memory) Reason(err error) Reason {
	if errors.Is(err, errRejected) {
		return Password
	}
	return Other
}

type memorySession struct{ *memory }

func (memorySession) Check(context.Context) error { return nil }
func (memorySession) Close()                      {}

func (s memorySession) Change(_ context.Context, c Change) error {
	if c.If != nil {
		if yes, err := c.If(); err != nil || !yes {
			return err
		}
	}
	s.passwords[c.User] = c.Password
	return nil
}

func value(user, password string) credential.Credential {
	return credential.Credential{Username: user, Password: password}
}

func admin(context.Context) (rotation.Value, error) {
	return value("root", "root's canary").Value(), nil
}

func newTarget(t *testing.T, m *memory, c Config) rotation.Target {
	t.Helper()
	c.Secret, c.AdminName, c.Host = "orders-db", "orders-db-admin", "db.example.com"
	target, err := New(m, c)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestNewRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		"users: has 0; it must have one, or two that take turns":               {Host: "x"},
		`users: has "a" twice; two that take turns must be different`:          {Host: "x", Users: []string{"a", "a"}, Admin: admin},
		"admin: is missing; two users need one who may alter them":             {Host: "x", Users: []string{"a", "b"}},
		"format: is plain, which cannot say which of two users it is":          {Host: "x", Users: []string{"a", "b"}, Admin: admin, Plain: true},
		`users: "" is no name of a user`:                                       {Host: "x", Users: []string{""}},
		`users: "a\x00" is no name of a user`:                                  {Host: "x", Users: []string{"a\x00"}},
		"host: is missing":                                                     {Users: []string{"a"}},
		`host: is "x:5432"; it must be a name or an IP address alone`:          {Host: "x:5432", Users: []string{"a"}},
		`host: is "/run/postgresql"; it must be a name or an IP address alone`: {Host: "/run/postgresql", Users: []string{"a"}},
		"port: is 65536; it must be from 1 to 65535":                           {Host: "x", Port: 65536, Users: []string{"a"}},
		`tls: is "prefer"; it must be verify or off`:                           {Host: "x", TLS: "prefer", Users: []string{"a"}},
		"ca: has no certificate in PEM":                                        {Host: "x", CA: "certs/rds.pem", Users: []string{"a"}},
		"ca: has no use where tls is off":                                      {Host: "x", CA: "x", TLS: "off", Users: []string{"a"}},
		"password: length: ":                                                   {Host: "x", Users: []string{"a"}, Password: generated.Config{Length: 3}},
	} {
		if _, err := New(&memory{}, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	_, err := New(&memory{}, Config{Host: "::1", TLS: "x", Port: -1})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three mistakes at once, got %v", err)
	}
}

func TestMint(t *testing.T) {
	two := Config{Users: []string{"a", "b"}, Admin: admin}
	for name, tt := range map[string]struct {
		config  Config
		current rotation.Value
		want    credential.Credential
	}{
		"one":                 {Config{Users: []string{"a"}}, value("a", "x").Value(), credential.Credential{Username: "a", DBName: "a"}},
		"first of two":        {two, value("b", "x").Value(), credential.Credential{Username: "a", DBName: "a"}},
		"second of two":       {two, value("a", "x").Value(), credential.Credential{Username: "b", DBName: "a"}},
		"no value":            {two, rotation.Value{}, credential.Credential{Engine: "memory", Username: "a", DBName: "a"}},
		"a database":          {Config{Users: []string{"a"}, Database: "shop"}, credential.Credential{Username: "a", Password: "x", DBName: "old"}.Value(), credential.Credential{Username: "a", DBName: "shop"}},
		"the value's own":     {Config{Users: []string{"a"}}, credential.Credential{Username: "a", Password: "x", DBName: "old"}.Value(), credential.Credential{Username: "a", DBName: "old"}},
		"another host before": {Config{Users: []string{"a"}}, credential.Credential{Engine: "mariadb", Host: "old", Port: 1, Username: "a", Password: "x"}.Value(), credential.Credential{Engine: "mariadb", Username: "a", DBName: "a"}},
	} {
		v, err := newTarget(t, &memory{}, tt.config).Mint(t.Context(), "", tt.current)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := credential.Parse(v)
		if err != nil {
			t.Fatal(name, err)
		}
		if got.Engine != tt.want.Engine || got.Username != tt.want.Username || got.DBName != tt.want.DBName ||
			got.Host != "db.example.com" || got.Port != 1234 || len(got.Password) != 32 {
			t.Errorf("%s: %s %s %s:%d %s, %d characters", name, got.Engine, got.Username, got.Host, got.Port, got.DBName, len(got.Password))
		}
	}
}

// TestLogins looks at who logs in where: never at a host that a value names.
func TestLogins(t *testing.T) {
	m := &memory{passwords: map[string]string{"a": "first canary", "root": "root's canary"}}
	target := newTarget(t, m, Config{Users: []string{"a", "b"}, Admin: admin, Database: "shop"})
	current := credential.Credential{Host: "evil.example.com", Port: 1, DBName: "evil", Username: "a", Password: "first canary"}.Value()
	if err := target.Verify(t.Context(), current); err != nil {
		t.Fatal(err)
	}
	at := func(user string) {
		t.Helper()
		if l := m.login; l.Host != "db.example.com" || l.Port != 1234 || l.Database != "shop" || l.User != user || l.TLS.ServerName != l.Host {
			t.Errorf("%s logged in to %s at %s:%d, want %s", l.User, l.Database, l.Host, l.Port, user)
		}
	}
	at("a")
	if err := target.Apply(t.Context(), value("b", "next canary").Value(), current); err != nil {
		t.Fatal(err)
	}
	at("root")
	if m.passwords["a"] != "first canary" || m.passwords["b"] != "next canary" {
		t.Error("the wrong user has been changed")
	}
}

func TestRevoke(t *testing.T) {
	for name, tt := range map[string]struct {
		previous, current credential.Credential
		after             []string // of a, b and legacy
		class             rotation.Class
	}{
		"previous":           {value("a", "pa"), value("b", "pb"), []string{"", "pb", "pl"}, ""},
		"changed since":      {value("a", "old"), value("b", "pb"), []string{"pa", "pb", "pl"}, ""},
		"current's user":     {value("b", "pb"), value("b", "newer"), []string{"pa", "pb", "pl"}, ""},
		"none of them":       {value("legacy", "pl"), value("b", "pb"), []string{"pa", "pb", "pl"}, rotation.Invalid},
		"none of them, gone": {value("legacy", "old"), value("b", "pb"), []string{"pa", "pb", "pl"}, ""},
	} {
		m := &memory{passwords: map[string]string{"a": "pa", "b": "pb", "legacy": "pl", "root": "root's canary"}}
		target := newTarget(t, m, Config{Users: []string{"a", "b"}, Admin: admin})
		err := target.(rotation.Revoker).Revoke(t.Context(), tt.previous.Value(), tt.current.Value())
		after := []string{m.passwords["a"], m.passwords["b"], m.passwords["legacy"]}
		if !slices.Equal(after, tt.after) || (err != nil) != (tt.class != "") || err != nil && rotation.ClassOf(err) != tt.class {
			t.Errorf("%s: %q, want %q; %v", name, after, tt.after, err)
		}
	}
}

// TestAdminIsUser refuses an admin that would end its own password.
func TestAdminIsUser(t *testing.T) {
	m := &memory{passwords: map[string]string{"a": "pa", "root": "root's canary"}}
	target := newTarget(t, m, Config{Users: []string{"a", "root"}, Admin: admin})
	err := target.(rotation.Revoker).Revoke(t.Context(), value("root", "root's canary").Value(), value("a", "pa").Value())
	if rotation.ClassOf(err) != rotation.Invalid || m.passwords["root"] != "root's canary" {
		t.Error(err)
	}
}

// TestAdopt goes from one user to two and back.
func TestAdopt(t *testing.T) {
	m := &memory{passwords: map[string]string{"a": "first canary", "root": "root's canary"}}
	two := newTarget(t, m, Config{Users: []string{"a", "b"}, Admin: admin})
	current := value("a", "first canary").Value()
	next, err := two.Mint(t.Context(), "", current)
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Apply(t.Context(), next, current); err != nil {
		t.Fatal(err)
	}
	one := newTarget(t, m, Config{Users: []string{"b"}})
	last, err := one.Mint(t.Context(), "", next)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Apply(t.Context(), next, current); rotation.ClassOf(err) != rotation.Invalid {
		t.Error("a value of a user that is no longer rotated was used: ", err)
	}
	if err := one.Apply(t.Context(), last, next); err != nil {
		t.Fatal(err)
	}
	if err := one.Verify(t.Context(), last); err != nil {
		t.Fatal(err)
	}
}
