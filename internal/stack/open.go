package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
	"github.com/secretstack/secretstack/internal/plan"
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
	Addresses   map[string]secret.Address // of the targets that the configuration names, by the secret's name
	Plan        *plan.Graph               // what Run registers in a new stack

	planning bool // nothing that a plan does not show needs to be made

	values  map[string]string // the whole configuration, by full key
	secrets []string          // the keys of the encrypted ones, which values does not have

	settingLine func(key string) int // in the stack's file; 0: not there

	alertURLs     AlertURLs
	alertURLsJSON string // as the engine has it, or blinded
}

// Open reads a stack of the project in dir from its files alone. Its error has every mistake in the
// declaration and the stack's configuration.
func Open(dir, name string) (*Stack, error) {
	project, err := workspace.LoadProject(filepath.Join(dir, "Pulumi.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no Pulumi.yaml in %s; run this in the folder of a project, or name it with --dir", dir)
	} else if err != nil {
		return nil, fmt.Errorf("Pulumi.yaml: Pulumi cannot read it: %s", strict.Unquoted(err.Error()))
	}
	if strings.Contains(name, "/") {
		return nil, fmt.Errorf("%s is not the name of a stack: give the name alone, without an organization", name)
	}
	file := filepath.Join(dir, "Pulumi."+name+".yaml")
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("no stack %s: there is no %s; %s", name, filepath.Base(file), strict.Suggest(name, Names(dir)))
	}
	s := &Stack{Name: name, Project: project.Name.String(), Dir: dir, values: map[string]string{}}
	doc, nodes := readNodes(file)
	if len(doc.Problems) == 0 {
		if err := s.readValues(project, file); err != nil {
			doc.AddAt(0, "", "Pulumi cannot read it: "+strict.Unquoted(err.Error()))
		}
	}
	if err := s.load(doc, nodes, "Pulumi.yaml"); err != nil {
		return s, err
	}
	// What only the components know to be wrong is found here too, before the engine starts.
	if s.Plan, err = s.plan(context.Background()); err != nil {
		return s, secret.Problems{{File: doc.File, Rule: err.Error()}}
	}
	return s, nil
}

// Names lists the stacks that a project has files for.
func Names(dir string) []string {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range files {
		name, stack := strings.CutPrefix(file.Name(), "Pulumi.")
		if name, yaml := strings.CutSuffix(name, ".yaml"); stack && yaml {
			names = append(names, name)
		}
	}
	return names // in order, as ReadDir gives them
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
		if stack.Config[key].Secure() {
			s.secrets = append(s.secrets, key.String())
			if key.String() == alertURLsKey {
				s.alertURLsJSON = value
			}
			continue
		}
		s.values[key.String()] = value
	}
	return nil
}

// fromContext is Open for a program that the engine runs: the values are the engine's, and the file
// only tells where they stand.
func fromContext(ctx *pulumi.Context, dir string) (*Stack, error) {
	s := &Stack{Name: ctx.Stack(), Project: ctx.Project(), Dir: dir, values: map[string]string{}}
	doc, nodes := readNodes(filepath.Join(s.Dir, "Pulumi."+s.Name+".yaml"))
	for _, key := range append(keys(), alertURLsKey, "aws:region", "azure-native:location", "gcp:project") {
		if ctx.IsConfigSecret(key) {
			s.secrets = append(s.secrets, key)
			if key == alertURLsKey {
				s.alertURLsJSON, _ = ctx.GetConfig(key)
			}
		} else if value, ok := ctx.GetConfig(key); ok {
			s.values[key] = value
		} else {
			delete(nodes, key) // the engine has another file
		}
	}
	return s, s.load(doc, nodes, "the configuration")
}

// keys are the full keys of Config.
func keys() []string {
	var keys []string
	for field := range reflect.TypeFor[Config]().Fields() {
		keys = append(keys, field.Tag.Get("yaml"))
	}
	return keys
}

// load decodes and checks the configuration and then the declaration against it. Mistakes in settings
// that the stack's file does not have are reported as of elsewhere.
func (s *Stack) load(doc *strict.Document, nodes map[string]*yaml.Node, elsewhere string) error {
	var inherited []string
	for key, value := range s.values { // also of keys that nobody knows: they are reported
		node := nodes[key]
		if node == nil {
			inherited = append(inherited, key)
		}
		if strings.HasPrefix(key, namespace) && (node == nil || !same(node.Content[1], value)) {
			nodes[key] = entry(key, value, node)
		}
	}
	for _, key := range s.secrets {
		line := 0
		if nodes[key] != nil {
			line = nodes[key].Line
		}
		if key == alertURLsKey {
			delete(nodes, key)
			s.readAlertURLs(doc, line, s.alertURLsJSON)
		} else if strings.HasPrefix(key, namespace) {
			doc.AddAt(line, strict.Quote(key, "%s"), "is encrypted, and nothing here is secret; set it again without --secret")
		}
	}
	if node := nodes[alertURLsKey]; node != nil {
		delete(nodes, alertURLsKey)
		doc.AddAt(node.Line, alertURLsKey, "is not encrypted, and who knows such a URL can post there; take it away, and set it with: "+
			"pulumi config set --secret --path '"+alertURLsKey+".slack[0]'")
	}
	if len(doc.Problems) == 0 {
		all := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range slices.Sorted(maps.Keys(nodes)) {
			all.Content = append(all.Content, nodes[key].Content...)
		}
		doc.DecodeNode(all, "", &s.Config)
		s.settingLine = doc.Line
		s.Config.check(doc, s.values)
	}

	var target *secret.Target
	cloud, known := clouds[s.Config.Cloud]
	if known {
		if doc.Wrong(namespace + "identities") {
			cloud.MakesIdentities = true // the readers without one follow from this
		}
		target = &secret.Target{Cloud: cloud, Prefix: s.prefix(), Identities: s.Config.Identities, Where: doc.File}
	}
	var more secret.Problems
	var err error
	s.Declaration, err = secret.Load(filepath.Join(s.Dir, declarationFile), target)
	if !errors.As(err, &more) && err != nil {
		more = secret.Problems{{File: declarationFile, Rule: err.Error()}}
	}
	if known && s.Declaration != nil && len(s.Declaration.Secrets) > 0 {
		s.checkRotation(doc)
	}
	if known {
		s.checkAlerts(doc)
	}
	problems := doc.Problems
	for i, p := range problems {
		if slices.ContainsFunc(inherited, func(key string) bool { return p.Field == key || strings.HasPrefix(p.Field, key+".") }) {
			problems[i].File = elsewhere
		}
	}
	return append(problems, more...).Err()
}
