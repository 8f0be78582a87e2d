package azurealert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// call gives the value of a function: https://learn.microsoft.com/kusto/query/scalar-functions, …/aggregation-functions.
func (p *parser) call(name string, arguments []expression) expression {
	if aggregate, ok := aggregates[name]; ok {
		return func(s scope) any {
			var values []any
			for _, r := range s.group {
				var v any
				if len(arguments) > 0 {
					v = arguments[0](scope{row: r})
				}
				values = append(values, v)
			}
			limit := len(values)
			if len(arguments) > 1 {
				limit = int(arguments[1](scope{}).(int64))
			}
			return aggregate(values, limit)
		}
	}
	if name == "ago" {
		return func(s scope) any { return p.workspace.now.Add(-arguments[0](s).(time.Duration)) }
	}
	function, ok := functions[name]
	if !ok {
		panic("kusto: no function " + name)
	}
	return func(s scope) any {
		var values []any
		for _, a := range arguments {
			values = append(values, a(s))
		}
		return function(values)
	}
}

var aggregates = map[string]func(values []any, limit int) any{
	"count":    func(v []any, _ int) any { return int64(len(v)) },
	"min":      func(v []any, _ int) any { return extreme(v, -1) },
	"max":      func(v []any, _ int) any { return extreme(v, 1) },
	"take_any": func(v []any, _ int) any { return v[0] },
	"make_list": func(v []any, _ int) any {
		return slices.DeleteFunc(v, func(v any) bool { return v == nil })
	},
	"make_set": func(v []any, limit int) any {
		var set []any
		for _, v := range v {
			if len(set) < limit && !slices.Contains(set, v) {
				set = append(set, v)
			}
		}
		return set
	},
}

func extreme(values []any, sign int) (best any) {
	for _, v := range values {
		if v != nil && (best == nil || compare(v, best)*sign > 0) {
			best = v
		}
	}
	return best
}

var functions = map[string]func(v []any) any{
	"not": func(v []any) any {
		if v[0] == nil {
			return nil
		}
		return !v[0].(bool)
	},
	"isempty":    func(v []any) any { return empty(v[0]) },
	"isnotempty": func(v []any) any { return !empty(v[0]) },
	"isnull":     func(v []any) any { return v[0] == nil },
	"isnotnull":  func(v []any) any { return v[0] != nil },
	"coalesce": func(v []any) any {
		for _, v := range v {
			if !empty(v) {
				return v
			}
		}
		return v[len(v)-1]
	},
	"iff": func(v []any) any {
		if v[0] == true {
			return v[1]
		}
		return v[2]
	},
	"case": func(v []any) any {
		for i := 0; i+1 < len(v); i += 2 {
			if v[i] == true {
				return v[i+1]
			}
		}
		return v[len(v)-1]
	},
	"tolower":  func(v []any) any { return strings.ToLower(v[0].(string)) },
	"tostring": func(v []any) any { return text0(v[0]) },
	"tolong": func(v []any) any {
		if v[0] == nil {
			return nil
		}
		return v[0].(int64)
	},
	"strcat": func(v []any) any {
		joined := ""
		for _, v := range v {
			joined += text0(v)
		}
		return joined
	},
	"extract": func(v []any) any {
		groups := compile(v[0]).FindStringSubmatch(v[2].(string))
		if groups == nil {
			return ""
		}
		return groups[v[1].(int64)]
	},
	"parse_json": func(v []any) any { return fromJSON(v[0].(string)) },
	"set_has_element": func(v []any) any {
		if v[0] == nil {
			return nil
		}
		return slices.Contains(v[0].([]any), v[1])
	},
	"array_length": func(v []any) any { return int64(len(v[0].([]any))) },
	"array_slice": func(v []any) any {
		array, begin, end := v[0].([]any), int(v[1].(int64)), int(v[2].(int64))
		if end < 0 {
			end += len(array)
		}
		return array[begin : end+1]
	},
	"array_sort_asc": func(v []any) any {
		array, _ := v[0].([]any)
		return slices.SortedFunc(slices.Values(array), compare)
	},
	"strcat_array": func(v []any) any {
		var parts []string
		for _, v := range v[0].([]any) {
			parts = append(parts, text0(v))
		}
		return strings.Join(parts, v[1].(string))
	},
	"ipv4_is_in_any_range": func(v []any) any { return inAnyRange(v, netip.Addr.Is4) },
	"ipv6_is_in_any_range": func(v []any) any { return inAnyRange(v, netip.Addr.Is6) },
}

var compiled = map[string]*regexp.Regexp{}

func compile(pattern any) *regexp.Regexp {
	text := pattern.(string)
	if compiled[text] == nil {
		compiled[text] = regexp.MustCompile(text)
	}
	return compiled[text]
}

func inAnyRange(v []any, kind func(netip.Addr) bool) any {
	a, err := netip.ParseAddr(v[0].(string))
	if err != nil || !kind(a) {
		return nil
	}
	return slices.ContainsFunc(v[1].([]any), func(network any) bool { return netip.MustParsePrefix(network.(string)).Contains(a) })
}

func empty(v any) bool { return v == nil || v == "" }

func text0(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func compare(a, b any) int {
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return cmp.Compare(a, b.(string))
	case time.Time:
		return a.Compare(b.(time.Time))
	case time.Duration:
		return cmp.Compare(a, b.(time.Duration))
	}
	panic(fmt.Sprintf("kusto: %T has no order", a))
}

// relation compares; with null the answer is null.
func relation(op string, a, b any) any {
	if a == nil || b == nil {
		return nil
	}
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case "<":
		return compare(a, b) < 0
	case ">":
		return compare(a, b) > 0
	case "=~":
		return strings.EqualFold(a.(string), b.(string))
	case "matches":
		return compile(b).MatchString(a.(string))
	}
	panic("kusto: no operator " + op)
}

func add(op string, a, b any) any {
	switch a := a.(type) {
	case time.Time:
		return a.Sub(b.(time.Time))
	case int64:
		if op == "-" {
			return a - b.(int64)
		}
		return a + b.(int64)
	}
	panic(fmt.Sprintf("kusto: %T %s", a, op))
}

// fromJSON gives a dynamic value. What is no JSON is a text.
func fromJSON(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return dynamic(v)
}

// guid is what a text in a dynamic value becomes that looks like one; and it equals no text.
type guid string

var looksLikeGUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// dynamic gives what parsed JSON becomes: https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic.
func dynamic(v any) any {
	switch v := v.(type) {
	case string:
		if looksLikeGUID.MatchString(v) {
			return guid(strings.ToLower(v))
		}
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t
		}
	case float64:
		return int64(v)
	case []any:
		for i := range v {
			v[i] = dynamic(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = dynamic(v[k])
		}
	}
	return v
}
