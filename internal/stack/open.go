package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/esc"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/strict"
)

// declarationFile is the name of the file with a project's secrets.
const declarationFile = "secrets.yaml"

// Stack is a project's declaration together with the configuration of one of its stacks.
type Stack struct {
	Name        string
	Project     string
	Dir         string // of the project
	Config      Config
	Declaration *secret.Declaration

	values map[string]string // the whole configuration, by full key; without its secure values
}

// Open reads a stack of the project in dir from its files alone. Its error has every mistake in the
// declaration and the stack's configuration.
func Open(dir, name string) (*Stack, error) {
	project, err := workspace.LoadProject(filepath.Join(dir, "Pulumi.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no Pulumi.yaml in %s; run this in the folder of a project, or name it with --dir", dir)
	} else if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "Pulumi."+name+".yaml")
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("no stack %s: there is no %s; %s", name, filepath.Base(file), strict.Suggest(name, Names(dir)))
	}
	s := &Stack{Name: name, Project: project.Name.String(), Dir: dir, values: map[string]string{}}
	doc, nodes := readNodes(file)
	if len(doc.Problems) == 0 {
		if err := s.readValues(project, file); err != nil {
			return nil, err
		}
	}
	return s, s.load(doc, nodes)
}

// Names lists the stacks that a project has files for.
func Names(dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	if err != nil {
		return nil // only a bad pattern
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
	}
	slices.Sort(files)
	return files
}

// readValues gives the values as the engine would: the stack's over the project's defaults.
func (s *Stack) readValues(project *workspace.Project, file string) error {
	stack, err := workspace.LoadProjectStack(nil, project, file)
	if err != nil {
		return err
	}
	err = workspace.ApplyProjectConfig(context.Background(), s.Name, project, esc.Value{}, stack.Config, config.BlindingCrypter)
	if err != nil {
		return err
	}
	values, err := stack.Config.Decrypt(config.BlindingCrypter)
	if err != nil {
		return err
	}
	for key, value := range values {
		s.values[key.String()] = value
	}
	return nil
}

// fromContext is Open for a program that the engine runs: the values are the engine's, and the file
// only tells where they stand.
func fromContext(ctx *pulumi.Context, dir string) (*Stack, error) {
	s := &Stack{Name: ctx.Stack(), Project: ctx.Project(), Dir: dir, values: map[string]string{}}
	doc, nodes := readNodes(filepath.Join(s.Dir, "Pulumi."+s.Name+".yaml"))
	for _, key := range keys() {
		if value, ok := ctx.GetConfig(key); ok {
			s.values[key] = value
		}
	}
	return s, s.load(doc, nodes)
}

// keys are the full keys of Config.
func keys() []string {
	var keys []string
	for field := range reflect.TypeFor[Config]().Fields() {
		keys = append(keys, field.Tag.Get("yaml"))
	}
	return keys
}

// readNodes reads our part of a stack's file. A file that is absent has none.
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
		for key, value := range pairs(value) {
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

// load decodes and checks the configuration and then the declaration against it.
func (s *Stack) load(doc *strict.Document, nodes map[string]*yaml.Node) error {
	all := &yaml.Node{Kind: yaml.MappingNode}
	for _, key := range keys() {
		value, has := s.values[key]
		if node := nodes[key]; has && (node == nil || !same(node.Content[1], value)) {
			nodes[key] = &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
				{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, parse(value),
			}}
		}
	}
	for _, node := range nodes { // the ones nobody knows too: they are reported
		all.Content = append(all.Content, node.Content...)
	}
	if len(doc.Problems) == 0 {
		doc.DecodeNode(all, "", &s.Config)
		s.Config.check(doc)
	}

	var target *secret.Target
	if cloud, ok := clouds[s.Config.Cloud]; ok {
		target = &secret.Target{Cloud: cloud, Prefix: s.prefix(), Identities: s.Config.Identities, Where: doc.File}
	}
	problems := doc.Problems
	var more secret.Problems
	var err error
	s.Declaration, err = secret.Load(filepath.Join(s.Dir, declarationFile), target)
	if errors.As(err, &more) {
		problems = append(problems, more...)
	} else if err != nil {
		return errors.Join(problems.Err(), err)
	}
	return problems.Err()
}

// parse gives a value of the configuration, which is text or JSON, as YAML.
func parse(value string) *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(value), &doc); err != nil || len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	}
	unline(&doc)
	return doc.Content[0]
}

// unline forgets the lines of a value that stands in no file.
func unline(n *yaml.Node) {
	n.Line = 0
	for _, c := range n.Content {
		unline(c)
	}
}

// same tells whether a node is what the engine gives as value.
func same(node *yaml.Node, value string) bool {
	if node.Kind == yaml.ScalarNode {
		return node.Value == value
	}
	var a, b any
	return node.Decode(&a) == nil && json.Unmarshal([]byte(value), &b) == nil &&
		reflect.DeepEqual(plain(a), b)
}

// plain gives a decoded YAML value as JSON would decode it.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}
