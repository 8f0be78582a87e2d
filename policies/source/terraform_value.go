package source

import (
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// merge makes a value from what a plan has of it in three places: what is known, which parts are not, and which are
// sensitive. The latter two have true in the place of a part.
func merge(after, unknowns, sensitive any) property.Value {
	v := property.Value{}
	switch known := after.(type) {
	case bool:
		v = property.New(known)
	case float64:
		v = property.New(known)
	case string:
		v = property.New(known)
	}
	switch {
	case unknowns == true:
		v = unknown
	case isList(after), after == nil && isList(unknowns):
		known, unknowns, sensitive := list(after), list(unknowns), list(sensitive)
		items := make([]property.Value, max(len(known), len(unknowns)))
		for i := range items {
			items[i] = merge(at(known, i), at(unknowns, i), at(sensitive, i))
		}
		v = property.New(items)
	case isObject(after), after == nil && isObject(unknowns):
		known, unknowns, sensitive := object(after), object(unknowns), object(sensitive)
		fields := map[string]property.Value{}
		for _, names := range []map[string]any{known, unknowns} {
			for name := range names {
				if v := merge(known[name], unknowns[name], sensitive[name]); !v.IsNull() {
					fields[name] = v
				}
			}
		}
		v = property.New(fields)
	}
	return v.WithSecret(sensitive == true)
}

func list(v any) []any            { l, _ := v.([]any); return l }
func object(v any) map[string]any { m, _ := v.(map[string]any); return m }
func isList(v any) bool           { _, ok := v.([]any); return ok }
func isObject(v any) bool         { _, ok := v.(map[string]any); return ok }

func at(l []any, i int) any {
	if i < len(l) {
		return l[i]
	}
	return nil
}

// prune leaves out what is unknown inside of blocks and does not come from the program, but from the provider. The
// expression is what the configuration has for the value: nothing for a dynamic block.
func prune(v property.Value, expression any) property.Value {
	written := list(expression)
	if isObject(expression) {
		written = []any{expression}
	}
	if !blocks(v) || len(written) == 0 {
		return v
	}
	items := make([]property.Value, 0, v.AsArray().Len())
	for i, item := range v.AsArray().All {
		if !item.IsMap() {
			items = append(items, item)
			continue
		}
		block := object(at(written, min(i, len(written)-1)))
		fields := map[string]property.Value{}
		for name, field := range item.AsMap().All {
			expression, declared := block[name]
			if declared || !field.IsComputed() {
				fields[name] = prune(field, expression)
			}
		}
		items = append(items, property.New(fields).WithSecret(item.Secret()))
	}
	return property.New(items).WithSecret(v.Secret())
}
