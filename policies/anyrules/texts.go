package anyrules

import (
	"cmp"
	"strings"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

// walk goes through a value to all that is no map, list or archive, and tells the name that each has: its key, that of the
// list it is in, or that of the variable or of the option whose value it is. It stops at what look says false to.
func walk(name string, v policy.Value, look func(name string, v policy.Value) bool) {
	switch {
	case !look(name, v):
	case v.IsList():
		before := ""
		for _, item := range v.Items() {
			walk(leak.Argument(name, before, item.Text()), item, look)
			before = item.Text()
		}
	default:
		var variables map[string]string
		for key, inner := range v.Fields() {
			if strings.HasPrefix(key, "__") { // what Pulumi's bridge notes for itself
				continue
			}
			if value := leak.Labels[key]; value != "" && inner.Text() != "" { // the value comes after its label
				if variables == nil {
					variables = map[string]string{}
				}
				variables[value] = inner.Text()
			}
			walk(cmp.Or(variables[key], key), inner, look)
		}
	}
}

// text is a known text, also that of an asset.
func text(v policy.Value) string {
	if v.IsText() {
		return v.Text()
	}
	return v.Asset()
}
