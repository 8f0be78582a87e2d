package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// keyNamePattern is for the parts of a key file's path.
var keyNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$`)

// KeyDir is where this user's private keys for one stack are kept: outside the
// repository, under [os.UserConfigDir].
func KeyDir(project, stack string) (string, error) {
	for _, part := range []string{project, stack} {
		if !keyNamePattern.MatchString(part) {
			return "", fmt.Errorf("%q cannot name a folder for private keys: letters, digits and . _ - only", part)
		}
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for private keys: %w", err)
	}
	return filepath.Join(config, "secretstack", project, stack), nil
}

// KeyFile is the path of a reader's private key in a folder that [KeyDir] gave.
func KeyFile(dir, reader string) (string, error) {
	if !keyNamePattern.MatchString(reader) {
		return "", fmt.Errorf("%q cannot name a reader's key file: letters, digits and . _ - only", reader)
	}
	return filepath.Join(dir, reader+".key"), nil
}

// Keys is an identity that stands for all the private keys in a folder that
// [KeyDir] gave. They are read when there is something to decrypt. A file that
// cannot be used does no harm, and is named only if no other key fits.
type Keys string

// Unwrap is for [age.Decrypt].
func (dir Keys) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	entries, err := os.ReadDir(string(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	why := fmt.Errorf("there is no private key on this machine to decrypt it with: if you have one, copy it into %s as NAME.key", string(dir))
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".key" {
			continue
		}
		identities, err := LoadIdentities(filepath.Join(string(dir), e.Name()))
		if err != nil {
			why = fmt.Errorf("%w; %w", why, err)
		}
		for _, id := range identities {
			if key, err := id.Unwrap(stanzas); !errors.Is(err, age.ErrIncorrectIdentity) {
				return key, err
			}
		}
	}
	return nil, noneFits{why}
}

// noneFits is the error of [Keys] where another identity may fit.
type noneFits struct{ error }

func (noneFits) Is(target error) bool { return target == age.ErrIncorrectIdentity }

// EnsureKey makes a private key at path, in the age tools' own format, unless
// there is one, and returns its recipient (public key). It never replaces a key.
func EnsureKey(path string) (recipient string, err error) {
	if recipient, err = ReadRecipient(path); !errors.Is(err, fs.ErrNotExist) {
		return recipient, err
	}
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = fmt.Fprintf(tmp, "# created: %s\n# public key: %s\n%s\n", time.Now().UTC().Format(time.RFC3339), id.Recipient(), id)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return "", err
	}
	// Unlike a rename, a link fails where somebody else made the key meanwhile.
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if err := syncDir(dir); err != nil {
		return "", err
	}
	return ReadRecipient(path)
}

// ReadRecipient returns the recipient (public key) of the age private key at
// path. The error is [fs.ErrNotExist] where there is none.
func ReadRecipient(path string) (string, error) {
	ids, err := LoadIdentities(path)
	if err != nil {
		return "", err
	}
	if len(ids) == 1 {
		if id, ok := ids[0].(*age.X25519Identity); ok {
			return id.Recipient().String(), nil
		}
	}
	return "", fmt.Errorf("%s: want one age private key (AGE-SECRET-KEY-1…)", path)
}

// LoadIdentities reads the private keys in a file: one in the age tools' format,
// or an ssh-ed25519 key without passphrase. It refuses a file that others may read.
func LoadIdentities(file string) ([]age.Identity, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: others may read this private key (mode %04o): run chmod 600 on it, and replace it if they may have",
			file, info.Mode().Perm())
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	if bytes.HasPrefix(data, []byte("-----BEGIN")) {
		id, err := agessh.ParseIdentity(data)
		if missing := (*ssh.PassphraseMissingError)(nil); errors.As(err, &missing) {
			return nil, fmt.Errorf("%s: this SSH key has a passphrase; give an age key, or an SSH key without passphrase", file)
		}
		if _, ok := id.(*agessh.Ed25519Identity); err != nil || !ok {
			return nil, fmt.Errorf("%s: of SSH private keys, only ssh-ed25519 is supported", file)
		}
		return []age.Identity{id}, nil
	}
	ids, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil { // its text may quote the key
		return nil, fmt.Errorf("%s: neither an age private key (AGE-SECRET-KEY-1…) nor an ssh-ed25519 one", file)
	}
	return ids, nil
}
