package agefile

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

func TestEnsureKey(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	dir, err := KeyDir("shop", "local")
	if err != nil {
		t.Fatal(err)
	}
	path, err := KeyFile(dir, "checkout")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRecipient(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}

	recipients := make([]string, 20)
	var wg sync.WaitGroup
	for i := range recipients {
		wg.Go(func() {
			var err error
			if recipients[i], err = EnsureKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range recipients {
		if r != recipients[0] || !strings.HasPrefix(r, "age1") {
			t.Fatalf("keys were replaced: %v", recipients)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	for p, want := range map[string]os.FileMode{path: 0o600, dir: 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}

	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = EnsureKey(path)
	wantError(t, err, nil, path, "others may read this private key (mode 0640)")
}

func TestKeyNames(t *testing.T) {
	for _, name := range []string{"", "..", "a/b", `a\b`, ".hidden", "-x", "a\n"} {
		if got, err := KeyFile("dir", name); err == nil {
			t.Errorf("%q became %s", name, got)
		}
		if got, err := KeyDir("shop", name); err == nil {
			t.Errorf("%q became %s", name, got)
		}
	}
}

func TestSSHKeys(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sshPublic, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	recipient := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPublic)))
	save := func(block *pem.Block, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "id_ed25519")
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}

	ids, err := LoadIdentities(save(ssh.MarshalPrivateKey(private, "")))
	if err != nil {
		t.Fatal(err)
	}
	path, r := newPath(t), newReader(t)
	put(t, path, "a", canary, r, reader{recipient: recipient + " alice@laptop"})
	wantValue(t, path, "a", canary, reader{identity: ids[0]})
	wantValue(t, path, "a", canary, r)
	if e, _ := read(t, path).Entry("a"); e.Recipients[1] != recipient {
		t.Errorf("recipients %q", e.Recipients)
	}

	_, err = LoadIdentities(save(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("canary"))))
	wantError(t, err, nil, "has a passphrase")

	garbage := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(garbage, []byte("AGE-SECRET-KEY-1canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = LoadIdentities(garbage)
	wantError(t, err, nil, garbage, "neither an age private key")
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	recipient, err := EnsureKey(filepath.Join(dir, "checkout.key"))
	if err != nil {
		t.Fatal(err)
	}
	path, bob := newPath(t), newReader(t)
	put(t, path, "mine", canary, reader{recipient: recipient})
	put(t, path, "others", canary, bob)
	get := func(name, dir string) ([]byte, error) {
		return read(t, path).Get(name, []age.Identity{Keys(dir)})
	}

	// What is no key, or not the right one, does no harm where another fits.
	junk := filepath.Join(dir, "a.key")
	if err := os.WriteFile(junk, []byte("canary\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := EnsureKey(filepath.Join(dir, "b.key")); err != nil {
		t.Fatal(err)
	}
	if value, err := get("mine", dir); err != nil || string(value) != canary {
		t.Errorf("got %d bytes, %v", len(value), err)
	}
	_, err = get("others", dir)
	wantError(t, err, ErrNotReader, dir, junk+": neither an age private key", bob.recipient)
	missing := filepath.Join(dir, "missing")
	_, err = get("mine", missing)
	wantError(t, err, ErrNotReader, "there is no private key on this machine to decrypt it with", missing)
}
