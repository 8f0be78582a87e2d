// Package docs_test holds the documentation against the code.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/internal/testcert"
)

var (
	block = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	link  = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

func pages(t *testing.T) map[string]string {
	t.Helper()
	files := glob(t, "*.md", "targets/*.md")
	if len(files) < 7 {
		t.Fatal("no pages: ", files)
	}
	texts := map[string]string{}
	for _, file := range append(files, "../README.md", "../CONTRIBUTING.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(data)
	}
	return texts
}

func glob(t *testing.T, patterns ...string) []string {
	t.Helper()
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

// TestGoSnippets demands that each Go snippet stands in an example, which the compiler has seen.
func TestGoSnippets(t *testing.T) {
	var examples strings.Builder
	for _, file := range glob(t, "../components/*/example_test.go", "../rotation/*/example_test.go", "../examples/*/*.go") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		examples.Write(data)
	}
	snippets := 0
	for file, text := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			if m[1] != "go" {
				continue
			}
			snippets++
			if !strings.Contains(examples.String(), m[2]) {
				t.Errorf("%s has Go code that is in no example:\n%s", file, m[2])
			}
		}
	}
	if snippets < 4 {
		t.Errorf("found only %d snippets", snippets)
	}
}

// TestLinks demands that what the pages point to in the repository exists.
func TestLinks(t *testing.T) {
	for file, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s points to %s, which is not there", file, m[1])
			}
		}
	}
}

// TestDeclarations checks the snippets of secrets.yaml.
func TestDeclarations(t *testing.T) {
	snippets := 0
	for file, text := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			if m[1] != "yaml" || !strings.HasPrefix(m[2], "secrets:") {
				continue
			}
			snippets++
			if _, err := secret.Parse(file, []byte(m[2]), nil); err != nil {
				t.Error(err)
			}
		}
	}
	if snippets == 0 {
		t.Error("found none")
	}
}

// TestStacks opens each stack's file that stands on a page beside a secrets.yaml, together with it.
func TestStacks(t *testing.T) {
	stacks := 0
	for file, text := range pages(t) {
		parts := map[string]string{}
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			if kind, _, _ := strings.Cut(m[2], "\n"); m[1] == "yaml" {
				parts[kind] = m[2]
			}
		}
		if parts["secrets:"] == "" || parts["config:"] == "" {
			continue
		}
		stacks++
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "certs"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string]string{
			"Pulumi.yaml": "name: shop\nruntime: go\n", "Pulumi.docs.yaml": parts["config:"], "secrets.yaml": parts["secrets:"],
			"certs/db.pem": testcert.PEM(t),
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := stack.Open(dir, "docs"); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if stacks == 0 {
		t.Error("found none")
	}
}
