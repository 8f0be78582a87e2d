// Package engine takes the sample project's stacks through the real Pulumi engine, against whatever
// stands in for their cloud, and keeps all that the engine says and stores.
package engine

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/pulumicli"
	"github.com/secretstack/secretstack/internal/stack"
)

// Stack is one stack of a copy of the project, with its state in a folder of its own.
type Stack struct {
	t          *testing.T
	stack      auto.Stack
	dir, state string // of the project, of the backend

	// What the engine printed, logged and sent since the beginning.
	output, logs, events bytes.Buffer
}

// New makes the stack of this name. The environment is for the engine and its plugins, beyond that of the process.
func New(t *testing.T, name string, env map[string]string) *Stack {
	t.Helper()
	cli, err := pulumicli.Find(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{t: t, dir: t.TempDir(), state: t.TempDir()}
	root := needs.Root(t)
	for _, file := range []string{"secrets.yaml", "Pulumi." + name + ".yaml"} {
		data, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		s.Write(file, data)
	}
	project, err := workspace.LoadProject(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	project.Plugins = nil // in a folder that is not copied
	if err := project.Save(filepath.Join(s.dir, "Pulumi.yaml")); err != nil {
		t.Fatal(err)
	}

	all := map[string]string{
		"PULUMI_BACKEND_URL":                          "file://" + s.state,
		"PULUMI_CONFIG_PASSPHRASE":                    "test",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
		"PULUMI_SKIP_UPDATE_CHECK":                    "true",
	}
	maps.Copy(all, env)
	s.stack, err = auto.NewStackInlineSource(t.Context(), name, project.Name.String(), stack.In(s.dir),
		auto.WorkDir(s.dir), auto.Pulumi(cli), auto.PulumiHome(t.TempDir()), auto.EnvVars(all))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Configure changes the configuration in the stack's file.
func (s *Stack) Configure(change func(config map[string]any)) {
	s.t.Helper()
	s.edit("Pulumi."+s.stack.Name()+".yaml", func(file map[string]any) { change(file["config"].(map[string]any)) })
}

// Encrypt sets a configuration value that the stack's file has encrypted, at a path such as secretstack:alertURLs.slack[0].
func (s *Stack) Encrypt(path, value string) {
	s.t.Helper()
	err := s.stack.SetConfigWithOptions(s.t.Context(), path, auto.ConfigValue{Value: value, Secret: true}, &auto.ConfigOptions{Path: true})
	if err != nil {
		s.t.Fatal(err)
	}
}

// Declare changes or adds a secret in secrets.yaml; nil fields remove it.
func (s *Stack) Declare(name string, fields map[string]any) {
	s.t.Helper()
	s.edit("secrets.yaml", func(file map[string]any) {
		secrets := file["secrets"].(map[string]any)
		if fields == nil {
			delete(secrets, name)
			return
		}
		if secrets[name] == nil {
			secrets[name] = map[string]any{}
		}
		maps.Copy(secrets[name].(map[string]any), fields)
	})
}

func (s *Stack) edit(name string, change func(file map[string]any)) {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		s.t.Fatal(err)
	}
	change(file)
	if data, err = yaml.Marshal(file); err != nil {
		s.t.Fatal(err)
	}
	s.Write(name, data)
}

// Write makes or replaces a file of the project.
func (s *Stack) Write(name string, data []byte) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Want runs a step, such as s.Up, that must succeed with exactly these changes.
func (s *Stack) Want(step Step, want ...string) {
	s.t.Helper()
	got := s.run(step)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Fatalf("changes (-want +got):\n%s", diff)
	}
}

// WantEach runs a step that must succeed with this one operation on each of n resources.
func (s *Stack) WantEach(step Step, operation string, n int) {
	s.t.Helper()
	got := s.run(step)
	for _, change := range got {
		if !strings.HasPrefix(change, operation+" ") {
			s.t.Fatalf("only %s is expected, not: %s", operation, change)
		}
	}
	if len(got) != n {
		s.t.Fatalf("%s: %d resources, want %d:\n%s", operation, len(got), n, strings.Join(got, "\n"))
	}
}

func (s *Stack) run(step Step) []string {
	s.t.Helper()
	changes, err := step()
	if err != nil {
		s.t.Fatal(err)
	}
	return changes
}

// WantRefusal runs a step that the engine must refuse with an error that has this text.
func (s *Stack) WantRefusal(step Step, text string) {
	s.t.Helper()
	if changes, err := step(); err == nil || !strings.Contains(err.Error(), text) {
		s.t.Fatalf("want an error with %q, got %v and the changes:\n%s", text, err, strings.Join(changes, "\n"))
	}
}
