// Package policy_test runs the policy pack under the real Pulumi engine, beside `secretstack check`.
package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/secretstack/secretstack/e2e/awsprovider"
	"github.com/secretstack/secretstack/e2e/echo"
	"github.com/secretstack/secretstack/e2e/engine"
	"github.com/secretstack/secretstack/e2e/motoserver"
	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/bundle"
	"github.com/secretstack/secretstack/internal/pulumicli"
	"github.com/secretstack/secretstack/policies/analyzer"
	"github.com/secretstack/secretstack/policies/policy"
)

// TestSameFindings previews each sample stack with the pack, and checks it without an engine: both say the same.
func TestSameFindings(t *testing.T) {
	bin := build(t)
	for name, start := range map[string]func(*testing.T) map[string]string{
		"local": func(*testing.T) map[string]string { return map[string]string{"PULUMI_CONFIG_PASSPHRASE": ""} },
		"gcp":   func(t *testing.T) map[string]string { return echo.Google(t).Env() },
		"azure": func(t *testing.T) map[string]string { return echo.Azure(t).Env() },
		"dev":   amazon,
		"prod":  amazon,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := start(t)
			path := env["PATH"]
			if path == "" {
				path = os.Getenv("PATH")
			}
			env["PATH"] = bin + string(filepath.ListSeparator) + path
			s := engine.New(t, name, env)
			if name == "dev" || name == "prod" {
				s.Write("rotate-lambda.zip", rotator(t))
				s.Configure(func(config map[string]any) {
					config["aws:allowedAccountIds"] = []string{motoAccount}
					settings, _ := config["secretstack:aws"].(map[string]any)
					if settings == nil {
						settings = map[string]any{}
						config["secretstack:aws"] = settings
					}
					settings["rotatorBundle"] = "rotate-lambda.zip"
				})
			}
			pack := filepath.Join(s.Dir(), "policies", "PulumiPolicy.yaml")
			s.Write("policies/PulumiPolicy.yaml", read(t, "policies/PulumiPolicy.yaml"))
			s.Write("policies.yaml", read(t, "policies.yaml"))
			if got := same(t, s, bin, pack, name); slices.ContainsFunc(got, func(v engine.Violation) bool { return v.Level == string(policy.Mandatory) }) {
				t.Errorf("the sample stack fails: %v", got)
			}
			s.Write("policies.yaml", []byte("profile: hygiene\n"))
			if got := same(t, s, bin, pack, name); len(got) == 0 && name != "local" {
				t.Error("no finding: nothing was compared")
			}
		})
	}
}

// TestState analyzes the state of a stack with the pack, and checks it: both say the same.
func TestState(t *testing.T) {
	bin := build(t)
	for name, cloud := range map[string]*echo.Cloud{"gcp": echo.Google(t), "azure": echo.Azure(t)} {
		t.Run(name, func(t *testing.T) {
			s := engine.New(t, name, cloud.Env())
			if _, err := s.Up(); err != nil {
				t.Fatal(err)
			}
			s.Write("state.json", s.Export())
			s.Write("policies/PulumiPolicy.yaml", read(t, "policies/PulumiPolicy.yaml"))
			s.Write("policies.yaml", []byte("profile: hygiene\n"))
			state := filepath.Join(s.Dir(), "state.json")
			got := analyze(t, bin, state, filepath.Join(s.Dir(), "policies"))
			want, _ := check(t, bin, "--state", state, "--dir", s.Dir())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("check (-) and pulumi policy analyze (+):\n%s", diff)
			}
			if len(got) == 0 {
				t.Error("no finding: nothing was compared")
			}
		})
	}
}

// analyze is pulumi policy analyze.
func analyze(t *testing.T, bin, state, pack string) []engine.Violation {
	t.Helper()
	cli, err := pulumicli.Find(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	out, stderr, _, err := cli.Run(t.Context(), filepath.Dir(state), nil, nil, nil, []string{
		"PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH"), "PULUMI_HOME=" + t.TempDir(),
		"PULUMI_CONFIG_PASSPHRASE=test", "PULUMI_SKIP_UPDATE_CHECK=true", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
	}, "policy", "analyze", "--file", state, "--policy-pack", pack, "--json")
	var all []engine.Violation
	for line := range strings.Lines(out) {
		var event apitype.EngineEvent
		if json.Unmarshal([]byte(line), &event) != nil || event.PolicyEvent == nil {
			continue
		}
		p := event.PolicyEvent
		all = append(all, engine.Violation{
			Policy: p.PolicyName, Level: p.EnforcementLevel, URN: p.ResourceURN, Message: strings.TrimSpace(p.Message),
		})
	}
	if all == nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr)
	}
	slices.SortFunc(all, order)
	return all
}

// same demands that the engine and the command say the same of the stack as it is now, and gives what.
func same(t *testing.T, s *engine.Stack, bin, pack, name string) []engine.Violation {
	t.Helper()
	got, refused := s.PreviewWith(filepath.Dir(pack))
	got = slices.DeleteFunc(got, func(v engine.Violation) bool { return strings.HasPrefix(v.Message, "Exempt by ") }) // the count
	want, failed := check(t, bin, "-s", name, "--dir", s.Dir())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("check (-) and the engine (+):\n%s", diff)
	}
	if (refused != nil) != failed {
		t.Errorf("the engine: %v; check failed: %t", refused, failed)
	}
	return got
}

const motoAccount = "123456789012"

func amazon(t *testing.T) map[string]string {
	env := motoserver.Start(t).Env()
	maps.Copy(env, map[string]string{
		"PATH":             awsprovider.Build(t) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		awsprovider.EnvVar: awsprovider.TerraformProvider(t),
	})
	return env
}

// build builds the pack, under the name by which an engine without the language host of Go finds it, the command
// line, and the plugin of the local cloud.
func build(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	for name, source := range map[string]string{
		"pulumi-analyzer-policy-go":   "./policies",
		"secretstack":                 "./cmd/secretstack",
		"pulumi-resource-secretstack": "./cmd/pulumi-resource-secretstack",
	} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, name), source)
		cmd.Dir = needs.Root(t)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return bin
}

// rotator is the rotator's bundle.
func rotator(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rotate-lambda.zip")
	if err := bundle.Build(t.Context(), "", path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(needs.Root(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// check gives what secretstack check says, as the engine would say it.
func check(t *testing.T, bin string, args ...string) (all []engine.Violation, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "secretstack"), append([]string{"check", "--format", "json"}, args...)...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if failed = errors.As(err, &exit) && exit.ExitCode() == 1; err != nil && !failed {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var report struct {
		Findings []struct{ Rule, Level, Verdict, URN, Property, Message string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		level := f.Level
		if f.Verdict == string(policy.Unknown) {
			level = string(policy.Advisory)
		}
		all = append(all, engine.Violation{Policy: f.Rule, Level: level, URN: f.URN, Message: analyzer.Text(policy.Finding{
			Property: f.Property, Verdict: policy.Verdict(f.Verdict), Message: f.Message,
		})})
	}
	slices.SortFunc(all, order)
	return all, failed
}

func order(a, b engine.Violation) int {
	return strings.Compare(a.URN+" "+a.Policy+" "+a.Message, b.URN+" "+b.Policy+" "+b.Message)
}
