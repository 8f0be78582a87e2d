package gcpalert_test

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
)

// query is a filter in the Logging query language, read and answered apart from what writes it. Google has no evaluator
// that runs here, and its own parser, in the Ops Agent, has neither functions nor lists of values. The parser here is einride's of
// https://google.aip.dev/160, the grammar that Google calls the language's own; it has no =~, so a regular expression goes in as a
// function. What the parts mean is a small evaluator of what is documented in
// https://cloud.google.com/logging/docs/view/logging-query-language: AND, OR, NOT, the comparisons = > >= : =~, lists of
// values and ip_in_net.
type query struct {
	t    *testing.T
	root *expr.Expr
}

var regexpOperator = regexp.MustCompile(`=~("(?:[^"\\]|\\.)*")`)

func parse(t *testing.T, filter string) query {
	t.Helper()
	var p filtering.Parser
	p.Init(regexpOperator.ReplaceAllString(filter, "=regexp($1)"))
	parsed, err := p.Parse()
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	return query{t, parsed.GetExpr()}
}

func (q query) matches(record []byte) bool {
	q.t.Helper()
	var entry map[string]any
	if err := json.Unmarshal(record, &entry); err != nil {
		q.t.Fatal(err)
	}
	return q.holds(q.root, entry)
}

func (q query) holds(e *expr.Expr, entry map[string]any) bool {
	q.t.Helper()
	call := e.GetCallExpr()
	args := call.GetArgs()
	switch f := call.GetFunction(); f {
	case filtering.FunctionAnd:
		return q.holds(args[0], entry) && q.holds(args[1], entry)
	case filtering.FunctionOr:
		return q.holds(args[0], entry) || q.holds(args[1], entry)
	case filtering.FunctionNot:
		return !q.holds(args[0], entry)
	case filtering.FunctionEquals, filtering.FunctionGreaterThan, filtering.FunctionGreaterEquals, filtering.FunctionHas:
		return slices.ContainsFunc(q.values(args[0], entry), func(v any) bool { return q.compare(f, v, args[1]) })
	case "ip_in_net":
		return slices.ContainsFunc(q.values(args[0], entry), func(v any) bool {
			text, _ := v.(string)
			a, err := netip.ParseAddr(text)
			return err == nil && netip.MustParsePrefix(args[1].GetConstExpr().GetStringValue()).Contains(a)
		})
	}
	q.t.Fatalf("the language has no %s", e)
	return false
}

// compare compares strings without regard to case, but for regular expressions.
func (q query) compare(operator string, value any, with *expr.Expr) bool {
	q.t.Helper()
	call, literal := with.GetCallExpr(), with.GetConstExpr()
	switch {
	case operator == filtering.FunctionHas && (literal.GetStringValue() == "*" || with.GetIdentExpr().GetName() == "*"):
		return true
	case call.GetFunction() == filtering.FunctionOr:
		return q.compare(operator, value, call.GetArgs()[0]) || q.compare(operator, value, call.GetArgs()[1])
	case call.GetFunction() == "regexp":
		text, ok := value.(string)
		return ok && regexp.MustCompile(call.GetArgs()[0].GetConstExpr().GetStringValue()).MatchString(text)
	}
	switch v := value.(type) {
	case string:
		if _, ok := literal.GetConstantKind().(*expr.Constant_StringValue); ok && operator == filtering.FunctionEquals {
			return strings.EqualFold(v, literal.GetStringValue())
		}
	case float64:
		if _, ok := literal.GetConstantKind().(*expr.Constant_Int64Value); ok {
			n := float64(literal.GetInt64Value())
			return operator == filtering.FunctionEquals && v == n || operator == filtering.FunctionGreaterThan && v > n ||
				operator == filtering.FunctionGreaterEquals && v >= n
		}
	}
	q.t.Fatalf("the comparison %v %s %v is not known here", value, operator, with)
	return false
}

// fields are those of a LogEntry that filters may begin with. Others are an error in the language.
var fields = []string{"logName", "resource", "protoPayload", "jsonPayload"}

// values are those of a field, of each element where there are lists; none where it is missing.
func (q query) values(e *expr.Expr, entry map[string]any) []any {
	q.t.Helper()
	if name := e.GetIdentExpr().GetName(); name != "" {
		if !slices.Contains(fields, name) {
			q.t.Fatalf("a LogEntry has no field %s", name)
		}
		return present(entry, name)
	}
	if e.GetSelectExpr() == nil {
		q.t.Fatalf("%s is no field", e)
	}
	var found []any
	for _, v := range q.values(e.GetSelectExpr().GetOperand(), entry) {
		if object, ok := v.(map[string]any); ok {
			found = append(found, present(object, e.GetSelectExpr().GetField())...)
		}
	}
	return found
}

func present(object map[string]any, name string) []any {
	v, ok := object[name]
	if list, is := v.([]any); is {
		return list
	}
	if ok {
		return []any{v}
	}
	return nil
}

// The parser and the evaluator know what the documentation of the language says.
func TestQuery(t *testing.T) {
	const entry = `{"protoPayload": {"status": {}, "methodName": "a.B", "list": [{"x": "One"}, {"x": "two"}], "words": ["a", "b"], "n": 7,
		"requestMetadata": {"callerIp": "203.0.113.9"}, "other": {"callerIp": "private"}}}`
	for filter, want := range map[string]bool{
		`protoPayload.methodName="A.b"`:           true, // comparisons heed no case
		`protoPayload.methodName=~"^A"`:           false,
		`protoPayload.methodName=~"[.]B$"`:        true,
		`protoPayload.methodName=~"B|x"`:          true, // not anchored
		`protoPayload.missing="x"`:                false,
		`NOT protoPayload.missing="x"`:            true,
		`NOT protoPayload.status.code>0`:          true,
		`protoPayload.n>=7`:                       true,
		`protoPayload.n>7`:                        false,
		`protoPayload.list.x="two"`:               true, // one of a list
		`protoPayload.words=~"^b$"`:               true,
		`protoPayload.words=~"^c$"`:               false,
		`protoPayload.list.y:*`:                   false,
		`protoPayload.list.x:*`:                   true,
		`protoPayload.methodName=("x" OR "a.b")`:  true,
		`protoPayload.n=1 AND (protoPayload.n=7)`: false,
		// OR before AND.
		`protoPayload.n=7 OR protoPayload.n=7 AND protoPayload.n=1`:          false,
		`ip_in_net(protoPayload.requestMetadata.callerIp, "203.0.113.0/24")`: true,
		`ip_in_net(protoPayload.requestMetadata.callerIp, "192.0.2.0/24")`:   false,
		`ip_in_net(protoPayload.other.callerIp, "0.0.0.0/0")`:                false,
	} {
		if got := parse(t, filter).matches([]byte(entry)); got != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
}
