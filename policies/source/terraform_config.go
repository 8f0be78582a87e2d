package source

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// module is the configuration of a module: what is written, before count and for_each. In expressions, an argument has
// "constant_value" or "references", and a block is an object or a list of objects of arguments.
type module struct {
	Resources   []*written             `json:"resources"`
	ModuleCalls map[string]*moduleCall `json:"module_calls"`
	Outputs     map[string]struct {
		Expression any `json:"expression"`
	} `json:"outputs"`
	Variables map[string]struct {
		Sensitive bool `json:"sensitive"`
	} `json:"variables"`

	byAddress map[string]*written
}

// written is a resource or data source in a module's configuration.
type written struct {
	Address     string         `json:"address"`
	Expressions map[string]any `json:"expressions"`
	ForEach     any            `json:"for_each_expression"`
	DependsOn   []string       `json:"depends_on"`
}

type moduleCall struct {
	Expressions map[string]any `json:"expressions"`
	ForEach     any            `json:"for_each_expression"`
	Module      *module        `json:"module"`
}

func (m *module) find(address string) *written {
	if m.byAddress == nil {
		m.byAddress = map[string]*written{}
		for _, r := range m.Resources {
			if r != nil {
				m.byAddress[r.Address] = r
			}
		}
	}
	return m.byAddress[address]
}

// argument is the value of a provider's argument. Provider blocks are not part of the planned values: only constants and
// the root module's variables can be known.
func (p *terraformPlan) argument(expression any, root bool) property.Value {
	switch e := expression.(type) {
	case []any:
		items := make([]property.Value, len(e))
		for i, item := range e {
			items[i] = p.argument(item, root)
		}
		return property.New(items)
	case map[string]any:
		constant, known := e["constant_value"]
		refs := texts(e["references"])
		switch {
		case known:
			return merge(constant, nil, nil)
		case len(refs) == 0 && len(e) > 0: // a block
			fields := map[string]property.Value{}
			for name, field := range e {
				fields[name] = p.argument(field, root)
			}
			return property.New(fields)
		case root && len(refs) == 1:
			name, isVariable := strings.CutPrefix(refs[0], "var.")
			if variable, given := p.variables[name]; isVariable && given {
				return merge(variable.Value, nil, p.config.RootModule.Variables[name].Sensitive)
			}
		}
	}
	return unknown
}

// world finds what the expressions of a configuration refer to.
type world struct {
	plan      *terraformPlan
	scopes    map[string]*scope
	instances map[string]*family[string] // URNs, by the address without its last index
}

// family are the instances of a resource or of a module.
type family[T any] struct {
	all   []T
	byKey map[string]T // the index, as in `["orders"]`
}

func (f *family[T]) add(key string, one T) {
	if f.byKey == nil {
		f.byKey = map[string]T{}
	}
	f.all = append(f.all, one)
	f.byKey[key] = one
}

// pick gives the instance with an index; all, if there is none such.
func (f *family[T]) pick(key string) []T {
	if f == nil {
		return nil
	}
	if one, ok := f.byKey[key]; ok && key != "" {
		return []T{one}
	}
	return f.all
}

const (
	deepestModule = 100    // within one another; what is deeper is no module of its own
	mostFollowed  = 10_000 // references for one argument
)

// scope is an instance of a module.
type scope struct {
	address  string // "" for the root module
	key      string
	depth    int
	parent   *scope
	call     *moduleCall
	config   *module
	children map[string]*family[*scope] // by the name of the call
}

func newWorld(p *terraformPlan) *world {
	root := &scope{config: &p.config.RootModule, children: map[string]*family[*scope]{}}
	w := &world{plan: p, scopes: map[string]*scope{"": root}, instances: map[string]*family[string]{}}
	for _, c := range p.managed {
		address, key := c.family()
		if w.instances[address] == nil {
			w.instances[address] = &family[string]{}
		}
		id, _ := identify(c.Type, c.Address)
		w.instances[address].add(key, id)
		w.scope(c.ModuleAddress)
	}
	for _, c := range p.data {
		w.scope(c.ModuleAddress)
	}
	return w
}

// family is the address that all instances of a resource share, and the index of this one.
func (c change) family() (address, key string) {
	address = strings.TrimPrefix(c.ModuleAddress+"."+c.Type+"."+c.Name, ".")
	key = strings.TrimPrefix(c.Address, address)
	return address, key
}

// scope gives the instance of a module with an address such as `module.network.module.keys["orders"]`.
func (w *world) scope(address string) *scope {
	if s := w.scopes[address]; s != nil {
		return s
	}
	s := w.scopes[""]
	parts := segments(address)
	for len(parts) >= 2 && s.depth < deepestModule {
		name, key := parts[1], ""
		parts = parts[2:]
		if len(parts) > 0 && strings.HasPrefix(parts[0], "[") {
			key, parts = parts[0], parts[1:]
		}
		s = w.child(s, name, key)
	}
	return s
}

func (w *world) child(s *scope, name, key string) *scope {
	address := strings.TrimPrefix(s.address+".module."+name+key, ".")
	child := w.scopes[address]
	if child == nil {
		child = &scope{
			address: address, key: key, depth: s.depth + 1,
			parent: s, call: s.config.ModuleCalls[name], children: map[string]*family[*scope]{},
		}
		if child.call == nil {
			child.call = &moduleCall{}
		}
		if child.config = child.call.Module; child.config == nil {
			child.config = &module{}
		}
		w.scopes[address] = child
		if s.children[name] == nil {
			s.children[name] = &family[*scope]{}
		}
		s.children[name].add(key, child)
	}
	return child
}

// config gives what is written for a resource; nil: nothing is known.
func (w *world) config(c change) *written {
	return w.scope(c.ModuleAddress).config.find(c.Type + "." + c.Name)
}

// depend says what a resource depends on, that is written so.
func (w *world) depend(r *policy.Resource, m *mapping, s *scope, self asker) {
	for name, expression := range self.written.Expressions {
		if urns := w.resolve(s, self, references(expression)); len(urns) > 0 {
			input := m.root(name)
			r.PropertyDependencies[input] = unique(append(r.PropertyDependencies[input], urns...))
			r.Dependencies = append(r.Dependencies, urns...)
		}
	}
	r.Dependencies = unique(append(r.Dependencies, w.resolve(s, self, [][]string{self.written.DependsOn})...))
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}

// asker is what an expression belongs to: a resource or the call of a module, and which instance of it.
type asker struct {
	written *written
	call    *moduleCall
	key     string
}

func (a asker) forEach() any {
	switch {
	case a.written != nil:
		return a.written.ForEach
	case a.call != nil:
		return a.call.ForEach
	}
	return nil
}

// question is a reference that is to be followed.
type question struct {
	scope *scope
	asker asker
	ref   string
}

// resolve finds the resources that references lead to: directly, or by way of variables, outputs of modules, data sources
// and each.value.
func (w *world) resolve(s *scope, a asker, groups [][]string) []string {
	var urns []string
	var todo []question
	asked := map[question]bool{}
	ask := func(s *scope, a asker, groups [][]string) {
		for _, group := range groups {
			a := a
			if !slices.ContainsFunc(group, ownIndex) {
				a = asker{}
			}
			for _, ref := range longest(group) {
				if q := (question{s, a, ref}); !asked[q] {
					asked[q] = true
					todo = append(todo, q)
				}
			}
		}
	}
	ask(s, a, groups)
	for len(todo) > 0 && len(asked) < mostFollowed && len(urns) < mostFollowed {
		q := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		parts := segments(q.ref)
		switch {
		case len(parts) < 2:
		case parts[0] == "each":
			for _, group := range references(q.asker.forEach()) {
				ask(q.scope, q.asker, [][]string{append(group, "each.key")})
			}
		case parts[0] == "var" && q.scope.parent != nil:
			ask(q.scope.parent, asker{call: q.scope.call, key: q.scope.key}, references(q.scope.call.Expressions[parts[1]]))
		case parts[0] == "module":
			key, rest := index(parts[2:], q.asker)
			if q.scope.children[parts[1]] == nil && q.scope.depth < deepestModule {
				w.child(q.scope, parts[1], "") // it has no resources, but may pass on what others have
			}
			for _, child := range q.scope.children[parts[1]].pick(key) {
				for name, output := range child.config.Outputs {
					if len(rest) == 0 || rest[0] == name {
						ask(child, asker{}, references(output.Expression))
					}
				}
			}
		case parts[0] == "data" && len(parts) > 2:
			if config := q.scope.config.find(strings.Join(parts[:3], ".")); config != nil {
				key, _ := index(parts[3:], q.asker)
				for _, expression := range config.Expressions {
					ask(q.scope, asker{written: config, key: key}, references(expression))
				}
			}
		default:
			address := strings.TrimPrefix(q.scope.address+"."+parts[0]+"."+parts[1], ".")
			key, _ := index(parts[2:], q.asker)
			urns = append(urns, w.instances[address].pick(key)...)
		}
	}
	return unique(urns)
}

// ownIndex tells that an expression has to do with the instance to which it belongs.
func ownIndex(ref string) bool {
	return strings.HasPrefix(ref, "each.") || strings.HasPrefix(ref, "count.")
}

// index takes the index from the rest of a reference. Where there is none, it is that of the asker.
func index(rest []string, a asker) (key string, after []string) {
	if len(rest) > 0 && strings.HasPrefix(rest[0], "[") {
		return rest[0], rest[1:]
	}
	return a.key, rest
}

// references gives the references in an expression or in the arguments of a block, those of one argument together.
func references(expression any) [][]string {
	var groups [][]string
	switch e := expression.(type) {
	case []any:
		for _, item := range e {
			groups = append(groups, references(item)...)
		}
	case map[string]any:
		for name, field := range e {
			switch refs := texts(field); {
			case name == "references" && refs != nil:
				groups = append(groups, refs)
			case name != "constant_value":
				groups = append(groups, references(field)...)
			}
		}
	}
	return groups
}

// texts gives the strings of a list of nothing else.
func texts(v any) []string {
	var all []string
	for _, item := range list(v) {
		text, ok := item.(string)
		if !ok {
			return nil
		}
		all = append(all, text)
	}
	return all
}

// longest leaves out what is only the beginning of another reference, as "aws_kms_key.a" is of "aws_kms_key.a.arn".
func longest(group []string) []string {
	sorted := slices.Sorted(slices.Values(group))
	var kept []string
	for i, ref := range sorted {
		longer := false
		for _, next := range sorted[i+1:] {
			rest, ok := strings.CutPrefix(next, ref)
			if longer = ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "[")); longer || !ok {
				break
			}
		}
		if !longer {
			kept = append(kept, ref)
		}
	}
	return kept
}

// segments splits an address or a reference: `module.keys["a.b"].arn` has "module", "keys", `["a.b"]` and "arn".
func segments(address string) []string {
	var parts []string
	begin, quoted := 0, false
	end := func(i int) {
		if i > begin {
			parts = append(parts, address[begin:i])
		}
	}
	depth := 0
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			if depth == 0 {
				end(i)
				begin = i
			}
			depth++
		case c == ']' && depth > 0:
			depth--
		case c == '.' && depth == 0:
			end(i)
			begin = i + 1
		}
	}
	end(len(address))
	return parts
}
