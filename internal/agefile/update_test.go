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
	if got, want := len(read(t, path).Names()), (processes+goroutines)*each; got != want {
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

	err = Update(filepath.Join(t.TempDir(), "missing", "file"), func(*File) error { return nil })
	wantError(t, err, os.ErrNotExist)
}
