package agefile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
)

func stage(t testing.TB, path, name, id, value string, r reader) int {
	t.Helper()
	var version int
	update(t, path, func(f *File) (err error) {
		version, err = f.Stage(name, id, []byte(value), []age.Identity{r.identity})
		return err
	})
	return version
}

func promote(t testing.TB, path, name string, version int) {
	t.Helper()
	update(t, path, func(f *File) error { return f.Promote(name, version) })
}

func wantVersion(t testing.TB, path string, version int, want string, r reader) {
	t.Helper()
	got, err := read(t, path).GetVersion("a", version, []age.Identity{r.identity})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("version %d is another value than was put", version)
	}
}

// versions gives the current, previous and pending version of the secret a; 0 for none.
func versions(t testing.TB, path string) [3]int {
	t.Helper()
	e, _ := read(t, path).Entry("a")
	got := [3]int{e.Version}
	for i, o := range []*Other{e.Previous, e.Pending} {
		if o != nil {
			got[i+1] = o.Version
		}
	}
	return got
}

func TestRotation(t *testing.T) {
	path, r, eve := newPath(t), newReader(t), newReader(t)
	put(t, path, "a", canary+"-1", r)
	check := func(what string, want ...int) {
		t.Helper()
		if got := versions(t, path); !slices.Equal(got[:], want) {
			t.Errorf("%s: current, previous and pending are %v, want %v", what, got, want)
		}
	}

	if v := stage(t, path, "a", "round-1", canary+"-2", r); v != 2 {
		t.Errorf("staged as version %d", v)
	}
	if v := stage(t, path, "a", "round-1", canary+"-lost", r); v != 2 {
		t.Errorf("staged again as version %d", v)
	}
	check("staged", 1, 0, 2)
	wantValue(t, path, "a", canary+"-1", r)
	wantVersion(t, path, 2, canary+"-2", r)
	_, err := read(t, path).GetVersion("a", 2, []age.Identity{eve.identity})
	wantError(t, err, ErrNotReader)
	_, err = read(t, path).GetVersion("a", 3, []age.Identity{r.identity})
	wantError(t, err, ErrNotFound, "no version 3")
	wantError(t, read(t, path).Promote("a", 3), ErrNotPending, "version 3")

	promote(t, path, "a", 2)
	promote(t, path, "a", 2)
	check("promoted", 2, 1, 0)
	wantValue(t, path, "a", canary+"-2", r)
	wantVersion(t, path, 1, canary+"-1", r)
	if v := stage(t, path, "a", "round-1", canary+"-late", r); v != 2 {
		t.Errorf("a round that is over staged version %d", v)
	}
	check("a late rotator", 2, 1, 0)

	at := time.Date(2030, 1, 2, 3, 4, 5, 1, time.FixedZone("", 3600))
	update(t, path, func(f *File) error { return f.Schedule("a", 1, at) })
	update(t, path, func(f *File) error { return f.Schedule("a", 2, at.Add(time.Hour)) }) // is current
	if e, _ := read(t, path).Entry("a"); !e.Previous.RetireAfter.Equal(at.Add(time.Second-1)) || e.Previous.RetireAfter.Location() != time.UTC {
		t.Errorf("scheduled for %v", e.Previous.RetireAfter)
	}

	if v := stage(t, path, "a", "round-2", canary+"-3", r); v != 3 {
		t.Errorf("staged as version %d", v)
	}
	for _, version := range []int{2, 3, 9} {
		update(t, path, func(f *File) error { return f.Retire("a", version) })
	}
	check("retired what is in use", 2, 1, 3)
	update(t, path, func(f *File) error { return f.Retire("a", 1) })
	check("retired", 2, 0, 3)

	// An operator's value takes no other's version, and nothing from a rotation that is under way.
	put(t, path, "a", canary+"-4", r)
	check("put", 4, 0, 3)
	promote(t, path, "a", 3)
	check("promoted", 3, 4, 0)
	wantValue(t, path, "a", canary+"-3", r)
	wantVersion(t, path, 4, canary+"-4", r)

	if text, _ := os.ReadFile(path); strings.Contains(string(text), "canary") {
		t.Error("a value is readable in the file")
	}
}

// What a rotator would have to revoke is kept for it, as far as there is a place.
func TestSupersede(t *testing.T) {
	path, r, bob := newPath(t), newReader(t), newReader(t)
	supersede := func(what, value string, to reader, wantLost bool, want ...int) {
		t.Helper()
		var lost bool
		update(t, path, func(f *File) (err error) {
			lost, err = f.Supersede("a", []byte(value), []string{to.recipient}, []age.Identity{r.identity})
			return err
		})
		if got := versions(t, path); lost != wantLost || !slices.Equal(got[:], want) {
			t.Errorf("%s: lost %v; current, previous and pending are %v, want %v", what, lost, got, want)
		}
	}
	supersede("the first value", canary+"-1", r, false, 1, 0, 0)
	supersede("before any rotation", canary+"-2", r, false, 2, 0, 0)

	promote(t, path, "a", stage(t, path, "a", "round-1", canary+"-3", r))
	update(t, path, func(f *File) error { return f.Schedule("a", 2, time.Now()) })
	supersede("the current value again", canary+"-3", r, false, 4, 2, 0)
	supersede("another while one waits", canary+"-5", r, true, 5, 2, 0)
	supersede("the previous value again", canary+"-2", r, false, 6, 5, 0)
	wantVersion(t, path, 5, canary+"-5", r)
	if e, _ := read(t, path).Entry("a"); !e.Previous.RetireAfter.IsZero() {
		t.Errorf("it is to be retired when the one before was: %v", e.Previous.RetireAfter)
	}
	update(t, path, func(f *File) error { return f.Retire("a", 5) })
	supersede("another", canary+"-7", r, false, 7, 6, 0)
	wantVersion(t, path, 6, canary+"-2", r)
	update(t, path, func(f *File) error { return f.Retire("a", 6) })

	stage(t, path, "a", "round-2", canary+"-8", r)
	supersede("while a rotation needs the place", canary+"-9", r, true, 9, 0, 8)
	promote(t, path, "a", 8)
	update(t, path, func(f *File) error { return f.Retire("a", 9) })
	supersede("for another reader", canary+"-10", bob, true, 9, 0, 0)
}

func TestStageRefuses(t *testing.T) {
	path, r, eve := newPath(t), newReader(t), newReader(t)
	put(t, path, "a", canary, r)
	stage := func(f *File, name, value string, ids ...age.Identity) error {
		_, err := f.Stage(name, "round", []byte(value), ids)
		return err
	}
	wantError(t, stage(read(t, path), "b", canary, r.identity), ErrNotFound)
	wantError(t, stage(read(t, path), "a", "", r.identity), nil, "1 to 65536 bytes")
	wantError(t, stage(read(t, path), "a", canary, eve.identity), ErrNotReader)

	// Nobody becomes a reader of the next value by an edit of the file.
	good, _ := os.ReadFile(path)
	edited := strings.Replace(string(good), r.recipient+"]", r.recipient+", "+eve.recipient+"]", 1)
	if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	wantError(t, stage(read(t, path), "a", canary, r.identity), ErrTampered)
}

// Readers change for all of a secret's values.
func TestReadersOfRotation(t *testing.T) {
	path, alice, bob := newPath(t), newReader(t), newReader(t)
	put(t, path, "a", canary+"-1", alice, bob)
	promote(t, path, "a", stage(t, path, "a", "round-1", canary+"-2", alice))
	stage(t, path, "a", "round-2", canary+"-3", alice)
	update(t, path, func(f *File) error {
		return f.SetRecipients("a", []string{alice.recipient}, []age.Identity{alice.identity})
	})
	for version := 1; version <= 3; version++ {
		wantVersion(t, path, version, fmt.Sprint(canary, "-", version), alice)
		_, err := read(t, path).GetVersion("a", version, []age.Identity{bob.identity})
		wantError(t, err, ErrNotReader)
	}

	// A value that is put for others leaves nothing behind that is encrypted to those before.
	put(t, path, "a", canary+"-4", alice)
	if got := versions(t, path); got != [3]int{4, 1, 3} {
		t.Errorf("put for the same readers: %v", got)
	}
	put(t, path, "a", canary+"-5", bob)
	if got := versions(t, path); got != [3]int{5, 0, 0} {
		t.Errorf("put for another reader: %v", got)
	}
}

func TestDeletedRotation(t *testing.T) {
	path, r := newPath(t), newReader(t)
	put(t, path, "a", canary+"-1", r)
	promote(t, path, "a", stage(t, path, "a", "round-1", canary+"-2", r))
	stage(t, path, "a", "round-2", canary+"-3", r)
	update(t, path, func(f *File) error { f.Delete("a", time.Hour); return nil })
	f := read(t, path)
	_, err := f.GetVersion("a", 1, []age.Identity{r.identity})
	wantError(t, err, ErrNotFound, "can be restored")
	wantError(t, f.Promote("a", 3), ErrNotFound)
	wantError(t, f.Retire("a", 1), ErrNotFound)
	update(t, path, func(f *File) error { return f.Restore("a") })
	for version := 1; version <= 3; version++ {
		wantVersion(t, path, version, fmt.Sprint(canary, "-", version), r)
	}
}

// A file of before there was rotation is read, and not changed by reading and writing.
func TestFileBeforeRotation(t *testing.T) {
	before, err := os.ReadFile(filepath.Join("testdata", "v1.age.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(strings.NewReader("AGE-SECRET-KEY-1L29DY95DHJQUGRYUD52EMYL7UCRS7YC34AD2F5EQE642XUM2L2QSQ9Y706"))
	if err != nil {
		t.Fatal(err)
	}
	path := newPath(t)
	if err := os.WriteFile(path, before, 0o600); err != nil {
		t.Fatal(err)
	}
	f := read(t, path)
	if value, err := f.Get("orders-db", ids); err != nil || string(value) != canary {
		t.Errorf("the value is another: %v", err)
	}
	if after, err := format(f.entries); err != nil || string(after) != string(before) {
		t.Errorf("%v, written as:\n%s", err, after)
	}
}

func TestTamperedRotation(t *testing.T) {
	path, r, eve := newPath(t), newReader(t), newReader(t)
	for _, name := range []string{"a", "b"} {
		put(t, path, name, canary, r)
		promote(t, path, name, stage(t, path, name, "round-1", canary, r))
		stage(t, path, name, "round-2", canary, r)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tamper  func(a, b *Entry)
		version int // the one that is noticed
	}{
		"previous of another secret": {func(a, b *Entry) { a.Previous.Value = b.Previous.Value }, 1},
		"pending of another secret":  {func(a, b *Entry) { a.Pending.Value = b.Pending.Value }, 3},
		"previous as current":        {func(a, _ *Entry) { a.Value = a.Previous.Value }, 2},
		"current as pending":         {func(a, _ *Entry) { a.Pending.Value = a.Value }, 3},
		"edited version":             {func(a, _ *Entry) { a.Previous.Version = 9 }, 9},
		"added reader":               {func(a, _ *Entry) { a.Recipients = append(a.Recipients, eve.recipient) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
			update(t, path, func(f *File) error {
				a, b := f.entries["a"], f.entries["b"]
				c.tamper(&a, &b)
				f.entries["a"] = a
				return nil
			})
			ids := []age.Identity{r.identity}
			_, err := read(t, path).GetVersion("a", c.version, ids)
			wantError(t, err, ErrTampered, `secret "a"`, "restore the file")
			wantError(t, read(t, path).SetRecipients("a", []string{r.recipient, newReader(t).recipient}, ids), ErrTampered)
		})
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a version twice":     {"version: 1\n", "version: 2\n", `secret "a": it has version 2 twice`},
		"no version":          {"      version: 1\n", "", `secret "a": version, updated or recipients is missing`},
		"a plain value":       {"-----BEGIN AGE ENCRYPTED FILE-----\n", canary + "\n", "not one whole age block"},
		"an unknown property": {"      version: 1\n", "      canary: 1\n", "is not in the format"},
	} {
		t.Run(name, func(t *testing.T) {
			head, previous, _ := strings.Cut(string(good), "    previous:\n")
			damaged := head + "    previous:\n" + strings.Replace(previous, c.old, c.new, 1)
			if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			wantError(t, err, nil, c.want)
		})
	}
}
