package secret_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoPulumi keeps usable without Pulumi: the declaration, the encrypted file, what runs inside a rotator, which is to be
// small too, and the catalogue of alerts with its evaluation.
func TestNoPulumi(t *testing.T) {
	for _, packages := range []string{".", "../../internal/agefile", "../../rotation/...", "../../alert/..."} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", packages).Output()
		if err != nil {
			t.Fatal(packages, ": ", err)
		}
		all := strings.Fields(string(out))
		for _, pkg := range all {
			if strings.Contains(pkg, "pulumi") {
				t.Errorf("%s depends on %s", packages, pkg)
			}
		}
		if len(all) < 50 {
			t.Errorf("%s: go list gave %d packages only", packages, len(all))
		}
	}
}
