package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"go.yaml.in/yaml/v3"
)

// Text writes the graph for people and golden files: a tree of resources, each with its inputs as YAML, its options and
// its dependencies, and then the stack's outputs. It shows JSON documents in strings as what they hold, and no secrets.
func (g *Graph) Text(w io.Writer) error {
	t := &printer{depth: map[string]int{"": -1}}
	for _, r := range g.Resources {
		t.resource(r)
	}
	if g.Outputs.Len() > 0 {
		t.line(0, "outputs:")
		t.properties(1, g.Outputs)
	}
	if t.err != nil {
		return t.err
	}
	_, err := w.Write(t.buf.Bytes())
	return err
}

type printer struct {
	buf   bytes.Buffer
	depth map[string]int // of each resource, by URN
	err   error
}

func (t *printer) resource(r Resource) {
	depth := t.depth[r.Parent] + 1
	t.depth[r.URN] = depth

	t.line(depth, r.Type+"  "+r.Name)
	t.properties(depth+1, r.Inputs)
	if r.Provider != "" {
		t.line(depth+1, "(provider "+short(r.Provider)+")")
	}
	if r.Protect {
		t.line(depth+1, "(protected)")
	}
	if r.RetainOnDelete {
		t.line(depth+1, "(retained on delete)")
	}
	for _, name := range r.IgnoreChanges {
		t.line(depth+1, "(ignores changes to "+name+")")
	}
	for _, name := range r.AdditionalSecretOutputs {
		t.line(depth+1, "(secret output "+name+")")
	}
	for _, urn := range r.Dependencies {
		t.line(depth+1, "(after "+short(urn)+")")
	}
}

func (t *printer) line(depth int, text string) {
	fmt.Fprintf(&t.buf, "%*s%s\n", 2*depth, "", text)
}

func (t *printer) properties(depth int, m property.Map) {
	if m.Len() == 0 {
		return
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(maskedMap(m, document)); err != nil {
		t.err = err
		return
	}
	for line := range strings.Lines(out.String()) {
		if line == "\n" {
			t.buf.WriteString(line) // in a text of several lines
			continue
		}
		t.line(depth, strings.TrimSuffix(line, "\n"))
	}
}

// document gives what a JSON object or list in a string holds, tagged as such; any other string as it is.
func document(s string) any {
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") || !json.Valid([]byte(s)) {
		return s
	}
	var n yaml.Node // JSON is YAML, and this keeps the order of its fields
	if err := yaml.Unmarshal([]byte(s), &n); err != nil {
		return s
	}
	blockStyle(&n)
	n.Content[0].Tag = "!json"
	return n.Content[0]
}

func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		blockStyle(c)
	}
}
