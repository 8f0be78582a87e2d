package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
	"github.com/secretstack/secretstack/rotation/generated"
)

// Config says which users' passwords are changed, and where.
type Config struct {
	// Secret is the name of the secret, for messages.
	Secret string
	// Users is one user, whose password is changed in place; or two, which take turns, and need an Admin.
	Users []string
	// Host is a name or an IP address. All connections go there, whatever the secret's values say.
	Host string
	// Port zero: the engine's usual one.
	Port int
	// Database is where users log in. Zero: what the credential says, else the engine's default.
	Database string
	// TLS is verify (the certificate is for Host and by a known authority) or off. Zero: verify.
	TLS string
	// CA are certificates in PEM of the authorities to trust. Zero: the system's.
	CA string
	// Plain says that the secret's value is the password alone, of the one user. Zero: JSON, see
	// package credential.
	Plain bool
	// Admin reads the credential, in JSON, of a user who may alter Users. Zero: the one user alters itself.
	Admin func(ctx context.Context) (rotation.Value, error)
	// AdminName is the name of Admin's secret, for messages.
	AdminName string
	// Password is what new passwords look like. Its Kind is password.
	Password generated.Config
}

// check gives all that is wrong.
func (c Config) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case len(c.Users) != 1 && len(c.Users) != 2:
		wrong("users: has %d; it must have one, or two that take turns", len(c.Users))
	case len(c.Users) == 1:
	case c.Users[0] == c.Users[1]:
		wrong("users: has %q twice; two that take turns must be different", c.Users[0])
	case c.Admin == nil:
		wrong("admin: is missing; two users need one who may alter them")
	case c.Plain:
		wrong("format: is plain, which cannot say which of two users it is; use json")
	}
	for _, user := range c.Users {
		if user == "" || !utf8.ValidString(user) || strings.ContainsFunc(user, unicode.IsControl) {
			wrong("users: %q is no name of a user", user)
		}
	}
	if c.Host == "" {
		wrong("host: is missing")
	} else if strings.ContainsAny(c.Host, "/ @") || strings.Contains(c.Host, ":") && net.ParseIP(c.Host) == nil {
		wrong("host: is %q; it must be a name or an IP address alone", c.Host)
	}
	if c.Port < 0 || c.Port > 65535 {
		wrong("port: is %d; it must be from 1 to 65535", c.Port)
	}
	if c.TLS != "" && c.TLS != "verify" && c.TLS != "off" {
		wrong("tls: is %q; it must be verify or off", c.TLS)
	}
	if c.CA != "" && c.TLS == "off" {
		wrong("ca: has no use where tls is off")
	}
	if _, err := generated.Password(c.Password); err != nil {
		wrong("password: %w", err)
	}
	return errors.Join(errs...)
}

// tls is nil where it is off.
func (c Config) tls() (*tls.Config, error) {
	if c.TLS == "off" {
		return nil, nil
	}
	config := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, errors.New("ca: has no certificate in PEM")
		}
	}
	return config, nil
}

func (c Config) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// read gives the credential that a value is.
func (c Config) read(v rotation.Value) (credential.Credential, error) {
	if c.Plain {
		return credential.Credential{Username: c.Users[0], Password: v.Reveal()}, nil
	}
	return credential.Parse(v)
}

func (c Config) write(cred credential.Credential) rotation.Value {
	if c.Plain {
		return rotation.NewValue(cred.Password)
	}
	return cred.Value()
}
