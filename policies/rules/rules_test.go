package rules_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
	"github.com/secretstack/secretstack/policies/rules"
	"github.com/secretstack/secretstack/policies/ruleset"
	"github.com/secretstack/secretstack/policies/source"
)

var kebab = regexp.MustCompile(`^(aws|gcp|azure|secret|no|stack|exemptions)(-[a-z0-9]+)+$`)

// TestComplete: each rule says all that its readers need.
func TestComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules.All() {
		for what, missing := range map[string]bool{
			"a name in kebab-case, used once": !kebab.MatchString(r.Name) || seen[r.Name],
			"a severity":                      r.Severity < policy.Low || r.Severity > policy.Critical,
			"a profile":                       !slices.Contains(policy.Profiles, r.Profile),
			"a summary of one line without a full stop": r.Summary == "" || strings.HasSuffix(r.Summary, ".") ||
				strings.Contains(r.Summary, "\n") || len(r.Summary) > 110,
			"why":                         !strings.HasSuffix(r.Why, "."),
			"how to fix it":               !strings.HasSuffix(r.Fix, "."),
			"a source":                    len(r.Sources) == 0,
			"a check":                     r.Check == nil,
			"types, or none and no joins": len(r.Types) == 0 && len(r.Joins) > 0,
		} {
			if missing {
				t.Errorf("%s does not have %s", r.Name, what)
			}
		}
		for _, token := range slices.Concat(r.Types, r.Joins) {
			if policy.Canonical(token) != token {
				t.Errorf("%s names %s, with a version: nothing is ever of that type", r.Name, token)
			}
		}
		for _, s := range r.Settings {
			s.Schema() // panics on a type that no setting has
			if s.Name == "level" || s.Description == "" {
				t.Errorf("%s: setting %s", r.Name, s.Name)
			}
		}
		seen[r.Name] = true
	}
}

// TestPages compares the documentation with the rules.
func TestPages(t *testing.T) {
	folder := filepath.Join(needs.Root(t), "docs", "rules")
	all := append(rules.All(), ruleset.Exemptions)
	known := map[string]bool{"README.md": true}
	for _, r := range all {
		page, err := rules.Page(r)
		if err != nil {
			t.Error(err)
			continue
		}
		known[r.Name+".md"] = true
		golden.Compare(t, filepath.Join(folder, r.Name+".md"), []byte(page))
	}
	golden.Compare(t, filepath.Join(folder, "README.md"), []byte(rules.Index(all)))
	readme, err := os.ReadFile(filepath.Join(needs.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if count := fmt.Sprintf("[%d rules](docs/rules/README.md)", len(all)); !strings.Contains(string(readme), count) {
		t.Errorf("README.md does not say %s", count)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("docs/rules/%s is about no rule", e.Name())
		}
	}
}

// TestCanaries: no rule shows a secret, whatever it is asked of.
func TestCanaries(t *testing.T) {
	var folders []string
	for _, pattern := range []string{"../[ag]*rules/testdata", "../awsrules/*/testdata"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, found...)
	}
	policytest.Canaries(t, rules.All(), folders...)
}

// TestSchema: the schema is current, and takes the file of the sample project.
func TestSchema(t *testing.T) {
	golden.Compare(t, "../schema.json", ruleset.Schema(rules.All()))
	program := needs.Program(t, "check-jsonschema", "Install it with: make .venv/installed")
	check := exec.CommandContext(t.Context(), program, "--schemafile", "../schema.json", filepath.Join(needs.Root(t), ruleset.FileName))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMapped: what a rule looks at is found in Terraform's plans too, where Terraform has it.
func TestMapped(t *testing.T) {
	mapped := source.Mapped()
	for _, r := range rules.All() {
		for _, token := range slices.Concat(r.Types, r.Joins) {
			if !slices.Contains(mapped, token) && notTerraform[token] == "" {
				t.Errorf("%s: %s is mapped to no resource of Terraform's", r.Name, token)
			}
		}
	}
	for token := range notTerraform {
		if slices.Contains(mapped, token) {
			t.Errorf("%s is mapped after all", token)
		}
	}
}

// notTerraform are the types for which there is no resource of Terraform's, with the reason.
var notTerraform = map[string]string{
	"azure-native:monitor:DiagnosticSetting":              "a newer name of insights:DiagnosticSetting, to which it is mapped",
	"azure-native:web:WebAppApplicationSettings":          "settings are part of the app there",
	"azure-native:web:WebAppAuthSettingsV2WithoutSecrets": "the settings are part of the app there",
	"pulumi:pulumi:Stack":                                 "the reader gives a plan's outputs as the stack's",
}
