package source

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// types are the resources of Terraform that rules know, by their type in Terraform.
var types = mappings(aws, google, azure)

// Mapped gives the types that a plan of Terraform can have, in Pulumi's names.
func Mapped() []string {
	var tokens []string
	for _, m := range types {
		tokens = append(tokens, m.token)
		for _, beside := range m.beside {
			tokens = append(tokens, beside.token)
		}
	}
	return unique(tokens)
}

// row says how a resource of Terraform is written in Pulumi.
//
// Names are the same, but for camelCase, and blocks are lists of objects. What deviates stands in fields, with spaces
// between: the path in Terraform; "=" and the name in Pulumi, with dots for objects around it; "!" for a block that there
// is once at most, and that is no list in Pulumi; "|" and what is done to the value (see conversions).
type row struct {
	typ, token string
	fields     string
	// shape changes attributes before their names are mapped, where more than names differs. Nil: nothing does.
	shape func(attributes)
	// beside are blocks, as their typ says, that are resources of their own for Pulumi.
	beside []row
	// partOf is the attribute that names the resource of which this one is a part for Pulumi. Zero: it is one itself.
	partOf string
}

// attributes are those of a resource or of a block, in Terraform's names.
type attributes map[string]property.Value

// mapping is a row, ready for use. The zero value has no deviations.
type mapping struct {
	token    string
	fields   map[string]field // by path in Terraform
	shape    func(attributes)
	beside   map[string]*mapping // by block
	partOf   string
	verbatim bool // all stays as it is
}

type field struct {
	to      string // zero: the name in camelCase
	one     bool
	convert conversion
}

func mappings(tables ...[]row) map[string]*mapping {
	all := map[string]*mapping{}
	for _, r := range slices.Concat(tables...) {
		if all[r.typ] != nil {
			panic("two rows of " + r.typ)
		}
		m := &mapping{token: r.token, fields: map[string]field{}, shape: r.shape, beside: mappings(r.beside), partOf: r.partOf}
		for text := range strings.FieldsSeq(r.fields) {
			text, conversion, converted := strings.Cut(text, "|")
			text, one := strings.CutSuffix(text, "!")
			path, to, _ := strings.Cut(text, "=")
			f := field{to: to, one: one}
			if converted {
				f.convert = conversionNamed(conversion)
			}
			if _, twice := m.fields[path]; twice {
				panic(r.typ + ": two fields " + path)
			}
			m.fields[path] = f
		}
		all[r.typ] = m
	}
	return all
}

// names tells that an attribute deviates.
func (m *mapping) names(attribute string) bool {
	_, ok := m.fields[attribute]
	return ok
}

// root is the input that has what an attribute says.
func (m *mapping) root(attribute string) string {
	root, _, _ := strings.Cut(m.target(attribute, attribute), ".")
	return root
}

func (m *mapping) target(path, name string) string {
	if m.verbatim {
		return name
	}
	return cmp.Or(m.fields[path].to, camel(name))
}

// convert gives the properties in Pulumi's names.
func (m *mapping) convert(from attributes) property.Map {
	if m.shape != nil {
		from = maps.Clone(from)
		m.shape(from)
	}
	if m.verbatim {
		return property.NewMap(from)
	}
	return m.block("", from)
}

func (m *mapping) block(path string, from attributes) property.Map {
	to := map[string]property.Value{}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		path := strings.TrimPrefix(path+"."+name, ".")
		if v := m.value(path, from[name]); !v.IsNull() {
			put(to, m.target(path, name), v)
		}
	}
	return property.NewMap(to)
}

func (m *mapping) value(path string, v property.Value) property.Value {
	f := m.fields[path]
	if blocks(v) {
		var items []property.Value
		for _, item := range v.AsArray().All {
			if item.IsMap() {
				item = property.New(m.block(path, item.AsMap().AsMap())).WithSecret(item.Secret())
			}
			items = append(items, item)
		}
		v = property.New(items).WithSecret(v.Secret())
	}
	if f.one && v.IsArray() {
		secret, list := v.Secret(), v.AsArray()
		if list.Len() == 0 {
			return property.Value{}
		}
		v = list.Get(0).WithSecret(secret || list.Get(0).Secret())
	}
	if f.convert != nil && !v.IsComputed() && !v.IsNull() {
		v = f.convert(v).WithSecret(v.Secret())
	}
	return v
}

// put sets the property at a path of names with dots between. Objects that meet become one.
func put(to map[string]property.Value, path string, v property.Value) {
	name, rest, nested := strings.Cut(path, ".")
	there := to[name]
	inner := map[string]property.Value{}
	if there.IsMap() {
		inner = there.AsMap().AsMap()
	}
	switch {
	case nested:
		put(inner, rest, v)
		v = property.New(inner).WithSecret(there.Secret())
	case there.IsMap() && v.IsMap():
		maps.Copy(inner, v.AsMap().AsMap())
		v = property.New(inner).WithSecret(there.Secret() || v.Secret())
	}
	to[name] = v
}

// camel is a name of Terraform as Pulumi writes it: "kms_key_id" becomes "kmsKeyId".
func camel(name string) string {
	var b strings.Builder
	for i, part := range strings.Split(name, "_") {
		if i > 0 && part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}
