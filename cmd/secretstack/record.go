package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/rotation"
)

// record adds to the access log what was done, or tried.
func (s *localStack) record(entries ...accesslog.Entry) error {
	log, err := accesslog.Open(s.Dir, s.Name)
	if err != nil {
		return err
	}
	return log.Append(entries...)
}

// recorded records a change of a secret before it is written: none is made without that.
func (s *localStack) recorded(operation accesslog.Operation, name string, change func(*agefile.File) error) func(*agefile.File) error {
	return func(f *agefile.File) error {
		err := change(f)
		e, _ := f.Entry(name)
		return errors.Join(err, s.record(accesslog.Entry{
			Operation: operation, Outcome: outcomeOf(e, err), Secret: name, Version: e.Version,
		}))
	}
}

// recordRotation records how a rotation has ended.
func (s *localStack) recordRotation(name string, version int, err error) error {
	outcome, class := accesslog.Failed, rotation.ClassOf(err)
	switch class {
	case "":
		outcome = accesslog.OK
	case rotation.Busy, rotation.InGrace:
		outcome = accesslog.Skipped
	}
	err = s.record(accesslog.Entry{
		Operation: accesslog.Rotate, Outcome: outcome, Secret: name, Version: version, Reader: localsecret.Rotator, Note: string(class),
	})
	if err != nil {
		return fmt.Errorf("how the rotation of %s ended (%s) is not recorded: %w", name, outcome, err)
	}
	return nil
}

func outcomeOf(e agefile.Entry, err error) accesslog.Outcome {
	switch {
	case err == nil:
		return accesslog.OK
	case errors.Is(err, agefile.ErrNotReader):
		return accesslog.Denied
	case errors.Is(err, agefile.ErrNotFound) && !e.PurgeAfter.IsZero():
		return accesslog.Gone
	}
	return accesslog.Failed
}

// publicKeys gives the public keys of the private ones that were read from a file.
func publicKeys(file string, private []age.Identity) (public []string) {
	for _, id := range private {
		if id, ok := id.(*age.X25519Identity); ok {
			public = append(public, id.Recipient().String())
		}
	}
	if len(public) > 0 {
		return public
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil // it was there a moment ago; the log goes without the key
	}
	defer clear(data)
	if key, err := ssh.ParsePrivateKey(data); err == nil {
		public = append(public, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey()))))
	}
	return public
}

// usedKey is the one of these keys with which a secret was read, or tried to be.
func usedKey(public []string, e agefile.Entry) string {
	for _, key := range public {
		if slices.Contains(e.Recipients, key) {
			return key
		}
	}
	return strings.Join(public, ", ")
}
