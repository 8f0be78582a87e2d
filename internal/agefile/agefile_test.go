package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
)

const canary = "canary-7f3a-value"

type reader struct {
	identity  age.Identity
	recipient string
}

func newReader(t testing.TB) reader {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return reader{id, id.Recipient().String()}
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "secrets.test.age.yaml") }

func update(t testing.TB, path string, change func(*File) error) {
	t.Helper()
	if err := Update(path, change); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, path, name, value string, readers ...reader) {
	t.Helper()
	var recipients []string
	for _, r := range readers {
		recipients = append(recipients, r.recipient)
	}
	update(t, path, func(f *File) error { return f.Put(name, []byte(value), recipients) })
}

func read(t testing.TB, path string) *File {
	t.Helper()
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wantValue(t testing.TB, path, name, want string, r reader) {
	t.Helper()
	got, err := read(t, path).Get(name, []age.Identity{r.identity})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s has another value than was put (%d bytes, want %d)", name, len(got), len(want))
	}
}

func wantError(t testing.TB, err, kind error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("want an error")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("got %q, want an error of the kind %q", err, kind)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want %q in it", err, text)
		}
	}
	if strings.Contains(err.Error(), "canary") {
		t.Error("the error holds a value")
	}
}

func TestPutAndGet(t *testing.T) {
	path, alice, bob, eve := newPath(t), newReader(t), newReader(t), newReader(t)
	put(t, path, "orders-db", canary, bob, alice, bob)
	put(t, path, "stripe-api-key", "line one\nline two\n", alice)

	wantValue(t, path, "orders-db", canary, alice)
	wantValue(t, path, "orders-db", canary, bob)
	wantValue(t, path, "stripe-api-key", "line one\nline two\n", alice)
	f := read(t, path)
	_, err := f.Get("orders-db", []age.Identity{eve.identity})
	wantError(t, err, ErrNotReader, path, "orders-db", alice.recipient)
	_, err = f.Get("orders-db", nil)
	wantError(t, err, ErrNotReader)
	_, err = f.Get("order-db", []age.Identity{alice.identity})
	wantError(t, err, ErrNotFound)

	put(t, path, "orders-db", "second", alice, bob)
	wantValue(t, path, "orders-db", "second", bob)
	e, _ := read(t, path).Entry("orders-db")
	if e.Version != 2 || len(e.Recipients) != 2 || !slices.IsSorted(e.Recipients) || time.Since(e.Updated) > time.Minute {
		t.Errorf("entry: version %d, recipients %v, updated %v", e.Version, e.Recipients, e.Updated)
	}
	if text, _ := os.ReadFile(path); bytes.Contains(text, []byte("canary")) {
		t.Error("a value is readable in the file")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestPutRefuses(t *testing.T) {
	r := newReader(t)
	private := fmt.Sprint(r.identity)
	for name, c := range map[string]struct {
		secret     string
		value      string
		recipients []string
		want       string
	}{
		"no value":      {"a", "", []string{r.recipient}, "1 to 65536 bytes"},
		"long value":    {"a", strings.Repeat("x", MaxValue+1), []string{r.recipient}, "1 to 65536 bytes"},
		"bad name":      {"a b", canary, []string{r.recipient}, "a secret's name"},
		"no reader":     {"a", canary, nil, "no reader"},
		"private key":   {"a", canary, []string{r.recipient, private}, "reader 2 is a private key"},
		"nonsense":      {"a", canary, []string{"canary"}, "not a public key"},
		"RSA":           {"a", canary, []string{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ"}, "not a public key"},
		"no ssh key":    {"a", canary, []string{"ssh-ed25519 AAAA"}, "not a public key"},
		"truncated key": {"a", canary, []string{r.recipient[:40]}, "not a public key"},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			err := Update(path, func(f *File) error { return f.Put(c.secret, []byte(c.value), c.recipients) })
			wantError(t, err, nil, c.want)
			if strings.Contains(err.Error(), private) {
				t.Error("the error holds a private key")
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file was written: %v", err)
			}
		})
	}
}

// The promise to the reader of an entry: nothing but age is needed.
func TestPlainAge(t *testing.T) {
	path, alice, eve := newPath(t), newReader(t), newReader(t)
	put(t, path, "a", canary, alice)
	e, _ := read(t, path).Entry("a")
	decrypt := func(r reader) (string, error) {
		plain, err := age.Decrypt(armor.NewReader(strings.NewReader(e.Value)), r.identity)
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(plain)
		return string(data), err
	}
	got, err := decrypt(alice)
	if want := fmt.Sprintf(`{"name":"a","version":1,"recipients":[%q]}`+"\n%s", alice.recipient, canary); err != nil || got != want {
		t.Errorf("decrypted to something else: %v", err)
	}
	if _, err := decrypt(eve); err == nil {
		t.Error("another key decrypts it")
	}
}

func TestSetRecipients(t *testing.T) {
	path, alice, bob := newPath(t), newReader(t), newReader(t)
	put(t, path, "a", canary, alice)
	set := func(ids []age.Identity, recipients ...string) error {
		return Update(path, func(f *File) error { return f.SetRecipients("a", recipients, ids) })
	}

	wantError(t, set([]age.Identity{bob.identity}, alice.recipient, bob.recipient), ErrNotReader, "readers cannot change")
	if err := set([]age.Identity{bob.identity, alice.identity}, alice.recipient, bob.recipient); err != nil {
		t.Fatal(err)
	}
	wantValue(t, path, "a", canary, bob)
	if err := set([]age.Identity{alice.identity}, bob.recipient); err != nil {
		t.Fatal(err)
	}
	wantValue(t, path, "a", canary, bob)
	_, err := read(t, path).Get("a", []age.Identity{alice.identity})
	wantError(t, err, ErrNotReader)
	if err := set(nil, bob.recipient); err != nil {
		t.Errorf("same readers should need no key: %v", err)
	}
	wantError(t, set([]age.Identity{bob.identity}), nil, "no reader")
	if e, _ := read(t, path).Entry("a"); e.Version != 1 {
		t.Errorf("version %d: the value did not change", e.Version)
	}
}

func TestDelete(t *testing.T) {
	path, r := newPath(t), newReader(t)
	put(t, path, "a", canary, r)
	put(t, path, "b", canary, r)
	remove := func(name string, recovery time.Duration) {
		update(t, path, func(f *File) error { f.Delete(name, recovery); return nil })
	}

	remove("a", time.Hour)
	f := read(t, path)
	_, err := f.Get("a", []age.Identity{r.identity})
	wantError(t, err, ErrNotFound, "can be restored until")
	wantError(t, f.Put("a", []byte("x"), []string{r.recipient}), ErrNotFound, "can be restored until")
	until := f.entries["a"].PurgeAfter
	remove("a", 0) // is deleted already
	if got := read(t, path).entries["a"].PurgeAfter; !got.Equal(until) {
		t.Errorf("recovery time changed from %v to %v", until, got)
	}

	update(t, path, func(f *File) error { return f.Restore("a") })
	wantValue(t, path, "a", canary, r)

	remove("a", time.Hour)
	f = read(t, path)
	f.purge(time.Now().Add(59 * time.Minute))
	if _, ok := f.Entry("a"); !ok {
		t.Error("purged too early")
	}
	f.purge(time.Now().Add(61 * time.Minute))
	if _, ok := f.Entry("a"); ok {
		t.Error("not purged")
	}
	wantError(t, f.Restore("a"), ErrNotFound)

	remove("b", 0)
	if _, ok := read(t, path).Entry("b"); ok {
		t.Error("zero recovery should remove the secret at once")
	}
	remove("b", 0)
}

func TestGenerate(t *testing.T) {
	count := map[byte]int{}
	for range 1000 {
		value := Generate()
		if len(value) != 32 {
			t.Fatalf("%d characters", len(value))
		}
		for _, b := range value {
			count[b]++
		}
	}
	// 32,000 draws of 62: 516 each; 350 and 700 are seven standard deviations away.
	for b, n := range count {
		if !strings.ContainsRune(alphabet, rune(b)) || n < 350 || n > 700 {
			t.Errorf("%q was drawn %d times", b, n)
		}
	}
	if len(count) != len(alphabet) {
		t.Errorf("%d different characters", len(count))
	}
}
