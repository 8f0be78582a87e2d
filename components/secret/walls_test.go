package secret_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoPulumi keeps the declaration and the encrypted file usable without Pulumi.
func TestNoPulumi(t *testing.T) {
	packages := []string{".", "../../internal/agefile"}
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps"}, packages...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if strings.Contains(pkg, "pulumi") {
			t.Errorf("%v depend on %s", packages, pkg)
		}
	}
}
