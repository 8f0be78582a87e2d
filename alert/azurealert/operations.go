package azurealert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// operations are a log's own words for actions.
type operations map[string]alert.Action

// of gives the operations that are one of the actions, in order.
func (o operations) of(actions ...alert.Action) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(o)), func(name string) bool { return !slices.Contains(actions, o[name]) })
}

// folded gives the same in lower case.
func (o operations) folded() operations {
	lower := operations{}
	for name, action := range o {
		lower[strings.ToLower(name)] = action
	}
	return lower
}

// kql writes the action of the operation in a column, which is one of the actions.
func (o operations) kql(column string, actions []alert.Action) string {
	var cases []string
	for _, a := range actions {
		if names := o.of(a); len(names) > 0 {
			cases = append(cases, fmt.Sprintf("%s in (%s), %s", column, list(names), quote(string(a))))
		}
	}
	return "case(" + strings.Join(cases, ", ") + `, "")`
}
