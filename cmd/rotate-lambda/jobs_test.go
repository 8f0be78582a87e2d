package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

func TestReadJobs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rotations.json")
	read := func(text string) (string, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		jobs, err := readJobs(path)
		return jobs["app/key"].Secret, err
	}
	name, err := read(`{"app/key": {"secret": "key", "id": "app/key", "rotation": {"every": "30d", "grace": "2h", "generated": {}}}}`)
	if err != nil || name != "key" {
		t.Errorf("the job is of %q, error %v", name, err)
	}
	if jobs, err := readJobs(path); err != nil || jobs["app/key"].Rotation.GraceOrDefault() != 2*time.Hour {
		t.Errorf("the jobs are %+v, error %v", jobs, err)
	}
	for text, want := range map[string]string{
		``:      "EOF",
		`{} {}`: "there is more after",
		`{"app/key": {"rotation": {"every": "soon"}}}`:              "whole number with a unit",
		`{"app/key": {"secret": "key", "invented-tomorrow": true}}`: `unknown field "invented-tomorrow"`,
	} {
		if _, err := read(text); err == nil || rotation.ClassOf(err) != rotation.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives the error %v, without %q", text, err, want)
		}
	}
	if _, err := readJobs(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "deploy the stack again") {
		t.Errorf("a missing file gives the error %v", err)
	}
}
