//go:build unix

package pulumicli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// machine gives the test a PATH that holds only scripts of its own, and an empty cache.
func machine(t *testing.T, scripts map[string]string) (cache string) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, ".cache"))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "secretstack", "pulumi")
}

// compiler is a Go that makes a pulumi of the pinned version in a moment. It counts its runs in $HOME/runs.
const compiler = `
echo run >> "$HOME/runs"
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
/bin/mkdir -p "${out%/*}"
printf '#!/bin/sh\necho v3.259.0\n' > "$out"
/bin/chmod +x "$out"
`

func TestFind(t *testing.T) {
	tests := []struct {
		name     string
		scripts  map[string]string
		version  string // of what is found
		progress string
		err      []string
	}{
		{name: "minimum", scripts: map[string]string{"pulumi": "echo v3.232.0"}, version: "3.232.0"},
		{name: "later", scripts: map[string]string{"pulumi": "echo 3.300.1"}, version: "3.300.1"},
		{name: "later development build", scripts: map[string]string{"pulumi": "echo v3.300.0-dev.0"}, version: "3.300.0-dev.0"},
		{
			name: "older", scripts: map[string]string{"pulumi": "echo v3.231.9", "go": compiler},
			version: "3.259.0", progress: "has the version 3.231.9, and 3.232.0 or a later 3.x is needed",
		},
		{
			name: "next major", scripts: map[string]string{"pulumi": "echo v4.0.0", "go": compiler},
			version: "3.259.0", progress: "has the version 4.0.0",
		},
		{
			name: "no version", scripts: map[string]string{"pulumi": "echo unknown", "go": compiler},
			version: "3.259.0", progress: "does not tell its version",
		},
		{
			name: "broken", scripts: map[string]string{"pulumi": "exit 3", "go": compiler},
			version: "3.259.0", progress: "does not work (failed to run `pulumi version`: exit status 3)",
		},
		{
			name: "none", scripts: map[string]string{"go": compiler},
			version: "3.259.0", progress: "Building the Pulumi CLI v3.259.0 with Go, since there is no pulumi on PATH.",
		},
		{
			name: "no Go", err: []string{
				"there is no pulumi on PATH", "https://www.pulumi.com/docs/install/", "https://go.dev/doc/install",
			},
		},
		{
			name: "failing build", scripts: map[string]string{"go": "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i.; done; exit 1"},
			err: []string{"building the Pulumi CLI v3.259.0 failed (exit status 1)", "\nline 11.\n", "\nline 30."},
		},
		{
			name: "nothing built", scripts: map[string]string{"go": "exit 0"},
			err: []string{"putting the Pulumi CLI into place"},
		},
		{
			name: "useless build", scripts: map[string]string{"go": strings.Replace(compiler, "echo v3.259.0", "exit 1", 1)},
			err: []string{"the Pulumi CLI that was built in ", "does not work: failed to run `pulumi version`: exit status 1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			machine(t, tt.scripts)
			var progress bytes.Buffer
			command, err := Find(t.Context(), &progress)
			if len(tt.err) > 0 {
				for _, want := range tt.err {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%q is not in the error:\n%v", want, err)
					}
				}
				if err != nil && strings.Contains(err.Error(), "line 10.") {
					t.Errorf("the error has more than the last lines:\n%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := command.Version().String(); got != tt.version {
				t.Errorf("found version %s, want %s", got, tt.version)
			}
			if got := progress.String(); !strings.Contains(got, tt.progress) || tt.progress == "" && got != "" {
				t.Errorf("progress is\n%s\nwithout %q", got, tt.progress)
			}
		})
	}
}

func TestBuiltOnce(t *testing.T) {
	machine(t, map[string]string{"go": compiler})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := Find(t.Context(), &bytes.Buffer{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var progress bytes.Buffer
	if _, err := Find(t.Context(), &progress); err != nil || progress.Len() > 0 {
		t.Errorf("the later call gives the error %v and says %q", err, progress.String())
	}
	if runs, err := os.ReadFile(filepath.Join(os.Getenv("HOME"), "runs")); string(runs) != "run\n" {
		t.Errorf("go ran %d times (%v), want once", len(runs)/len("run\n"), err)
	}
}

func TestUnusableBuildIsReplaced(t *testing.T) {
	cache := machine(t, map[string]string{"go": compiler})
	bin := filepath.Join(cache, pinned, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "pulumi"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(t.Context(), &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	cache := machine(t, map[string]string{"go": `/bin/mkdir bin || exit; echo > bin/pulumi; echo > "$HOME/started"; exec /bin/sleep 60`})
	killed := filepath.Join(cache, pinned+".build", "bin")
	if err := os.MkdirAll(killed, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		for range 1000 {
			if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), "started")); err == nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if _, err := Find(ctx, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "was stopped: context canceled") {
		t.Errorf("the error is %v", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*"))
	if lock := filepath.Join(cache, pinned+".lock"); err != nil || fmt.Sprint(left) != fmt.Sprint([]string{lock}) {
		t.Errorf("left are %v (%v), want only %s", left, err, lock)
	}
}

// The user's settings for Go must not reach the build.
func TestCompilerSettings(t *testing.T) {
	machine(t, map[string]string{"go": `
printf '%s\n' "$@" "$GOFLAGS" "$GOWORK" "$GOOS" > "$HOME/seen"
/bin/cat go.mod go.sum >> "$HOME/seen"
` + compiler})
	t.Setenv("GOFLAGS", "-mod=vendor")
	t.Setenv("GOWORK", "/elsewhere/go.work")
	t.Setenv("GOOS", "plan9")
	if _, err := Find(t.Context(), &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(os.Getenv("HOME"), "seen"))
	if err != nil {
		t.Fatal(err)
	}
	seen := string(b)
	for _, want := range []string{
		"-trimpath\n", "common/version.Version=" + pinned + " -s -w\n", "-mod=readonly\noff\n",
		"github.com/pulumi/pulumi/pkg/v3 " + pinned + " // indirect", "github.com/pulumi/pulumi/pkg/v3 " + pinned + " h1:",
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("the build did not see %q", want)
		}
	}
	for _, no := range []string{"-mod=vendor", "elsewhere", "plan9\n"} {
		if strings.Contains(seen, no) {
			t.Errorf("the build saw %q", no)
		}
	}
}
