package anyrules

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// walk goes through a value to all that is no map, list or archive, and tells the name that each has: its key, that of the
// list it is in, or that of the variable whose value it is. It stops at what look says false to.
func walk(name string, v policy.Value, look func(name string, v policy.Value) bool) {
	switch {
	case !look(name, v):
	case v.IsList():
		for _, item := range v.Items() {
			walk(name, item, look)
		}
	default:
		variable := "" // {name: "DB_PASSWORD", value: "…"}
		for key, inner := range v.Fields() {
			switch {
			case strings.HasPrefix(key, "__"): // what Pulumi's bridge notes for itself
				continue
			case key == "name":
				variable = inner.Text()
			case key == "value" && variable != "": // comes after name
				key = variable
			}
			walk(key, inner, look)
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
