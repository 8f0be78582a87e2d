package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere are the programs in shell snippets that work on a cloud, or that other tests run.
var elsewhere = map[string]bool{"aws": true, "az": true, "gcloud": true, "age": true, "make": true}

// TestShellSnippets runs each line of the documentation that calls secretstack, in a copy of the project
// in which each secret has a value.
func TestShellSnippets(t *testing.T) {
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin")+"/", "../cmd/secretstack")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{"Pulumi.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml", "secrets.yaml", "policies.yaml"} {
		data, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "checkout"), []byte("#!/bin/sh\ntest -n \"$ORDERS_DB_PASSWORD\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	shell := func(line string) {
		t.Helper()
		sh := exec.CommandContext(t.Context(), "sh", "-c", line)
		sh.Dir, sh.Stdin = dir, strings.NewReader("a value of the test\n")
		sh.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
		if out, err := sh.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
	for _, name := range []string{"stripe-api-key", "stripe-webhook-key", "session-signing-key", "orders-db", "warehouse/api-token"} {
		shell("secretstack put " + name + " -s local")
	}
	ran := 0
	for file, text := range pages(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			if m[1] != "sh" {
				continue
			}
			for line := range strings.Lines(m[2]) {
				switch program := filepath.Base(strings.Fields(line)[0]); {
				case program == "secretstack":
					shell(line)
					ran++
				case !elsewhere[program]:
					t.Errorf("%s: nothing runs %s", file, line)
				}
			}
		}
	}
	if ran < 3 {
		t.Errorf("found only %d lines to run", ran)
	}
}
