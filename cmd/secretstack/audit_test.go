package main

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/internal/stack"
)

// newLocal is a stack with one secret, encrypted to one key.
func newLocal(t *testing.T) (s *localStack, key string) {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	s = &localStack{&stack.Stack{Name: "local", Dir: dir}, filepath.Join(dir, "secrets.yaml"), filepath.Join(dir, "keys")}
	key, err := agefile.EnsureKey(filepath.Join(s.keys, "checkout.key"))
	if err != nil {
		t.Fatal(err)
	}
	err = agefile.Update(s.file, func(f *agefile.File) error { return f.Put("admin", []byte("canary"), []string{key}) })
	if err != nil {
		t.Fatal(err)
	}
	return s, key
}

func recorded(t *testing.T, s *localStack) (entries []accesslog.Entry) {
	t.Helper()
	log, err := accesslog.Open(s.Dir, s.Name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := log.Check(func(line []byte, e accesslog.Entry) error {
		if strings.Contains(string(line), "canary") {
			t.Error("a value is in the log")
		}
		entries = append(entries, e)
		return nil
	})
	if err != nil || len(c.Breaks) > 0 {
		t.Fatal(c, err)
	}
	return entries
}

// A rotation that reads another secret leaves an entry of that, or does not read it.
func TestRotationReadIsRecorded(t *testing.T) {
	s, _ := newLocal(t)
	if _, err := s.current(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(s.keys); err != nil {
		t.Fatal(err)
	}
	if _, err := s.current(t.Context(), "admin"); err == nil {
		t.Error("read without a key")
	}
	got := recorded(t, s)
	if len(got) != 2 || got[0].Outcome != accesslog.OK || got[1].Outcome != accesslog.Denied {
		t.Fatalf("%+v", got)
	}
	for _, e := range got {
		if e.Operation != accesslog.RotationRead || e.Secret != "admin" || e.Version != 1 || e.Reader != localsecret.Rotator {
			t.Errorf("%+v", e)
		}
	}
	if err := os.RemoveAll(filepath.Join(s.Dir, ".secretstack")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, ".secretstack"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.current(t.Context(), "admin"); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("read without a record: %v", err)
	}
}

// What a reader may read is recorded with the key that opened it, and where one secret is missing, only that one.
func TestValuesAreRecorded(t *testing.T) {
	s, key := newLocal(t)
	s.Declaration = &secret.Declaration{Secrets: []secret.Spec{{Name: "admin", Readers: []string{"checkout"}}}}
	identity := filepath.Join(s.keys, "checkout.key")
	read := func() error {
		file, err := agefile.Read(s.file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.values(file, "checkout", identity, "/bin/app")
		return err
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	s.Declaration.Secrets = append(s.Declaration.Secrets, secret.Spec{Name: "gone", Readers: []string{"checkout"}})
	err := agefile.Update(s.file, func(f *agefile.File) error {
		err := f.Put("gone", []byte("canary"), []string{key})
		f.Delete("gone", 1e12)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if read() == nil {
		t.Error("read a deleted secret")
	}
	identity = filepath.Join(s.keys, "other.key")
	if _, err := agefile.EnsureKey(identity); err != nil {
		t.Fatal(err)
	}
	if read() == nil {
		t.Error("read with another's key")
	}
	var got []string
	for _, e := range recorded(t, s) {
		if e.Reader != "checkout" || e.Command != "/bin/app" || (e.Key == key) != (e.Seq < 3) {
			t.Errorf("%+v", e)
		}
		got = append(got, e.Secret+" "+string(e.Outcome))
	}
	if want := []string{"admin ok", "gone gone", "admin denied", "gone gone"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPublicKeysOfSSH(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "alice@laptop")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	ids, err := agefile.LoadIdentities(file)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	want, err := agefile.CanonicalRecipient(string(ssh.MarshalAuthorizedKey(key)))
	if got := publicKeys(file, ids); err != nil || !slices.Equal(got, []string{want}) {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
}
