package agefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
)

// envelope is the first line of what is encrypted, the value being the rest: it
// binds the value to the metadata that stands beside it in plain text.
type envelope struct {
	Name       string   `json:"name"`
	Version    int      `json:"version"`
	Recipients []string `json:"recipients"`
}

// seal encrypts one of the entry's values, together with the metadata, to its recipients.
func (e *Entry) seal(name string, version int, value []byte) (string, error) {
	keys := make([]age.Recipient, len(e.Recipients))
	for i, r := range e.Recipients {
		var err error
		if keys[i], err = parseRecipient(r); err != nil {
			return "", fmt.Errorf("%w: reader %d %w; %s", ErrTampered, i+1, err, recoverHint)
		}
	}
	head, err := json.Marshal(envelope{name, version, e.Recipients})
	if err != nil {
		return "", err
	}
	plain := slices.Concat(head, []byte{'\n'}, value)
	defer clear(plain)

	var text bytes.Buffer
	armored := armor.NewWriter(&text)
	w, err := age.Encrypt(armored, keys...)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(plain); err != nil {
		return "", err
	}
	err = errors.Join(w.Close(), armored.Close())
	return text.String(), err
}

// open decrypts one of the entry's values and compares what was sealed with it with the entry.
func (e *Entry) open(name string, version int, identities []age.Identity) ([]byte, error) {
	block := e.values()[version]
	if block == nil {
		return nil, fmt.Errorf("%w: it has no version %d (any more)", ErrNotFound, version)
	}
	hint := recoverHint
	if version != e.Version {
		hint = fmt.Sprintf("restore the file from version control, or give version %d up by deleting its lines", version)
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(*block)), identities...)
	if noMatch := (*age.NoIdentityMatchError)(nil); len(identities) == 0 || errors.As(err, &noMatch) {
		why := "it is encrypted to other keys"
		if none := (noneFits{}); errors.As(err, &none) {
			why = none.Error()
		}
		return nil, fmt.Errorf("%w: %s (its readers: %s)", ErrNotReader, why, strings.Join(e.Recipients, ", "))
	}
	var plain bytes.Buffer
	plain.Grow(len(*block) + bytes.MinRead) // never grows again, so leaves no copies behind
	if err == nil {
		_, err = plain.ReadFrom(r)
	}
	if err != nil { // its text may quote the block
		clear(plain.Bytes())
		return nil, fmt.Errorf("%w: its age block is damaged; %s", ErrTampered, hint)
	}
	head, value, _ := bytes.Cut(plain.Bytes(), []byte{'\n'})
	var sealed envelope
	if err := json.Unmarshal(head, &sealed); err != nil {
		clear(plain.Bytes())
		return nil, fmt.Errorf("%w: its age block was not written by secretstack; %s", ErrTampered, hint)
	}
	if sealed.Name != name || sealed.Version != version || !slices.Equal(sealed.Recipients, e.Recipients) {
		clear(value)
		return nil, fmt.Errorf("%w: its name, version or recipients are not those that it was encrypted with; %s", ErrTampered, hint)
	}
	return value, nil
}

const recoverHint = "restore the file from version control, or put the value again"

// canonicalRecipients returns the keys without comments, sorted, each once.
func canonicalRecipients(recipients []string) ([]string, error) {
	if len(recipients) == 0 {
		return nil, errors.New("it has no reader to encrypt it to")
	}
	canonical := make([]string, len(recipients))
	for i, r := range recipients {
		var err error
		if canonical[i], err = CanonicalRecipient(r); err != nil {
			return nil, fmt.Errorf("reader %d %w", i+1, err)
		}
	}
	slices.Sort(canonical)
	return slices.Compact(canonical), nil
}

// CanonicalRecipient checks a reader's public key, "age1…" or "ssh-ed25519 …",
// and returns it without its comment. The error does not repeat the key: it may
// be a private one.
func CanonicalRecipient(recipient string) (string, error) {
	fields := strings.Fields(recipient)
	if len(fields) > 1 && strings.HasPrefix(fields[0], "ssh-") {
		fields = fields[:2] // the third is a comment
	}
	canonical := strings.Join(fields, " ")
	_, err := parseRecipient(canonical)
	return canonical, err
}

func parseRecipient(s string) (age.Recipient, error) {
	var r age.Recipient
	err := errors.ErrUnsupported
	switch {
	case strings.HasPrefix(s, "age1"):
		r, err = age.ParseX25519Recipient(s)
	case strings.HasPrefix(s, "ssh-ed25519 "):
		r, err = agessh.ParseRecipient(s)
	case strings.HasPrefix(strings.ToUpper(s), "AGE-SECRET-KEY-"):
		return nil, errors.New("is a private key: give the public key that begins with age1, and replace the key if others saw it")
	}
	if err != nil {
		return nil, errors.New(`is not a public key of the form "age1…" or "ssh-ed25519 AAAA…"`)
	}
	return r, nil
}
