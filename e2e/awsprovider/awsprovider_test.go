package awsprovider

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestPlugin runs the plugin's own tests, which `go test ./...` leaves out because the
// plugin is a module of its own.
func TestPlugin(t *testing.T) {
	test := exec.CommandContext(t.Context(), "go", "test", "-C", pluginSource(t), "-count=1", "./...")
	test.Env = append(os.Environ(), EnvVar+"="+TerraformProvider(t))
	if out, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTerraformProvider checks that the right platform's binary is found, and that the
// variable wins.
func TestTerraformProvider(t *testing.T) {
	cache := t.TempDir()
	provider := func(version, platform string) string {
		t.Helper()
		file := filepath.Join(cache, "registry.terraform.io", "hashicorp", "aws", version, platform,
			"terraform-provider-aws_v"+version+"_x5")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		return file
	}
	t.Setenv("TF_PLUGIN_CACHE_DIR", cache)
	t.Setenv(EnvVar, "")
	here := runtime.GOOS + "_" + runtime.GOARCH
	provider("5.99.0", here)
	other := provider(terraformVersion, "plan9_arm")
	want := provider(terraformVersion, here)
	if got := TerraformProvider(t); got != want {
		t.Errorf("found %s, want %s", got, want)
	}
	t.Setenv(EnvVar, other)
	if got := TerraformProvider(t); got != other {
		t.Errorf("found %s, want %s", got, other)
	}
}
