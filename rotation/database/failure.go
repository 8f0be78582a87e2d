package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/credential"
)

// identity is who did what failed, in words.
type identity struct {
	name   string // such as "the user orders of the secret orders-db"
	secret string // the secret that the password is in
	admin  bool
}

func (t *target) user(c credential.Credential) identity {
	return identity{fmt.Sprintf("the user %s of the secret %s", c.Username, t.Secret), t.Secret, t.Admin != nil}
}

func (t *target) admin() identity {
	return identity{"the superuser secret " + t.AdminName, t.AdminName, true}
}

// explained says in other words what err is.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

func (t *target) invalid(err error, do string) error {
	return &rotation.Error{Class: rotation.Invalid, Op: "use the secret " + t.Secret, Err: err, Do: do}
}

// failed says what an error of the Engine means, and what to do.
func (t *target) failed(ctx context.Context, op string, who identity, err error) error {
	if known := (*rotation.Error)(nil); errors.As(err, &known) {
		return err
	}
	e := &rotation.Error{Op: op}
	say := func(class rotation.Class, text, do string) error {
		e.Class, e.Err, e.Do = class, &explained{text, err}, do
		return e
	}
	switch t.engine.Reason(err) {
	case Password:
		return say(rotation.Refused, "password rejected for "+who.name,
			"put its present password into the secret "+who.secret)
	case Locked:
		return say(rotation.Refused, who.name+" may not log in: it is locked, or its password has expired",
			"unlock it at the server")
	case Closed:
		return say(rotation.Refused, "the server takes no connection of "+who.name+" from this address, or in this way",
			"allow the rotator's address for that user at the server, and TLS as it is configured")
	case NoTLS:
		return say(rotation.Invalid, "the server has no TLS",
			"turn TLS on at the server; or set tls: off for this target in the stack's file, where nobody can listen to the network or change it")
	case NoDatabase:
		return say(rotation.Invalid, "the database is not there, or closed to "+who.name,
			"correct the database of this target in the stack's file, or let the user connect to it")
	case Full:
		return say(rotation.Throttled, "the server has too many connections",
			"rotate again later; if this stays, raise the server's limit or the user's")
	case NotReady:
		return say(rotation.Unreachable, "the server is starting or stopping", "rotate again later")
	case Denied:
		do := "name an admin for it in secrets.yaml"
		if who.admin {
			do = "give it the rights that docs/targets/" + t.engine.Name() + ".md lists"
		}
		return say(rotation.Refused, fmt.Sprintf("%s may not do that (%s)", who.name, err), do)
	case NoUser:
		return say(rotation.Invalid, "there is no such user, and none to copy", "create it, with its rights, or correct users in secrets.yaml")
	case ReadOnly:
		return say(rotation.Invalid, "the server is a read-only replica", "give the primary's host for this target in the stack's file")
	case Policy:
		return say(rotation.Invalid, "the server's policy refuses the new password", "make one that the policy takes: see length, alphabet and require")
	case HashPolicy:
		return say(rotation.Invalid, "the server's policy takes no hashed passwords", "set strict_password_validation=OFF at the server")
	case Taken:
		return &rotation.Error{Class: rotation.Busy, Op: op, Err: rotation.ErrBusy, Do: "rotate again later"}
	}
	return t.unreachable(ctx, say, err)
}

// unreachable explains the failures that have nothing to do with the server's kind.
func (t *target) unreachable(ctx context.Context, say func(rotation.Class, string, string) error, err error) error {
	var (
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		cert      *tls.CertificateVerificationError
		network   net.Error
	)
	const look = "see that the server runs, and that the network lets the rotator in (routes, firewall, security group)"
	switch {
	case ctx.Err() != nil:
		return say(rotation.Deadline, "the rotator's time ran out", "rotate again")
	case errors.As(err, &name) && name.IsNotFound:
		return say(rotation.Unreachable, fmt.Sprintf("the name %s is not known here", t.Host),
			"correct the host of this target in the stack's file, or let the rotator use the network's own name servers")
	case errors.As(err, &authority):
		return say(rotation.Invalid, "the server's certificate is by no authority that is trusted here",
			"give the authority's certificates as ca for this target in the stack's file")
	case errors.As(err, &hostname):
		return say(rotation.Invalid, fmt.Sprintf("the server's certificate is not for %s", t.Host),
			"give the host of this target in the stack's file as the certificate has it")
	case errors.As(err, &cert):
		return say(rotation.Invalid, "the server's certificate is not valid: "+cert.Err.Error(), "renew it")
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout():
		return say(rotation.Unreachable, fmt.Sprintf("no answer within %s", connectTimeout), look)
	case errors.As(err, &network):
		return say(rotation.Unreachable, network.Error(), look)
	}
	return say(rotation.Internal, err.Error(), "")
}
