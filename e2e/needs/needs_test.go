package needs_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/needs"
)

func TestMissing(t *testing.T) {
	for _, tt := range []struct {
		ci              string
		skipped, failed bool
	}{
		{ci: "", skipped: true},
		{ci: "false", skipped: true},
		{ci: "true", failed: true},
	} {
		t.Run("CI="+tt.ci, func(t *testing.T) {
			t.Setenv("CI", tt.ci)
			outcome := &recorder{TB: t}
			stderr := captureStderr(t, func() {
				outcome.run(func() { needs.Missing(outcome, "the moon", "Wait for the night.") })
			})

			if outcome.skipped != tt.skipped || (outcome.failure != "") != tt.failed {
				t.Errorf("skipped %t, failed %q; want %t, %t",
					outcome.skipped, outcome.failure, tt.skipped, tt.failed)
			}
			message := stderr
			if tt.failed {
				message = outcome.failure
			} else if !strings.HasPrefix(stderr, "NOT RUN: "+t.Name()+": ") {
				t.Errorf("standard error has %q", stderr)
			}
			for _, part := range []string{"the moon is missing", "Wait for the night."} {
				if !strings.Contains(message, part) {
					t.Errorf("%q does not say %q", message, part)
				}
			}
		})
	}
}

func TestProgram(t *testing.T) {
	if got := needs.Program(t, "go", ""); filepath.Base(got) != "go" {
		t.Errorf("the program go is %q", got)
	}

	t.Setenv("CI", "true")
	outcome := &recorder{TB: t}
	outcome.run(func() { needs.Program(outcome, "no-such-program", "Write it.") })
	if !strings.Contains(outcome.failure, "the program no-such-program is missing") {
		t.Errorf("a program that does not exist gives %q", outcome.failure)
	}
}

func TestRoot(t *testing.T) {
	if _, err := os.Stat(filepath.Join(needs.Root(t), "e2e", "needs", "needs.go")); err != nil {
		t.Error(err)
	}
}

// recorder is a test that notes how it ends.
type recorder struct {
	testing.TB
	skipped bool
	failure string
}

func (r *recorder) SkipNow() {
	r.skipped = true
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// run calls f where ending the test, as above, ends f only.
func (r *recorder) run(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func captureStderr(t *testing.T, f func()) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	original := os.Stderr
	os.Stderr = write
	f()
	os.Stderr = original
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
