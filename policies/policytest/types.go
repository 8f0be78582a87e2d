package policytest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"go.yaml.in/yaml/v3"

	"github.com/secretstack/secretstack/policies/policy"
)

// Type is a resource type of an SDK, by which tokens and properties are compared.
type Type struct {
	Resource any          // such as secretsmanager.Secret{}
	Args     pulumi.Input // such as secretsmanager.SecretArgs{}
	// Unserved is where the token and its properties are documented, for a type of an SDK that this module does not
	// use. Nothing of it is compared then.
	Unserved string
}

// Types checks that each type that a rule names is one of an SDK, by its token as the examples record it, and that
// every property in the cases is one of that type: a misspelt one would inspect nothing, and report success.
func Types(
	t *testing.T, rules []policy.Rule, fixes map[string]pulumi.RunFunc, folder string, types map[string]Type,
) {
	t.Helper()
	tokens := recorded(t, fixes)
	named := map[string]bool{}
	for _, rule := range rules {
		for _, token := range slices.Concat(rule.Types, rule.Joins) {
			named[token] = true
			typ, ok := types[token]
			switch {
			case !ok:
				t.Errorf("%s names %s, which is compared with no type of an SDK", rule.Name, token)
			case typ.Unserved == "" && !slices.Contains(tokens, token):
				t.Errorf("%s names %s, which no example makes", rule.Name, token)
			}
		}
	}
	for token, typ := range types {
		if typ.Unserved == "" && !matches(token, reflect.TypeOf(typ.Resource)) {
			t.Errorf("%s is not the token of %T", token, typ.Resource)
		}
	}
	for rule, f := range files(t, folder) {
		for _, c := range f.Cases {
			for _, name := range slices.Sorted(maps.Keys(c.Resources)) {
				r := c.Resources[name]
				typ, ok := types[policy.Canonical(r.Type)]
				if !ok || typ.Unserved != "" {
					continue
				}
				for _, err := range slices.Concat(
					unknownFields(r.Inputs, typ.Args.ElementType(), "inputs"),
					unknownFields(r.Outputs, reflect.TypeOf(typ.Resource), "outputs"),
				) {
					t.Errorf("%s: %s: %s: %s", rule, c.Says, name, err)
				}
			}
		}
	}
}

// matches compares a token with a Go type: the last parts of both are the same, and so are the modules.
func matches(token string, typ reflect.Type) bool {
	parts := strings.Split(token, ":")
	if len(parts) != 3 || parts[2] != typ.Name() {
		return false
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return module == "index" || slices.Contains(strings.Split(typ.PkgPath(), "/"), strings.ToLower(module))
}

// unknownFields lists the properties that a type does not have.
func unknownFields(node yaml.Node, typ reflect.Type, path string) []string {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode {
			var all []string
			for i, item := range node.Content {
				all = append(all, unknownFields(*item, typ.Elem(), fmt.Sprintf("%s[%d]", path, i))...)
			}
			return all
		}
		typ = typ.Elem()
	}
	if output, ok := reflect.New(typ).Elem().Interface().(pulumi.Output); ok && output != nil {
		return unknownFields(node, output.ElementType(), path)
	}
	if typ.Kind() != reflect.Struct || node.Kind != yaml.MappingNode || node.Tag == "!json" || node.Tag == "!secret" {
		return nil
	}
	var all []string
	for i := 0; i < len(node.Content); i += 2 {
		name := node.Content[i].Value
		field, ok := propertyOf(typ, name)
		if !ok {
			if name != "id" {
				all = append(all, fmt.Sprintf("%s.%s is no property of %s", path, name, typ))
			}
			continue
		}
		all = append(all, unknownFields(*node.Content[i+1], field, path+"."+name)...)
	}
	return all
}

func propertyOf(typ reflect.Type, name string) (reflect.Type, bool) {
	for f := range typ.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("pulumi"), ","); tag == name {
			return f.Type, true
		}
	}
	return nil, false
}
