// Package policytest tests rules: by cases that are written down as data, by the examples of how to pass, and against
// the types of the Pulumi SDKs. Use it for the rules of your own pack as well.
package policytest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// file is one rule's cases.
type file struct {
	NeverUnknown string  `yaml:"neverUnknown"` // why nothing that decides can be unknown
	Cases        []*Case `yaml:"cases"`
}

// Case is a graph and all that a rule finds in it.
type Case struct {
	Says      string              `yaml:"case"`
	Now       time.Time           `yaml:"now"` // zero: 2026-11-23
	Settings  map[string]any      `yaml:"settings"`
	Resources map[string]*given   `yaml:"resources"`
	Want      []map[string]string `yaml:"want"` // "fail db kmsKeyId" to a part of the message
}

// given is a resource of a case, with the values still as YAML.
type given struct {
	Type      string    `yaml:"type"`
	ID        string    `yaml:"id"`
	Parent    string    `yaml:"parent"`
	DependsOn []string  `yaml:"dependsOn"`
	Protect   bool      `yaml:"protect"`
	Inputs    yaml.Node `yaml:"inputs"`
	Outputs   yaml.Node `yaml:"outputs"`
}

// read reads the cases of one rule.
func read(path string) (file, error) {
	var f file
	data, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range f.Cases {
		if c.Now.IsZero() {
			c.Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		}
	}
	return f, nil
}

// files are the cases in a folder, by rule.
func files(t *testing.T, folder string) map[string]file {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s", folder)
	}
	all := map[string]file{}
	for _, path := range paths {
		f, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".yaml")] = f
	}
	return all
}

// names are the case's resources, those first that others refer to only by name.
func (c *Case) names() []string { return slices.Sorted(maps.Keys(c.Resources)) }
