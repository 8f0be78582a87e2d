package source

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// documented gives the policy document that an argument has from a data source, aws_iam_policy_document, whose JSON is not
// known yet because some part of it is not. The plan knows the other parts, so that a rule can judge by them. The key is
// that of the resource which has the argument. Other values are given as they are.
func (w *world) documented(v property.Value, expression any, s *scope, key string) property.Value {
	groups := references(expression)
	if !v.IsComputed() || len(groups) != 1 {
		return v
	}
	refs := slices.DeleteFunc(longest(groups[0]), ownIndex)
	if len(refs) != 1 {
		return v
	}
	parts := segments(refs[0])
	if len(parts) < 3 || parts[0] != "data" || parts[1] != "aws_iam_policy_document" {
		return v
	}
	own := asker{}
	if slices.ContainsFunc(groups[0], ownIndex) {
		own.key = key
	}
	key, attribute := index(parts[3:], own)
	if len(attribute) > 0 && attribute[0] != "json" && attribute[0] != "minified_json" {
		return v
	}
	source, ok := w.plan.data[strings.TrimPrefix(s.address+"."+strings.Join(parts[:3], ".")+key, ".")]
	if !ok || !source.Change.value().IsMap() {
		return v
	}
	from := source.Change.value().AsMap()
	for _, merged := range []string{"source_policy_documents", "override_policy_documents", "source_json", "override_json"} {
		if v := from.Get(merged); !v.IsNull() && !zero(v) {
			return unknown
		}
	}
	document := map[string]property.Value{"Version": property.New("2012-10-17")}
	if version := from.Get("version"); !version.IsNull() {
		document["Version"] = version
	}
	statements := from.Get("statement")
	if statements.IsArray() {
		var items []property.Value
		for _, item := range statements.AsArray().All {
			if item.IsMap() {
				item = property.New(statement(item.AsMap()))
			}
			items = append(items, item)
		}
		statements = property.New(items)
	}
	if !statements.IsNull() {
		document["Statement"] = statements
	}
	return property.New(document).WithSecret(v.Secret())
}

// statement writes a block as the provider does.
func statement(from property.Map) map[string]property.Value {
	to := map[string]property.Value{"Effect": property.New("Allow")}
	for element, name := range map[string]string{
		"Sid": "sid", "Effect": "effect", "Action": "actions", "NotAction": "not_actions", "Resource": "resources", "NotResource": "not_resources",
	} {
		if v := from.Get(name); !v.IsNull() && !zero(v) {
			to[element] = interpolated(v)
		}
	}
	for element, name := range map[string]string{"Principal": "principals", "NotPrincipal": "not_principals"} {
		if v := from.Get(name); !v.IsNull() && !zero(v) {
			to[element] = grouped(v, "type", "", "identifiers")
		}
	}
	if v := from.Get("condition"); !v.IsNull() && !zero(v) {
		to["Condition"] = grouped(v, "test", "variable", "values")
	}
	if p := to["Principal"]; p.IsMap() && p.AsMap().Len() == 1 && !p.AsMap().Get("*").IsNull() {
		to["Principal"] = p.AsMap().Get("*")
	}
	return to
}

// grouped turns blocks into an object, by one or two names that each of them has. It is unknown where a name is.
func grouped(blocks property.Value, outer, inner, values string) property.Value {
	if !blocks.IsArray() {
		return unknown
	}
	groups := map[string]property.Value{}
	for _, block := range blocks.AsArray().All {
		if !block.IsMap() || text(block.AsMap(), outer) == "" || inner != "" && text(block.AsMap(), inner) == "" {
			return unknown
		}
		m := block.AsMap()
		v := interpolated(m.Get(values))
		path := []string{text(m, outer)}
		if inner != "" {
			path = append(path, text(m, inner))
		}
		join(groups, path, v)
	}
	return property.New(groups)
}

// join adds a list to the one that is at a path.
func join(to map[string]property.Value, path []string, v property.Value) {
	there := to[path[0]]
	switch {
	case len(path) > 1:
		inner := map[string]property.Value{}
		if there.IsMap() {
			inner = there.AsMap().AsMap()
		}
		join(inner, path[1:], v)
		v = property.New(inner)
	case there.IsArray() && v.IsArray():
		v = property.New(append(there.AsArray().AsSlice(), v.AsArray().AsSlice()...))
	case !there.IsNull():
		v = unknown
	}
	to[path[0]] = v
}

// interpolated has variables of policies as AWS writes them. Terraform has "&{" for their beginning.
func interpolated(v property.Value) property.Value {
	switch {
	case v.IsString():
		return property.New(strings.ReplaceAll(v.AsString(), "&{", "${"))
	case v.IsArray():
		var items []property.Value
		for _, item := range v.AsArray().All {
			items = append(items, interpolated(item))
		}
		return property.New(items)
	}
	return v
}
