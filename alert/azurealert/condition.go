package azurealert

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// condition writes a condition over the columns that the tables' rows are projected to.
func (s *Store) condition(c alert.Condition) string {
	switch c := c.(type) {
	case alert.All:
		return s.join(c, " and ", "true")
	case alert.Any:
		return s.join(c, " or ", "false")
	case alert.Not:
		return "not(" + s.condition(c.Condition) + ")"
	case alert.Does:
		return "Action in (" + list(c) + ")"
	case alert.Ends:
		return "Outcome in (" + list(c) + ")"
	case alert.In:
		return s.set(alert.Set(c))
	}
	panic(fmt.Sprintf("azurealert: no condition %T", c))
}

func (s *Store) join(parts []alert.Condition, with, empty string) string {
	if len(parts) == 0 {
		return empty
	}
	var written []string
	for _, c := range parts {
		written = append(written, s.condition(c))
	}
	return "(" + strings.Join(written, with) + ")"
}

func (s *Store) set(set alert.Set) string {
	switch set {
	case alert.OfStore:
		return "isnotempty(Secret)"
	case alert.Declared:
		return "isnotnull(readers[Secret])"
	case alert.ByReader:
		return "coalesce(set_has_element(readers[Secret], tolong(callers[Who])), false)"
	case alert.ByDeployer:
		return by(s.Deployers)
	case alert.ByRotator:
		return by(s.Rotators)
	case alert.Nearby:
		return near(s.Networks)
	case alert.KnownWho:
		return "KnownWho"
	case alert.KnownFrom:
		return "KnownFrom"
	case alert.OfKey:
		return "false"
	}
	panic("azurealert: no set " + string(set))
}

func by(who []string) string {
	if len(who) == 0 {
		return "false"
	}
	return "Who in (" + list(who) + ")"
}

func near(networks []netip.Prefix) string {
	if len(networks) == 0 {
		return "true"
	}
	ranges := map[string][]string{}
	for _, n := range networks {
		function := "ipv6_is_in_any_range"
		if n.Addr().Is4() {
			function = "ipv4_is_in_any_range"
		}
		ranges[function] = append(ranges[function], n.String())
	}
	parts := []string{"isempty(From)"}
	for _, function := range []string{"ipv4_is_in_any_range", "ipv6_is_in_any_range"} {
		if len(ranges[function]) > 0 { // which is null for an address of the other kind
			parts = append(parts, fmt.Sprintf("coalesce(%s(From, dynamic([%s])), false)", function, list(ranges[function])))
		}
	}
	return "(" + strings.Join(parts, " or ") + ")"
}
