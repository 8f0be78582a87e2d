// Package awsprovider lets a test deploy Pulumi AWS programs with the provider plugin of
// e2e/awsplugin: Build makes the plugin, TerraformProvider finds what it drives.
package awsprovider

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gofrs/flock"

	"github.com/secretstack/secretstack/e2e/needs"
)

// EnvVar names the environment variable with the path of the Terraform AWS provider
// binary. The plugin reads it.
const EnvVar = "SECRETSTACK_TF_AWS_PROVIDER"

// terraformVersion is the release that the Pulumi AWS SDK in go.mod was made from.
const terraformVersion = "5.100.0"

// Build builds the plugin, unless it is up to date, and returns the directory to put on
// PATH for the Pulumi engine to find it.
func Build(t testing.TB) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		needs.Missing(t, "Linux", "The AWS provider plugin runs on no other system.")
	}
	source := pluginSource(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "secretstack", "e2e", "awsplugin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	// Tests of other packages may be building the same file.
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }() // the lock ends with the process at the latest
	build := exec.CommandContext(t.Context(), "go", "build", "-C", source,
		"-o", filepath.Join(dir, "pulumi-resource-aws"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the AWS provider plugin in %s: %v\n%s", source, err, out)
	}
	return dir
}

// pluginSource gives the directory of the plugin's module.
func pluginSource(t testing.TB) string {
	t.Helper()
	source := filepath.Join(needs.Root(t), "e2e", "awsplugin")
	// Opening the directories tells go test that cached results depend on their files.
	err := filepath.WalkDir(source, func(_ string, _ fs.DirEntry, err error) error { return err })
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// TerraformProvider gives the path of the Terraform AWS provider binary: what EnvVar
// says, else the pinned version from Terraform's plugin cache or a local mirror. A test
// that gets none ends as in needs.Missing.
func TerraformProvider(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(EnvVar); path != "" {
		if _, err := exec.LookPath(path); err != nil {
			t.Fatalf("%s must name the Terraform AWS provider binary: %v", EnvVar, err)
		}
		return path
	}
	platform := runtime.GOOS + "_" + runtime.GOARCH
	for _, root := range mirrors(t) {
		found, err := filepath.Glob(filepath.Join(root, "registry.terraform.io", "hashicorp", "aws",
			terraformVersion, platform, "terraform-provider-aws_v*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	needs.Missing(t, "the Terraform AWS provider "+terraformVersion,
		"Run `terraform -chdir=e2e/awsplugin/terraform init`, or set "+EnvVar+" to the provider's binary.")
	return ""
}

// mirrors lists the directories that may hold the provider: Terraform's plugin cache,
// where the init above puts it, Terraform's local mirrors on Unix, and those in /opt,
// where machine images like to put them.
// https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
func mirrors(t testing.TB) []string {
	t.Helper()
	var roots []string
	if cache := os.Getenv("TF_PLUGIN_CACHE_DIR"); cache != "" {
		roots = append(roots, cache)
	}
	roots = append(roots, filepath.Join(pluginSource(t), "terraform", ".terraform", "providers"))
	if home, err := os.UserHomeDir(); err == nil {
		roots = append(roots,
			filepath.Join(home, ".terraform.d", "plugins"),
			filepath.Join(home, ".local", "share", "terraform", "plugins"))
	}
	return append(roots,
		"/usr/local/share/terraform/plugins",
		"/usr/share/terraform/plugins",
		"/opt/*")
}
