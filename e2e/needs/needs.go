// Package needs finds what end-to-end tests need and cannot bring along: programs,
// servers, other people's binaries. It is how a test says that something is missing.
package needs

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing ends the test because the machine lacks what it needs: skipped, with a line on
// standard error that says so, or failed where the environment has CI=true, since a
// machine that is set up to run everything must not pass by running less.
//
// go test prints that line only with -v, or when it is given no packages.
func Missing(t testing.TB, what, howToInstall string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and CI=true allows no skips. %s", what, howToInstall)
	}
	fmt.Fprintf(os.Stderr, "NOT RUN: %s: %s is missing. %s\n", t.Name(), what, howToInstall)
	t.SkipNow()
}

// Program gives the path of the named program: from the repository's .venv if it is
// there, else from PATH. A test that needs it and gets none ends as in Missing.
func Program(t testing.TB, name, howToInstall string) string {
	t.Helper()
	for _, candidate := range []string{filepath.Join(Root(t), ".venv", "bin", name), name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	Missing(t, "the program "+name, howToInstall)
	return ""
}

// Root gives the root directory of the repository.
func Root(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal("go env GOMOD: ", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}
