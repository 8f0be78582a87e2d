// Package agefile keeps a stack's secrets in one text file, each of them
// encrypted with age to exactly its readers.
//
// The file may be committed: what is readable in it is the secrets' names,
// versions, times and their readers' public keys. Each entry stands alone, with
// no counter or checksum over the whole, so that git merges changes of different
// secrets by itself, and a conflict consists of whole entries.
//
// A value that is being rotated in is in its entry beside the current one, as is
// the one before that has not been retired yet: see [File.Stage].
//
// What age does not give: it authenticates no sender. The name, version and
// readers are sealed together with a value, so that a swapped or edited entry is
// noticed. But whoever may write to the file can replace an entry with a value
// of their own, or with an earlier one. Review changes of the file like code.
//
// Taking a reader away encrypts the value anew. The reader may have kept the
// old value, and git keeps the old file: change the value as well.
package agefile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
)

// MaxValue is the largest value in bytes: what AWS and Google Cloud take too
// (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html,
// https://cloud.google.com/secret-manager/quotas).
const MaxValue = 64 << 10

var (
	// ErrNotFound says that the file has no live secret of that name.
	ErrNotFound = errors.New("secret not found")
	// ErrNotReader says that none of the private keys given can decrypt the secret.
	ErrNotReader = errors.New("not a reader")
	// ErrNotPending says that there is no such pending value (any more).
	ErrNotPending = errors.New("not pending")
	// ErrTampered says that an entry is damaged, or is not as it was written.
	ErrTampered = errors.New("tampered")
)

// File is the content of an encrypted file, as [Read] and [Update] hand it out.
type File struct {
	path    string // for messages
	entries map[string]Entry
}

// Entry is one secret as the file has it: all but the value can be read
// without a key.
type Entry struct {
	// Value is the value with its envelope, encrypted, as an ASCII-armored age file.
	Value string `yaml:"value"`
	// Version counts the values that the secret has had, from 1.
	Version int `yaml:"version"`
	// Recipients are the readers' public keys, sorted. All of the entry's values are encrypted to them.
	Recipients []string `yaml:"recipients,flow"`
	// Updated is the time when the value last changed, in UTC.
	Updated time.Time `yaml:"updated"`
	// Rotated says that a rotation has made a value of this secret, so that a target knows its values since.
	Rotated bool `yaml:"rotated,omitempty"`
	// ID is the value's own, and no other's in any file: the token of the rotation that made it, or a
	// random one. Zero: an earlier secretstack wrote it.
	ID string `yaml:"id,omitempty"`
	// Previous is the value before the last promotion, until it is retired.
	Previous *Other `yaml:"previous,omitempty"`
	// Pending is the value that is to become current.
	Pending *Other `yaml:"pending,omitempty"`
	// PurgeAfter is the end of a deleted secret's recovery time. Zero: not deleted.
	PurgeAfter time.Time `yaml:"purgeAfter,omitempty"`
}

// namePattern takes what is safe in a line of YAML and in a file's name.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,126}$`)

// FileName is the usual name of a stack's encrypted file.
func FileName(stack string) string { return "secrets." + stack + ".age.yaml" }

// CheckName tells whether a secret may have this name in the file.
func CheckName(name string) error {
	if !namePattern.MatchString(name) {
		return errors.New("a secret's name in an encrypted file has letters, digits and . _ / - only, at most 127, a letter or digit first")
	}
	return nil
}

// Entry returns the secret, also a deleted one; false if there is none.
func (f *File) Entry(name string) (Entry, bool) {
	e, ok := f.entries[name]
	return e, ok
}

// Get decrypts a live secret's value with whichever of the identities fits.
// The caller should clear the value after use.
// Errors: [ErrNotFound], [ErrNotReader], [ErrTampered].
func (f *File) Get(name string, identities []age.Identity) ([]byte, error) {
	e, err := f.live(name)
	if err != nil {
		return nil, err
	}
	return f.open(name, e, e.Version, identities)
}

// Put gives the secret a new value for exactly these recipients, as in
// [File.SetRecipients]. It needs no private key, and does not keep value. A
// pending and a previous value stay, unless the recipients are others than before:
// then SetRecipients must come first, or they are gone. What was current is gone: see [File.Supersede].
func (f *File) Put(name string, value []byte, recipients []string) error {
	if err := CheckName(name); err != nil {
		return f.error(name, err)
	}
	if err := checkSize(value); err != nil {
		return f.error(name, err)
	}
	canonical, err := canonicalRecipients(recipients)
	if err != nil {
		return f.error(name, err)
	}
	e, err := f.live(name)
	if _, there := f.entries[name]; there && err != nil {
		return err // deleted
	}
	if !slices.Equal(e.Recipients, canonical) {
		e.Previous, e.Pending = nil, nil
	}
	e.Version, e.Recipients, e.ID, e.Updated = e.next(), canonical, uuid.NewString(), now()
	if e.Value, err = e.seal(name, e.Version, value); err != nil {
		return f.error(name, err)
	}
	f.entries[name] = e
	return nil
}

// SetRecipients makes exactly recipients ("age1…" or "ssh-ed25519 …" public
// keys, at least one) the secret's readers. Where they differ from those it has,
// the unchanged value is encrypted anew, for which identities must hold the
// private key of one present reader. Errors: as [File.Get].
func (f *File) SetRecipients(name string, recipients []string, identities []age.Identity) error {
	e, err := f.live(name)
	if err != nil {
		return err
	}
	canonical, err := canonicalRecipients(recipients)
	if err != nil {
		return f.error(name, err)
	}
	if slices.Equal(e.Recipients, canonical) {
		return nil
	}
	plain := map[int][]byte{}
	for version := range e.values() {
		value, err := e.open(name, version, identities)
		if err != nil {
			err = fmt.Errorf("its readers cannot change: %w", err)
			if errors.Is(err, ErrNotReader) {
				err = fmt.Errorf("%w. Let one of its present readers do this. If nobody has a private key of theirs any more, the value "+
					"is lost: delete the entry, or the file if all are, and the next up makes a new one", err)
			}
			return f.error(name, err)
		}
		defer clear(value)
		plain[version] = value
	}
	e.Recipients = canonical
	for version, block := range e.values() {
		if *block, err = e.seal(name, version, plain[version]); err != nil {
			return f.error(name, err)
		}
	}
	f.entries[name] = e
	return nil
}

// Delete marks the secret as deleted: [File.Restore] brings it back until
// recovery has passed, and the first [Update] after that removes it. Zero
// recovery removes it at once. What is not there counts as deleted.
func (f *File) Delete(name string, recovery time.Duration) {
	e, ok := f.entries[name]
	switch {
	case !ok || !e.PurgeAfter.IsZero():
	case recovery <= 0:
		delete(f.entries, name)
	default:
		e.PurgeAfter = now().Add(recovery)
		f.entries[name] = e
	}
}

// Restore undoes [File.Delete]. A secret that is live stays as it is.
func (f *File) Restore(name string) error {
	e, ok := f.entries[name]
	if !ok {
		return f.error(name, ErrNotFound)
	}
	e.PurgeAfter = time.Time{}
	f.entries[name] = e
	return nil
}

func (f *File) live(name string) (Entry, error) {
	e, ok := f.entries[name]
	if !ok {
		return Entry{}, f.error(name, ErrNotFound)
	}
	if !e.PurgeAfter.IsZero() {
		return Entry{}, f.error(name, fmt.Errorf("%w: it was deleted, and can be restored until %s by provisioning it again",
			ErrNotFound, e.PurgeAfter.Format(time.RFC3339)))
	}
	return e, nil
}

func (f *File) error(name string, err error) error {
	return fmt.Errorf("%s: secret %q: %w", f.path, name, err)
}

// purge removes the secrets whose recovery time has passed.
func (f *File) purge(now time.Time) {
	maps.DeleteFunc(f.entries, func(_ string, e Entry) bool {
		return !e.PurgeAfter.IsZero() && e.PurgeAfter.Before(now)
	})
}
