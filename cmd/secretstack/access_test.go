package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/secretstack/secretstack/internal/golden"
)

// TestAccessPage holds the examples of the documentation against the sample stacks.
func TestAccessPage(t *testing.T) {
	page, err := filepath.Abs("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	drawing := filepath.Join(filepath.Dir(page), "access.svg")
	dir := t.TempDir()
	if err := copySample(dir); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, example := range []struct {
		section string
		args    []string
	}{
		{"prod", []string{"access", "-s", "prod"}},
		{"diff", []string{"access", "--diff", "dev", "prod"}},
	} {
		golden.Section(t, page, example.section, "```\n"+run(t, example.args...)+"```\n")
	}
	golden.Compare(t, drawing, []byte(run(t, "access", "-s", "prod", "--format", "svg")))
}

func run(t *testing.T, args ...string) string {
	t.Helper()
	root, out := newRoot(), &bytes.Buffer{}
	root.SetArgs(args)
	root.SetOut(out)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
