package agefile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// TestMain lets the test binary be one of the other processes that the tests need:
// it puts secrets named PREFIX-0, PREFIX-1, … and prints each name once it is written.
func TestMain(m *testing.M) {
	path := os.Getenv("AGEFILE_TEST_WRITER")
	if path == "" {
		os.Exit(m.Run())
	}
	prefix, recipient := os.Args[1], os.Args[2]
	var n int
	if _, err := fmt.Sscan(os.Args[3], &n); err != nil {
		panic(err)
	}
	for i := range n {
		name := fmt.Sprintf("%s-%d", prefix, i)
		err := Update(path, func(f *File) error { return f.Put(name, []byte(canary), []string{recipient}) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(name)
	}
}

func writer(path, prefix string, r reader, n int) *exec.Cmd {
	cmd := exec.Command(os.Args[0], prefix, r.recipient, fmt.Sprint(n))
	cmd.Env = append(os.Environ(), "AGEFILE_TEST_WRITER="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestConcurrentWriters(t *testing.T) {
	const processes, goroutines, each = 4, 8, 10
	path, r := newPath(t), newReader(t)
	var wg sync.WaitGroup
	for p := range processes {
		wg.Go(func() {
			if err := writer(path, fmt.Sprintf("p%d", p), r, each).Run(); err != nil {
				t.Error(err)
			}
		})
	}
	for g := range goroutines {
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("g%d-%d", g, i)
				if err := Update(path, func(f *File) error { return f.Put(name, []byte(canary), []string{r.recipient}) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, want := len(read(t, path).entries), (processes+goroutines)*each; got != want {
		t.Errorf("%d secrets in the file, want %d: an update was lost", got, want)
	}
}

func TestKilledWriter(t *testing.T) {
	path, r := newPath(t), newReader(t)
	for round := range 10 {
		cmd := writer(path, fmt.Sprintf("r%d", round), r, 1_000_000)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var written []string
		lines := bufio.NewScanner(out)
		for len(written) < 5 && lines.Scan() {
			written = append(written, lines.Text())
		}
		time.Sleep(time.Duration(round) * 300 * time.Microsecond) // into the next write
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			written = append(written, lines.Text())
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer was not killed")
		}
		f := read(t, path)
		for _, name := range written {
			if _, ok := f.Entry(name); !ok {
				t.Errorf("%s was written and is lost", name)
			}
		}
	}
	put(t, path, "after", canary, r) // the lock died with its process
}

func TestUpdateWritesOnlyChanges(t *testing.T) {
	path, r := newPath(t), newReader(t)
	update(t, path, func(*File) error { return nil })
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no change should make no file: %v", err)
	}

	put(t, path, "b", canary, r)
	put(t, path, "a", canary, r)
	before, _ := os.Stat(path)
	leftover := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"123")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	update(t, path, func(f *File) error { return f.Restore("a") })
	failed := errors.New("failed")
	err := Update(path, func(f *File) error { f.Delete("a", 0); return failed })
	wantError(t, err, failed)
	if after, _ := os.Stat(path); !os.SameFile(before, after) {
		t.Error("the file was replaced")
	}
	wantValue(t, path, "a", canary, r)

	_ = Update(path, func(f *File) error { f.Delete("a", time.Nanosecond); return nil })
	time.Sleep(time.Millisecond)
	update(t, path, func(*File) error { return nil })
	if data, _ := os.ReadFile(path); strings.Contains(string(data), "  a:") {
		t.Error("the deleted secret outlived its recovery time")
	}
}

func TestMissingFolder(t *testing.T) {
	path, r := filepath.Join(t.TempDir(), "conf", "local", "secrets.yaml"), newReader(t)
	put(t, path, "a", canary, r)
	wantValue(t, path, "a", canary, r)
}

func TestSymbolicLink(t *testing.T) {
	target, link, r := newPath(t), newPath(t), newReader(t)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	err := Update(link, func(*File) error { return nil })
	wantError(t, err, nil, link, "a symbolic link to "+target+", which is not there")

	put(t, target, "a", canary, r)
	put(t, link, "b", canary, r)
	wantValue(t, target, "b", canary, r)
	if to, err := os.Readlink(link); to != target {
		t.Errorf("the link was replaced: %q, %v", to, err)
	}

	// Writers through the link and writers of the target keep each other out.
	update(t, link, func(*File) error {
		l := flock.New(filepath.Dir(target), flock.SetFlag(os.O_RDONLY))
		if locked, err := l.TryLock(); locked || err != nil {
			t.Errorf("the folder of the target is not locked: %v", err)
		}
		return nil
	})
}

func TestLockedByAnother(t *testing.T) {
	path, r := newPath(t), newReader(t)
	wait := func(before, in time.Duration) {
		was, all := silence, patience
		silence, patience = before, in
		t.Cleanup(func() { silence, patience = was, all })
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	stderr := os.Stderr
	os.Stderr = out
	t.Cleanup(func() { os.Stderr = stderr })
	other := flock.New(filepath.Dir(path), flock.SetFlag(os.O_RDONLY))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}

	wait(time.Millisecond, 50*time.Millisecond)
	err = Update(path, func(f *File) error { return f.Put("a", []byte(canary), []string{r.recipient}) })
	wantError(t, err, nil, "lock the folder of "+path, "another program has held it for a minute")
	if said, _ := os.ReadFile(out.Name()); !strings.Contains(string(said), "Waiting for another program that has locked the folder of "+path) {
		t.Errorf("said %q", said)
	}

	wait(time.Millisecond, time.Minute)
	time.AfterFunc(50*time.Millisecond, func() { _ = other.Unlock() })
	put(t, path, "a", canary, r) // also after the one that gave up
	wantValue(t, path, "a", canary, r)
}
