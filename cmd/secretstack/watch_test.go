package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
)

// Where so many secrets are rotated that their clocks go more slowly, silence takes longer: as components/gcpsecret has it.
func TestClock(t *testing.T) {
	for n, want := range map[int]string{1250: "after 3h of silence", 1251: "after 6h of silence"} {
		dir := t.TempDir()
		var declared strings.Builder
		declared.WriteString("secrets:\n")
		for i := range n {
			fmt.Fprintf(&declared, "  s%d: {readers: [checkout], rotation: {every: 30d, generated: {kind: base64}}}\n", i)
		}
		config := `config:
  gcp:project: shop-prod
  secretstack:cloud: gcp
  secretstack:identities: {checkout: "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com"}
  secretstack:alerts: {nobody: this is a test}
  secretstack:gcp:
    locations: [europe-west1]
    rotatorImage: europe-west1-docker.pkg.dev/shop-prod/secretstack/rotate-run@sha256:9f2b7c1d4e8a6053b1c9d7e2f4a8056c3d1e7f9b2a4c6d8e0f1a3b5c7d9e2f40
`
		if err := copySample(dir); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"secrets.yaml": declared.String(), "Pulumi.many.yaml": config} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		selected := &selection{dir: dir, stack: "many"}
		s, err := selected.open()
		if err != nil {
			t.Fatal(err)
		}
		for _, listed := range listAlerts(s).Alerts {
			if listed.Alert == alert.RotationOverdue && listed.Fires != want {
				t.Errorf("%d secrets: fires %s, want %s", n, listed.Fires, want)
			}
		}
		watched, err := selected.watchedBy(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if looks := watched.watch.Looks; len(looks) != n {
			t.Errorf("%d of %d secrets are to be looked at", len(looks), n)
		}
	}
}
