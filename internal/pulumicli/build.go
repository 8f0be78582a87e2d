package pulumicli

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const pinned = "v3.259.0" // as in pulumi.mod

// The module that pins the CLI and all that it is made of. Files named go.mod could not be embedded.
var (
	//go:embed pulumi.mod
	goMod []byte
	//go:embed pulumi.sum
	goSum []byte
)

// build puts the CLI into root/bin. One process builds at a time; the others wait for it. An interrupted
// build leaves nothing that could be taken for a finished one.
func build(ctx context.Context, root, why string, progress io.Writer) error {
	if err := os.MkdirAll(filepath.Dir(root), 0o700); err != nil {
		return fmt.Errorf("making a place to build the Pulumi CLI in: %w", err)
	}
	lock := flock.New(root + ".lock")
	locked, err := lock.TryLock()
	if err == nil && !locked {
		say(progress, "Waiting for another process that builds the Pulumi CLI.\n")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", lock.Path(), err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := cached(root); err == nil {
		return nil // by that process
	}

	compiler, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("the Pulumi CLI is needed, but %s, and there is no Go to build it with: "+
			"install the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go (https://go.dev/doc/install)", why)
	}
	dir := root + ".build"
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return fmt.Errorf("making a place to build the Pulumi CLI in: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left after a kill, the next build removes

	say(progress, "Building the Pulumi CLI %s with Go, since %s.\n"+
		"This happens once, and takes about 4 minutes where Go has not built its parts before.\n", pinned, why)
	done := tick(progress)
	output, err := compile(ctx, compiler, dir)
	took := done()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("building the Pulumi CLI was stopped: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("building the Pulumi CLI %s failed (%w): install it yourself (https://www.pulumi.com/docs/install/), "+
			"or see to what Go says:\n%s", pinned, err, lastLines(output, 20))
	}

	bin := filepath.Join(root, "bin")
	if err := errors.Join(os.RemoveAll(bin), os.MkdirAll(root, 0o700), os.Rename(filepath.Join(dir, "bin"), bin)); err != nil {
		return fmt.Errorf("putting the Pulumi CLI into place: %w", err)
	}
	say(progress, "Built the Pulumi CLI in %s: %s\n", took, bin)
	return nil
}

// compile builds dir/bin/pulumi. What users set for builds of their own, such as GOFLAGS, must not reach this one.
func compile(ctx context.Context, compiler, dir string) (output string, err error) {
	for name, content := range map[string][]byte{"go.mod": goMod, "go.sum": goSum} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	name := "pulumi"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	cmd := exec.CommandContext(ctx, compiler, "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version="+pinned+" -s -w",
		"-o", filepath.Join(dir, "bin", name), "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GO111MODULE=on", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that Go stops its compilers
	cmd.WaitDelay = 10 * time.Second
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err = cmd.Run()
	return both.String(), err
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}
