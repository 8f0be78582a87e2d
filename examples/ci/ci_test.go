// Package ci_test checks the examples for CI servers: by their schemas, and by running the steps that are ours.
package ci_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/e2e/needs"
)

func TestSchemas(t *testing.T) {
	program := needs.Program(t, "check-jsonschema", "Install it with: make .venv/installed")
	for _, args := range [][]string{
		{"--builtin-schema", "vendor.github-workflows", "github.yaml"},
		{"--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", "gitlab.yaml"},
	} {
		if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
			t.Errorf("%s\n%s", args[len(args)-1], out)
		}
	}
}

// TestGitHub runs the workflow's own steps on a change that lets a second reader in.
func TestGitHub(t *testing.T) {
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Run string }
		}
	}
	parse(t, "github.yaml", &workflow)
	dir, summary := project(t), filepath.Join(t.TempDir(), "summary.md")
	for _, step := range workflow.Jobs["check"].Steps {
		run(t, dir, strings.ReplaceAll(step.Run, "${{ matrix.stack }}", "prod"),
			"GITHUB_BASE_REF=main", "GITHUB_STEP_SUMMARY="+summary)
	}
	has(t, filepath.Join(dir, "secretstack.sarif"), `"version": "2.1.0"`)
	has(t, summary, "stripe-api-key", "reports")
}

func TestGitLab(t *testing.T) {
	var file map[string]struct{ Script []string }
	parse(t, "gitlab.yaml", &file)
	dir := project(t)
	for _, line := range file["secretstack"].Script {
		run(t, dir, line, "STACK=prod")
	}
	has(t, filepath.Join(dir, "secretstack.xml"), "<testsuites")
}

func parse(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// project is a clone of a repository with the sample project, in which a branch lets reports read one secret more.
func project(t *testing.T) string {
	t.Helper()
	origin, clone := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	for _, name := range []string{"Pulumi.yaml", "Pulumi.prod.yaml", "secrets.yaml", "policies.yaml"} {
		data, err := os.ReadFile(filepath.Join(needs.Root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(origin, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, origin, "git init --quiet --initial-branch main && git add . && git commit --quiet -m sample")
	run(t, origin, "git clone --quiet . "+clone)
	path := filepath.Join(clone, "secrets.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.Replace(data, []byte("env: STRIPE_API_KEY\n    readers: [checkout]"), []byte("env: STRIPE_API_KEY\n    readers: [checkout, reports]"), 1)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, clone, "git commit --quiet -am change")
	return clone
}

// run runs a step as a CI server does. What installs secretstack builds it from this repository instead.
func run(t *testing.T, dir, script string, env ...string) {
	t.Helper()
	if strings.HasPrefix(script, "go install") {
		return
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.com")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
}

func has(t *testing.T, path string, texts ...string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if !bytes.Contains(data, []byte(text)) {
			t.Errorf("%s does not have %q:\n%s", path, text, data)
		}
	}
}

// bin is the folder of the built secretstack.
var bin string

func TestMain(m *testing.M) {
	var err error
	if bin, err = os.MkdirTemp("", "ci-"); err != nil {
		panic(err)
	}
	build := exec.Command("go", "build", "-o", bin, "github.com/secretstack/secretstack/cmd/secretstack")
	build.Stderr = os.Stderr
	code := 1
	if err = build.Run(); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(bin)
	os.Exit(code)
}
