package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/secretstack/secretstack/internal/agefile"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"secretstack": func() {
		now = func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) } // for what ends at a date
		main()
	}})
}

// TestScripts runs the scripts in testdata, each in a copy of the sample project with a home of its own. There,
// locked NAME PROGRAM ARGS... is exits 1, while another rotator is at work on the secret.
// UPDATE_GOLDEN=1 writes the expected outputs anew.
func TestScripts(t *testing.T) {
	aws := secretsManager(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_GOLDEN") == "1",
		Setup: func(env *testscript.Env) error {
			env.Setenv("AWS_ENDPOINT_URL", aws)
			env.Setenv("AWS_ACCESS_KEY_ID", "test")
			env.Setenv("AWS_SECRET_ACCESS_KEY", "test")
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "home", "config"))
			env.Cd = filepath.Join(env.WorkDir, "shop")
			return copySample(env.Cd)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "locked": locked},
	})
}

func locked(ts *testscript.TestScript, neg bool, args []string) {
	unlock, err := agefile.LockSecret(ts.MkAbs(agefile.FileName("local")), args[0])
	ts.Check(err)
	exits(ts, neg, append([]string{"1"}, args[1:]...))
	ts.Check(unlock())
}

// copySample copies the sample project, which is the root of the repository.
func copySample(to string) error {
	root := filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "Pulumi*.yaml"))
	if err != nil {
		return err
	}
	files = slices.Concat(files, []string{
		filepath.Join(root, "secrets.yaml"), filepath.Join(root, "policies.yaml"), filepath.Join(root, "components", "secret", "schema.json"),
	})
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// exits is a script's command: exits CODE PROGRAM ARGS... is exec, of a program that ends with that code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}
