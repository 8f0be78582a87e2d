package stack

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/internal/strict"
)

// readNodes reads our part of a stack's file, each setting with its key. A file that is absent has none.
func readNodes(file string) (*strict.Document, map[string]*yaml.Node) {
	doc, nodes := strict.New(filepath.Base(file)), map[string]*yaml.Node{}
	data, err := os.ReadFile(file)
	if err != nil {
		return doc, nodes
	}
	root := doc.Parse(data)
	for key, value := range pairs(root) {
		if key.Value != "config" {
			continue
		}
		if value.Kind != yaml.MappingNode && value.Tag != "!!null" {
			doc.AddAt(key.Line, "config", "must be a mapping of settings")
		}
		for key, value := range pairs(value) {
			if strict.LooksLikeCredential(key.Value) {
				doc.AddAt(key.Line, "config", "has a key that looks like a secret's value; remove it, and treat it as leaked if it was shared")
			}
			if strings.HasPrefix(key.Value, namespace) {
				nodes[key.Value] = &yaml.Node{Kind: yaml.MappingNode, Line: key.Line, Content: []*yaml.Node{key, value}}
			}
		}
	}
	return doc, nodes
}

func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.Content) && yield(n.Content[i], n.Content[i+1]); i += 2 {
		}
	}
}

// entry gives a setting, whose value is text or JSON, as YAML. All of it stands where the file has the
// setting, if it has it.
func entry(key, value string, inFile *yaml.Node) *yaml.Node {
	line := 0
	if inFile != nil {
		line = inFile.Line
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) == 0 {
		doc.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}}
	}
	move(&doc, line)
	name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: line}
	return &yaml.Node{Kind: yaml.MappingNode, Line: line, Content: []*yaml.Node{name, doc.Content[0]}}
}

func move(n *yaml.Node, line int) {
	n.Line = line
	for _, c := range n.Content {
		move(c, line)
	}
}

// same tells whether a node is what the engine gives as value. JSON in a text is not: a component of it
// has no place in the file.
func same(node *yaml.Node, value string) bool {
	if node.Kind == yaml.ScalarNode {
		return node.Value == value && !strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "[")
	}
	var a, b any // JSON is YAML
	return node.Decode(&a) == nil && yaml.Unmarshal([]byte(value), &b) == nil && reflect.DeepEqual(a, b)
}
