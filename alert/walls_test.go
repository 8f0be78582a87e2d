package alert_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoPulumi keeps the catalogue and its evaluation usable without Pulumi.
func TestNoPulumi(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, pkg := range packages {
		if strings.Contains(pkg, "pulumi") {
			t.Errorf("alert/... depends on %s", pkg)
		}
	}
	if len(packages) < 50 {
		t.Errorf("go list gave %d packages only", len(packages))
	}
}
