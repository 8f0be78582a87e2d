package gcpalert

import (
	"strconv"
	"strings"
)

// expr is an expression of the Logging query language: https://cloud.google.com/logging/docs/view/logging-query-language.
type expr struct {
	text string
	of   operator // what its parts are joined with, if it has any
}

type operator string

// OR binds more tightly than AND; all parts with another operator are in parentheses all the same.
const (
	conjunction operator = " AND "
	disjunction operator = " OR "
)

// What holds for each entry, and for none. The language has no words for them: and, or and not take them away.
var (
	always = expr{text: "always"}
	never  = expr{text: "never"}
)

func and(parts ...expr) expr { return join(conjunction, always, never, parts) }

func or(parts ...expr) expr { return join(disjunction, never, always, parts) }

// join leaves out the neutral parts; one that decides alone is the whole.
func join(with operator, neutral, decides expr, parts []expr) expr {
	var joined []expr
	for _, p := range parts {
		switch p {
		case decides:
			return decides
		case neutral:
		default:
			joined = append(joined, p)
		}
	}
	switch len(joined) {
	case 0:
		return neutral
	case 1:
		return joined[0]
	}
	texts := make([]string, len(joined))
	for i, p := range joined {
		if texts[i] = p.text; p.of != with {
			texts[i] = p.operand()
		}
	}
	return expr{strings.Join(texts, string(with)), with}
}

func not(e expr) expr {
	switch e {
	case always:
		return never
	case never:
		return always
	}
	if twice, ok := strings.CutPrefix(e.text, "NOT "); ok && e.of == "" {
		return expr{text: twice}
	}
	return expr{text: "NOT " + e.operand()}
}

func (e expr) operand() string {
	if e.of != "" {
		return "(" + e.text + ")"
	}
	return e.text
}

// equal compares without regard to case, as the language does. A comparison with a field that is not there is
// false, and NOT of it true.
func equal(field string, values ...string) expr {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	switch len(quoted) {
	case 0:
		return never
	case 1:
		return expr{text: field + "=" + quoted[0]}
	}
	return expr{text: field + "=(" + strings.Join(quoted, " OR ") + ")"}
}

func has(field string) expr { return expr{text: field + ":*"} }

func compare(field, operator string, n int) expr {
	return expr{text: field + operator + strconv.Itoa(n)}
}

// matches holds where the field matches one of the regular expressions, which heed case.
func matches(field, before string, any []string, after string) expr {
	switch len(any) {
	case 0:
		return never
	case 1:
		return expr{text: field + `=~"` + before + any[0] + after + `"`}
	}
	return expr{text: field + `=~"` + before + "(" + strings.Join(any, "|") + ")" + after + `"`}
}

// quote makes a regular expression of a text without a backslash, as the language does not say what one in a string is.
// A character that needs one, and which no name of Google's has, matches any.
func quote(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(`^\"`, r):
			b.WriteByte('.')
		case strings.ContainsRune(".+*?()|[]{}$", r):
			b.WriteString("[" + string(r) + "]")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
