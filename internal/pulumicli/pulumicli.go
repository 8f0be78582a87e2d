// Package pulumicli finds the Pulumi CLI that the Automation API drives, and builds it where there is none.
package pulumicli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
)

// minimum is the version of our SDK: with an older CLI, the engine may lack what the SDK asks of it.
var minimum = semver.MustParse("3.232.0")

// Find gives the pulumi on PATH where it answers `pulumi version` with 3.232.0 or a later 3.x. Otherwise it gives
// v3.259.0 from secretstack/pulumi in the user's cache directory (see [os.UserCacheDir]), and first builds it there
// with Go if need be: some minutes, once. Progress gets what a user should know meanwhile; on a terminal it is live.
func Find(ctx context.Context, progress io.Writer) (auto.PulumiCommand, error) {
	command, why := onPath()
	if command != nil {
		return command, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("no place to build the Pulumi CLI in (%s): %w", why, err)
	}
	root := filepath.Join(cache, "secretstack", "pulumi", pinned)
	if command, err := cached(root); err == nil {
		return command, nil
	}
	if err := build(ctx, root, why, progress); err != nil {
		return nil, err
	}
	command, err = cached(root)
	if err != nil {
		return nil, fmt.Errorf("the Pulumi CLI that was built in %s does not work: %w", root, err)
	}
	return command, nil
}

// onPath gives the pulumi on PATH, or else why it cannot be used.
func onPath() (command auto.PulumiCommand, why string) {
	path, err := exec.LookPath("pulumi")
	if err != nil {
		return nil, "there is no pulumi on PATH"
	}
	// The Automation API's own check names another minimum in its error.
	command, err = auto.NewPulumiCommand(&auto.PulumiCommandOptions{SkipVersionCheck: true})
	if err != nil {
		return nil, fmt.Sprintf("%s does not work (%v)", path, err)
	}
	switch v := command.Version(); {
	case v.Equals(semver.Version{}):
		return nil, path + " does not tell its version"
	case v.LT(minimum) || v.Major > minimum.Major:
		return nil, fmt.Sprintf("%s has the version %s, and %s or a later %d.x is needed", path, v, minimum, minimum.Major)
	}
	return command, ""
}

func cached(root string) (auto.PulumiCommand, error) {
	return auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: root, SkipVersionCheck: true})
}
