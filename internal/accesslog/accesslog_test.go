package accesslog

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test's own program be one that writes: with the variables below it appends entries until it is
// killed, or as many as it is told.
func TestMain(m *testing.M) {
	dir := os.Getenv("ACCESSLOG_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	l, err := Open(dir, "local")
	for i := 0; err == nil && (os.Getenv("ACCESSLOG_COUNT") == "" || fmt.Sprint(i) != os.Getenv("ACCESSLOG_COUNT")); i++ {
		err = l.Append(read("orders-db"), read("stripe-api-key"))
		fmt.Println(i)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writer(t *testing.T, l *Log, count string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "ACCESSLOG_DIR="+filepath.Dir(filepath.Dir(l.File)), "ACCESSLOG_COUNT="+count)
	cmd.Stderr = os.Stderr
	return cmd
}

func read(secret string) Entry {
	return Entry{Operation: Run, Outcome: OK, Secret: secret, Version: 2, Reader: "checkout", Key: "age1example", Command: "/usr/bin/true"}
}

func newLog(t testing.TB) *Log {
	t.Helper()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", os.Getenv("XDG_CONFIG_HOME"))
	l, err := Open(t.TempDir(), "local")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func add(t testing.TB, l *Log, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if err := l.Append(read(s)); err != nil {
			t.Fatal(err)
		}
	}
}

// found gives a log's breaks, and its entries as "secret" or "broken: note".
func found(t testing.TB, l *Log) (breaks, entries []string) {
	t.Helper()
	c, err := l.Check(func(_ []byte, e Entry) error {
		if e.Operation == Broken {
			e.Secret = "broken: " + e.Note
		}
		entries = append(entries, e.Secret)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Entries != len(entries) {
		t.Errorf("%d entries, and %d were handed out", c.Entries, len(entries))
	}
	for _, b := range c.Breaks {
		breaks = append(breaks, b.String())
	}
	return breaks, entries
}

func wantWhole(t testing.TB, l *Log, want ...string) {
	t.Helper()
	breaks, entries := found(t, l)
	if len(breaks) > 0 || !slices.Equal(entries, want) {
		t.Errorf("breaks %q, entries %q; want %q", breaks, entries, want)
	}
}

func change(t testing.TB, l *Log, by func(lines []string) []string) {
	t.Helper()
	data, err := os.ReadFile(l.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(data)))
	if err := os.WriteFile(l.File, []byte(strings.Join(by(lines), "")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAppend(t *testing.T) {
	l := newLog(t)
	if c, err := l.Check(nil); err != nil || len(c.Breaks) > 0 || c.Noted {
		t.Errorf("no log: %+v, %v", c, err)
	}
	before := time.Now().Add(-time.Second)
	if err := l.Append(read("a"), read("b")); err != nil {
		t.Fatal(err)
	}
	add(t, l, "c")
	wantWhole(t, l, "a", "b", "c")

	var all []Entry
	c, err := l.Check(func(_ []byte, e Entry) error { all = append(all, e); return nil })
	if err != nil || !c.Noted {
		t.Fatal(c, err)
	}
	last := all[2]
	if last.Seq != 3 || last.Prev != all[1].Hash || all[0].Prev != "" || c.Last != (Mark{3, last.Hash}) ||
		last.User != User() || last.Time.Before(before) || last.Time.Location() != time.UTC {
		t.Errorf("%+v", last)
	}
	for _, file := range []string{l.File, l.note} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// Anybody can check a line with sed and sha256sum, as the package's documentation says.
func TestHashByOtherMeans(t *testing.T) {
	l := newLog(t)
	add(t, l, "a", "b")
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `sed -n '2s/,"hash":.*//p' "$0" | tr -d '\n' | sha256sum`, l.File).Output()
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Check(func([]byte, Entry) error { return nil })
	if hash, _, _ := strings.Cut(string(out), " "); err != nil || hash != c.Last.Hash {
		t.Errorf("sha256sum says %s, the log %s (%v)", hash, c.Last.Hash, err)
	}
}

// Each way to change a log that one may think of, and what Check says then.
func TestChanged(t *testing.T) {
	reseal := func(line string, change func(*Entry)) string {
		e, err := parse([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		change(&e)
		again, err := e.seal()
		if err != nil {
			t.Fatal(err)
		}
		return string(again)
	}
	for name, c := range map[string]struct {
		by   func([]string) []string
		want []string
	}{
		"nothing": {func(l []string) []string { return l }, nil},
		"edited": {
			func(l []string) []string { l[1] = strings.Replace(l[1], "checkout", "reports", 1); return l },
			[]string{"line 2 was changed after it was written"},
		},
		"edited, with a new hash": {
			func(l []string) []string { l[1] = reseal(l[1], func(e *Entry) { e.Reader = "reports" }); return l },
			[]string{"line 3 does not follow the one before it: lines were added, moved or replaced"},
		},
		"the first taken away": {
			func(l []string) []string { return l[1:] },
			[]string{"line 1 has entry 2, where entry 1 should be: what was between is missing"},
		},
		"two taken away": {
			func(l []string) []string { return slices.Delete(l, 1, 3) },
			[]string{"line 2 has entry 4, where entry 2 should be: what was between is missing"},
		},
		"one twice": {
			func(l []string) []string { return slices.Insert(l, 2, l[1]) },
			[]string{"line 3 does not follow the one before it: lines were added, moved or replaced"},
		},
		"the last taken away": {
			func(l []string) []string { return l[:3] },
			[]string{"line 4 is missing, and all after it: the log had 4 entries or more"},
		},
		"the last cut": {
			func(l []string) []string { l[3] = l[3][:len(l[3])-9]; return l },
			[]string{"line 4 is missing, and all after it"},
		},
		"the last edited, with a new hash": {
			func(l []string) []string { l[3] = reseal(l[3], func(e *Entry) { e.Secret = "x" }); return l },
			[]string{"line 4 is another entry than was once written as number 4"},
		},
		"all gone": {
			func([]string) []string { return nil },
			[]string{"line 1 is missing, and all after it: the log had 4 entries or more"},
		},
		"something else": {
			func(l []string) []string { l[1] = "hello\n"; return l },
			[]string{"line 2 is no entry"},
		},
		"a field more": {
			func(l []string) []string { l[1] = strings.Replace(l[1], "{", `{"seq":2,`, 1); return l },
			[]string{"line 2 was changed after it was written"},
		},
		"something after the hash": {
			func(l []string) []string { l[1] = strings.Replace(l[1], "}\n", ",\"note\":\"x\"}\n", 1); return l },
			[]string{"line 2 was changed after it was written"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t)
			add(t, l, "a", "b", "c", "d")
			change(t, l, c.by)
			got, _ := found(t, l)
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// What was cut off stays noticed when the log goes on.
func TestGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		by   func([]string) []string
		want []string
	}{
		"the last taken away": {
			func(l []string) []string { return l[:2] },
			[]string{"a", "b", "broken: line 3 is missing, and all after it: the log had 3 entries or more", "d"},
		},
		"all gone": {
			func([]string) []string { return nil },
			[]string{"broken: line 1 is missing, and all after it: the log had 3 entries or more", "d"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t)
			add(t, l, "a", "b", "c")
			change(t, l, c.by)
			add(t, l, "d")
			wantWhole(t, l, c.want...)
		})
	}
	t.Run("edited", func(t *testing.T) {
		l := newLog(t)
		add(t, l, "a", "b", "c")
		change(t, l, func(l []string) []string { l[2] = strings.Replace(l[2], `"c"`, `"x"`, 1); return l })
		add(t, l, "d")
		breaks, entries := found(t, l)
		if len(breaks) != 1 || !slices.Equal(entries, []string{"a", "b", "x", "broken: line 3 was changed after it was written", "d"}) {
			t.Errorf("%q, %q", breaks, entries)
		}
	})
}

// A crash leaves part of a line, or a note of an earlier end. Neither is somebody's deed.
func TestCrash(t *testing.T) {
	l := newLog(t)
	add(t, l, "a")
	note, err := os.ReadFile(l.note)
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, "b")
	change(t, l, func(lines []string) []string { return append(lines, `{"seq":3,"time":"2026`) })
	wantWhole(t, l, "a", "b")
	if err := os.WriteFile(l.note, note, 0o600); err != nil {
		t.Fatal(err)
	}
	wantWhole(t, l, "a", "b")
	add(t, l, "c")
	wantWhole(t, l, "a", "b", "c")
}

// Where the note is missing, what is there is checked, and Check says that the end is not known.
func TestWithoutNote(t *testing.T) {
	l := newLog(t)
	add(t, l, "a", "b")
	if err := os.Remove(l.note); err != nil {
		t.Fatal(err)
	}
	if c, err := l.Check(func([]byte, Entry) error { return nil }); err != nil || c.Noted || len(c.Breaks) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
	add(t, l, "c")
	wantWhole(t, l, "a", "b", "c")
}

func TestTogether(t *testing.T) {
	l := newLog(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := writer(t, l, "20").Run(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if breaks, entries := found(t, l); len(breaks) > 0 || len(entries) != 8*20*2 {
		t.Errorf("breaks %q, %d entries", breaks, len(entries))
	}
}

func TestKilled(t *testing.T) {
	l := newLog(t)
	written := 0
	for round := range 10 {
		cmd := writer(t, l, "")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 5 {
			lines.Scan()
			written++
		}
		time.Sleep(time.Duration(round) * 100 * time.Microsecond) // into the next one
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			written++
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer was not killed")
		}
	}
	add(t, l, "after")
	if breaks, entries := found(t, l); len(breaks) > 0 || len(entries) < 2*written+1 || slices.ContainsFunc(entries, func(e string) bool { return strings.HasPrefix(e, "broken") }) {
		t.Errorf("breaks %q, %d entries of %d", breaks, len(entries), 2*written+1)
	}
}

func TestCannotWrite(t *testing.T) {
	l := newLog(t)
	if err := os.WriteFile(filepath.Dir(l.File), nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	if err := l.Append(read("a")); err == nil || !strings.HasPrefix(err.Error(), "the access log "+l.File+" cannot be written: ") {
		t.Error(err)
	}
}

func TestLocked(t *testing.T) {
	l := newLog(t)
	add(t, l, "a")
	was := patience
	patience = 20 * time.Millisecond
	t.Cleanup(func() { patience = was })
	_, unlock, err := l.share()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(read("b")); err == nil || !strings.Contains(err.Error(), "another program has locked it") {
		t.Error(err)
	}
	wantWhole(t, l, "a") // who reads does not keep out who reads
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	add(t, l, "b")
}

func TestLongLine(t *testing.T) {
	l := newLog(t)
	add(t, l, "a")
	change(t, l, func(lines []string) []string { return append(lines, string(bytes.Repeat([]byte("x"), 2*tail))) })
	if err := l.Append(read("b")); err == nil || !strings.Contains(err.Error(), "too long to be an entry") {
		t.Error(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := newLog(b)
	entries := []Entry{read("a"), read("b"), read("c"), read("d")}
	for b.Loop() {
		if err := l.Append(entries...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	l := newLog(b)
	var entries []Entry
	for range 100_000 {
		entries = append(entries, read("orders-db"))
	}
	if err := l.Append(entries...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if c, err := l.Check(func([]byte, Entry) error { return nil }); err != nil || c.Entries != 100_000 {
			b.Fatal(c, err)
		}
	}
}
