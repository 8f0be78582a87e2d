package policytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"go.yaml.in/yaml/v3"
)

// reader reads the values of a case's resource.
type reader struct {
	c     *Case
	urns  map[string]string // by name
	found []string          // URNs of the resources that the value refers to
}

// object reads the properties of a resource, and on what each depends.
func (r *reader) object(node yaml.Node) (property.Map, map[string][]string, error) {
	values, dependencies := map[string]property.Value{}, map[string][]string{}
	if node.Kind == 0 {
		return property.Map{}, dependencies, nil
	}
	if node.Kind != yaml.MappingNode {
		return property.Map{}, nil, fmt.Errorf("line %d: must be a mapping", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		name := node.Content[i].Value
		r.found = nil
		v, err := r.value(node.Content[i+1])
		if err != nil {
			return property.Map{}, nil, err
		}
		values[name] = v
		if len(r.found) > 0 {
			slices.Sort(r.found)
			dependencies[name] = slices.Compact(r.found)
		}
	}
	return property.NewMap(values), dependencies, nil
}

func (r *reader) value(node *yaml.Node) (property.Value, error) {
	switch node.Tag {
	case "!unknown":
		return property.New(property.Computed), nil
	case "!ref":
		return r.reference(node)
	case "!secret":
		v, err := r.plain(node)
		return v.WithSecret(true), err
	case "!asset":
		a, err := asset.FromText(node.Value)
		if err != nil {
			return property.Value{}, err
		}
		return property.New(a), nil
	case "!json":
		var any any
		if err := untagged(node).Decode(&any); err != nil {
			return property.Value{}, fmt.Errorf("line %d: %w", node.Line, err)
		}
		text, err := json.Marshal(any)
		return property.New(string(text)), err
	}
	return r.plain(node)
}

// plain is a value without a tag of ours, or what stands behind !secret.
func (r *reader) plain(node *yaml.Node) (property.Value, error) {
	switch node.Kind {
	case yaml.MappingNode:
		if len(node.Content) == 2 && node.Tag == "!secret" {
			switch key, value := node.Content[0].Value, node.Content[1]; key {
			case "unknown":
				return property.New(property.Computed), nil
			case "ref":
				return r.reference(value)
			}
		}
		fields := map[string]property.Value{}
		for i := 0; i < len(node.Content); i += 2 {
			v, err := r.value(node.Content[i+1])
			if err != nil {
				return property.Value{}, err
			}
			fields[node.Content[i].Value] = v
		}
		return property.New(fields), nil
	case yaml.SequenceNode:
		items := []property.Value{}
		for _, item := range node.Content {
			v, err := r.value(item)
			if err != nil {
				return property.Value{}, err
			}
			items = append(items, v)
		}
		return property.New(items), nil
	}
	var scalar any
	if node.Tag == "!secret" {
		scalar = node.Value
	} else if err := node.Decode(&scalar); err != nil {
		return property.Value{}, fmt.Errorf("line %d: %w", node.Line, err)
	}
	switch v := scalar.(type) {
	case nil:
		return property.Value{}, nil
	case bool:
		return property.New(v), nil
	case int:
		return property.New(float64(v)), nil
	case float64:
		return property.New(v), nil
	}
	return property.New(node.Value), nil
}

// reference is an output of another resource, as in "key.arn".
func (r *reader) reference(node *yaml.Node) (property.Value, error) {
	name, path, _ := strings.Cut(node.Value, ".")
	to := r.c.Resources[name]
	if to == nil {
		return property.Value{}, fmt.Errorf("line %d: there is no resource %s", node.Line, name)
	}
	r.found = append(r.found, r.urns[name])
	if path == "id" && to.ID != "" {
		return property.New(to.ID), nil
	}
	at := &to.Outputs
	for part := range strings.SplitSeq(path, ".") {
		if at = field(at, part); at == nil {
			return property.New(property.Computed), nil
		}
	}
	return r.value(at)
}

func field(node *yaml.Node, name string) *yaml.Node {
	for i := 0; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			return node.Content[i+1]
		}
	}
	return nil
}

func untagged(node *yaml.Node) *yaml.Node {
	plain := *node
	plain.Tag = ""
	return &plain
}
