package stack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
)

// TestBadInputs opens a project for each file in testdata/bad. Its last part, errors, is what the user
// then reads. Values that look like a credential must not be among it.
func TestBadInputs(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no inputs: ", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir, input := t.TempDir(), &txtar.Archive{}
			write(t, dir, "Pulumi.yaml", "name: shop\nruntime: go\n")
			for _, f := range archive.Files {
				if f.Name != "errors" {
					write(t, dir, f.Name, string(f.Data))
					input.Files = append(input.Files, f)
				}
			}
			_, err = Open(dir, "test")
			if err == nil {
				t.Fatal("no error")
			}
			for _, canary := range []string{"sk_live", "4eC39HqLyjWDarjtT1zdp7dc", "hunter2", "battery"} {
				if strings.Contains(err.Error(), canary) {
					t.Errorf("the error repeats a value, %q", canary)
				}
			}
			message := strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
			input.Files = append(input.Files, txtar.File{Name: "errors", Data: []byte(message)})
			golden.Compare(t, file, txtar.Format(input))
		})
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEngineConfigWins: what the engine does not have, such as with another configuration file, does not count.
func TestEngineConfigWins(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "secrets.yaml", "secrets:\n  orders-db: {readers: [checkout]}\n")
	write(t, dir, "Pulumi.local.yaml", "config:\n  secretstack:cloud: local\n  secretstack:allowDestroy: true\n")
	g, err := plan.Run(t.Context(), In(dir), plan.Options{
		Project: "shop", Stack: "local", Config: map[string]string{"secretstack:cloud": "local"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range g.Of("secretstack:local:Entry") {
		if !r.Protect {
			t.Errorf("%s is not protected", r)
		}
	}
}
