// Package cli_test runs the built command line with the real Pulumi engine, as a newcomer does.
package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/pulumicli"
)

// TestScripts runs the scripts in testdata, each in a clone of the sample project on a new machine: its
// home is empty, but for the Pulumi CLI in the cache.
func TestScripts(t *testing.T) {
	root, bin := needs.Root(t), t.TempDir()
	for _, command := range []string{"secretstack", "pulumi-resource-secretstack"} {
		build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/"+command)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", build, err, out)
		}
	}
	if _, err := pulumicli.Find(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			for name, value := range map[string]string{
				"HOME":            home,
				"XDG_CONFIG_HOME": filepath.Join(home, "config"),
				"XDG_CACHE_HOME":  cache,
				"BIN":             bin,
				"PATH":            bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
				"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
			} {
				env.Setenv(name, value)
			}
			env.Cd = filepath.Join(env.WorkDir, "shop")
			return copySample(root, env.Cd)
		},
	})
}

// copySample makes a git repository of the sample project.
func copySample(root, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(root, "Pulumi*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range append(files, filepath.Join(root, "secrets.yaml"), filepath.Join(root, ".gitignore")) {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o600); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "."},
		{"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "sample"},
	} {
		git := exec.Command("git", args...)
		git.Dir = to
		if out, err := git.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", git, err, out)
		}
	}
	return nil
}
