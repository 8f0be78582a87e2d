package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const module = "github.com/secretstack/secretstack"

// Compile builds the rotator's executable for Linux, as Build does, for an architecture of Go's (GOARCH).
func Compile(ctx context.Context, dir, goarch, path string) error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("the rotator is built with Go, and there is none on PATH: " +
			"install Go (https://go.dev/doc/install), or pass a prebuilt bundle")
	}
	source, err := output(ctx, dir, os.Environ(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return fmt.Errorf("the rotator is built from the module %s, and there is no program with it here: "+
			"run this in its folder, or pass a prebuilt bundle: %w", module, err)
	}
	if source == "" {
		return fmt.Errorf("the rotator is built from the module %s, which is not on this machine: "+
			"run `go mod download %[1]s`, or pass a prebuilt bundle", module)
	}
	env, err := environment(ctx, dir)
	if err != nil {
		return fmt.Errorf("asking Go for its settings: %w", err)
	}
	_, err = output(ctx, source, append(env, "GOARCH="+goarch), "build",
		"-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
		"-tags=lambda.norpc", // without what only the runtime go1.x needed
		"-o", path, "./cmd/rotate-lambda")
	if err != nil {
		return fmt.Errorf("building the rotator in %s: %w", source, err)
	}
	return nil
}

// Of the user's settings, from the environment or `go env -w`, only these reach the build: where modules and
// tools come from, and where they are kept. All others could change its bytes.
var kept = []string{
	"GOAUTH", "GOCACHE", "GOCACHEPROG", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH",
	"GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTMPDIR", "GOTOOLCHAIN", "GOVCS",
}

func environment(ctx context.Context, dir string) ([]string, error) {
	text, err := output(ctx, dir, os.Environ(), append([]string{"env", "-json"}, kept...)...)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "CGO_") || strings.HasPrefix(name, "GO") && !strings.Contains(name, "_")
	})
	for _, name := range kept {
		env = append(env, name+"="+settings[name])
	}
	return append(env, "GOENV=off", "GOWORK=off", "GOOS=linux", "CGO_ENABLED=0"), nil
}

// output runs Go. Its error holds the last lines that Go says.
func output(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that Go stops its compilers
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("it was stopped: %w", ctx.Err())
	case err != nil:
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("%w, and Go says:\n%s", err, strings.Join(lines[max(len(lines)-20, 0):], "\n"))
	}
	return strings.TrimSpace(stdout.String()), nil
}
