package access

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/policies/policy"
)

// accessCase is resources, and all that is to be found in them. Inputs and outputs are YAML with the tags of the rules'
// cases: !unknown, !ref NAME.OUTPUT and !json.
type accessCase struct {
	Case      string              `yaml:"case"`
	Options   Options             `yaml:"options"`
	Resources map[string]*written `yaml:"resources"`
	Want      []string            `yaml:"want"`  // "SECRET READER LEVEL: HOW", as the table has it
	Notes     []string            `yaml:"notes"` // parts of them
}

type written struct {
	Type    string    `yaml:"type"`
	ID      string    `yaml:"id"`
	Parent  string    `yaml:"parent"` // the type of the component that it is in
	Inputs  yaml.Node `yaml:"inputs"`
	Outputs yaml.Node `yaml:"outputs"`
}

func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal("no cases: ", files, err)
	}
	for _, file := range files {
		for _, c := range readCases(t, file) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml")+"/"+c.Case, func(t *testing.T) {
				a := Of(c.resources(t), c.Options)
				var got []string
				for s, readers := range a.Each() {
					for _, r := range readers {
						got = append(got, fmt.Sprintf("%s %s %s: %s", s.Name, r.Identity, r.Label(), r.How()))
					}
				}
				slices.Sort(c.Want)
				slices.Sort(got)
				if !slices.Equal(got, c.Want) {
					t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.Want, "\n  "))
				}
				if len(a.Notes) != len(c.Notes) {
					t.Errorf("notes: %q", a.Notes)
				}
				for i, note := range c.Notes {
					if i < len(a.Notes) && !strings.Contains(a.Notes[i], note) {
						t.Errorf("note %q, want one with %q", a.Notes[i], note)
					}
				}
			})
		}
	}
}

func readCases(t *testing.T, file string) []accessCase {
	t.Helper()
	data, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = data.Close() }() // it was only read
	d := yaml.NewDecoder(data)
	d.KnownFields(true)
	var f struct {
		Cases []accessCase `yaml:"cases"`
	}
	if err := d.Decode(&f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f.Cases
}

func urnOf(name string, w *written) string {
	path := w.Type
	if w.Parent != "" {
		path = w.Parent + "$" + path
	}
	return "urn:pulumi:test::shop::" + path + "::" + name
}

func (c accessCase) resources(t *testing.T) []*policy.Resource {
	t.Helper()
	var all []*policy.Resource
	for _, name := range slices.Sorted(maps.Keys(c.Resources)) {
		w := c.Resources[name]
		r := &policy.Resource{
			URN: urnOf(name, w), Type: policy.Canonical(w.Type), Name: name, ID: w.ID, PropertyDependencies: map[string][]string{},
		}
		if w.Parent != "" {
			r.Parent = "urn:pulumi:test::shop::" + w.Parent + "::component"
		}
		r.Inputs = c.object(t, &w.Inputs, r.PropertyDependencies)
		r.Outputs = c.object(t, &w.Outputs, map[string][]string{})
		all = append(all, r)
	}
	return all
}

func (c accessCase) object(t *testing.T, node *yaml.Node, dependencies map[string][]string) property.Map {
	t.Helper()
	values := map[string]property.Value{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i].Value
		values[name] = c.value(t, node.Content[i+1], func(urn string) { dependencies[name] = append(dependencies[name], urn) })
	}
	return property.NewMap(values)
}

func (c accessCase) value(t *testing.T, node *yaml.Node, depends func(urn string)) property.Value {
	t.Helper()
	switch {
	case node.Tag == "!unknown":
		for name := range strings.FieldsSeq(node.Value) { // what it depends on
			depends(urnOf(name, c.Resources[name]))
		}
		return property.New(property.Computed)
	case node.Tag == "!ref":
		name, output, _ := strings.Cut(node.Value, ".")
		to := c.Resources[name]
		if to == nil {
			t.Fatalf("line %d: there is no resource %s", node.Line, name)
		}
		depends(urnOf(name, to))
		if output == "id" && to.ID != "" {
			return property.New(to.ID)
		}
		if v, known := c.object(t, &to.Outputs, map[string][]string{}).GetOk(output); known {
			return v
		}
		return property.New(property.Computed)
	case node.Tag == "!json":
		plain := *node
		plain.Tag = ""
		var value any
		if err := plain.Decode(&value); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return property.New(string(text))
	case node.Kind == yaml.MappingNode:
		fields := map[string]property.Value{}
		for i := 0; i < len(node.Content); i += 2 {
			fields[node.Content[i].Value] = c.value(t, node.Content[i+1], depends)
		}
		return property.New(fields)
	case node.Kind == yaml.SequenceNode:
		var items []property.Value
		for _, item := range node.Content {
			items = append(items, c.value(t, item, depends))
		}
		return property.New(items)
	}
	var b bool
	if node.Tag == "!!bool" && node.Decode(&b) == nil {
		return property.New(b)
	}
	return property.New(node.Value)
}
