// Package docs_test holds the documentation against the code.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/components/secret"
)

var (
	block = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	link  = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) < 5 {
		t.Fatal("no pages: ", files, err)
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

// TestGoSnippets demands that each Go snippet stands in an example, which the compiler has seen.
func TestGoSnippets(t *testing.T) {
	files, err := filepath.Glob("../components/*/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, file := range files {
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
