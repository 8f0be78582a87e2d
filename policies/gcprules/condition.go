package gcprules

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"
)

// condition is an expression in CEL, in which IAM writes conditions: https://cloud.google.com/iam/docs/conditions-overview.
type condition struct {
	root ast.Expr
	// names are the attributes that stand for others: "attribute.repository" for "assertion.repository".
	names map[string]string
}

// parse reads a condition.
func parse(text string) (c condition, ok bool) {
	p, err := parser.NewParser()
	if err != nil {
		return c, false
	}
	tree, errs := p.Parse(common.NewTextSource(text))
	if len(errs.GetErrors()) > 0 {
		return c, false
	}
	return condition{root: tree.Expr()}, true
}

// comparison is one of an attribute with a text that is written down, as in assertion.repository.startsWith("shop/").
type comparison struct {
	attribute string // "assertion.repository", "assertion.repository.split(/)[0]", "resource.name"
	operator  string // "==", "!=", "startsWith", or another function's name
	text      string
}

// requires tells whether the condition is met only where one of the comparisons that count is true. It follows and, or,
// not, ?:, in, == and the functions of texts; what else there is in CEL requires nothing.
func (c condition) requires(counts func(comparison) bool) bool {
	r := reading{condition: c, counts: counts, answers: map[question]bool{}}
	return r.comesTo(c.root, true)
}

// reading is a walk through a condition. Each part is asked the same only once, or ?: in ?: would take forever.
type reading struct {
	condition
	counts  func(comparison) bool
	answers map[question]bool
}

type question struct {
	part  int64
	value bool
}

// comesTo tells whether an expression comes to a value only where a comparison that counts is true.
func (r reading) comesTo(e ast.Expr, value bool) bool {
	q := question{e.ID(), value}
	answer, known := r.answers[q]
	if !known {
		answer = r.decide(e, value)
		r.answers[q] = answer
	}
	return answer
}

func (r reading) decide(e ast.Expr, value bool) bool {
	if e.Kind() == ast.LiteralKind {
		is, ok := e.AsLiteral().Value().(bool)
		return ok && is != value // never
	}
	if e.Kind() != ast.CallKind {
		return false
	}
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalNot:
		return r.comesTo(args[0], !value)
	case operators.LogicalAnd, operators.LogicalOr:
		left, right := r.comesTo(args[0], value), r.comesTo(args[1], value)
		if (name == operators.LogicalAnd) == value {
			return left || right
		}
		return left && right
	case operators.Conditional:
		return (r.comesTo(args[0], true) || r.comesTo(args[1], value)) && (r.comesTo(args[0], false) || r.comesTo(args[2], value))
	case operators.Equals, operators.NotEquals:
		same := (name == operators.Equals) == value
		return r.equals(args[0], args[1], same) || r.equals(args[1], args[0], same)
	case operators.In:
		return r.in(args[0], args[1], value)
	}
	return value && call.IsMemberFunction() && len(args) > 0 && r.function(call)
}

// function is one of a text, as in assertion.sub.startsWith('repo:shop/').
func (r reading) function(call ast.CallExpr) bool {
	text, ok := literal(call.Args()[0])
	attribute := r.attribute(call.Target())
	if !ok || attribute == "" {
		return false
	}
	if call.FunctionName() != "matches" {
		return r.counts(comparison{attribute, call.FunctionName(), text})
	}
	begins := beginnings(text)
	return len(begins) > 0 && !slices.ContainsFunc(begins, func(b beginning) bool {
		operator := "startsWith"
		if b.whole {
			operator = "=="
		}
		return !b.anchored || !r.counts(comparison{attribute, operator, b.text})
	})
}

func (r reading) equals(left, right ast.Expr, same bool) bool {
	if right.Kind() == ast.LiteralKind {
		if is, ok := right.AsLiteral().Value().(bool); ok {
			return r.comesTo(left, is == same)
		}
	}
	text, ok := literal(right)
	attribute := r.attribute(left)
	if !ok || attribute == "" {
		return false
	}
	operator := "!="
	if same {
		operator = "=="
	}
	return r.counts(comparison{attribute, operator, text})
}

// in is that an attribute is one of several texts: it may be each of them, and is none of them where it is not. Or that
// a text is in an attribute that is a list.
func (r reading) in(left, right ast.Expr, value bool) bool {
	if right.Kind() != ast.ListKind {
		text, ok := literal(left)
		attribute := r.attribute(right)
		return ok && value && attribute != "" && r.counts(comparison{attribute, "in", text})
	}
	for _, item := range right.AsList().Elements() {
		if r.equals(left, item, value) != value {
			return !value
		}
	}
	return value
}

// attribute is the name of what an expression takes from the request; empty: it is something else. Functions that do
// not change what a comparison means are left out.
func (c condition) attribute(e ast.Expr) string {
	name := ""
	switch e.Kind() {
	case ast.IdentKind:
		name = e.AsIdent()
	case ast.SelectKind:
		if of := c.attribute(e.AsSelect().Operand()); of != "" {
			name = of + "." + e.AsSelect().FieldName()
		}
	case ast.CallKind:
		name = c.called(e.AsCall())
	}
	if other, ok := c.names[name]; ok {
		return other
	}
	return name
}

func (c condition) called(call ast.CallExpr) string {
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == operators.Index:
		of := c.attribute(args[0])
		if text, ok := literal(args[1]); ok && of != "" {
			if _, err := strconv.Atoi(text); err == nil {
				return of + "[" + text + "]"
			}
			return of + "." + text
		}
	case name == "string" && len(args) == 1:
		return c.attribute(args[0])
	case name == "lowerAscii" && call.IsMemberFunction():
		return c.attribute(call.Target())
	case (name == "split" || name == "extract") && call.IsMemberFunction() && len(args) == 1:
		of := c.attribute(call.Target())
		if text, ok := literal(args[0]); ok && of != "" {
			return of + "." + name + "(" + text + ")"
		}
	}
	return ""
}

func literal(e ast.Expr) (text string, ok bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	return fmt.Sprint(e.AsLiteral().Value()), true
}

// beginning is what a text begins with that matches a regular expression.
type beginning struct {
	text     string
	anchored bool // the expression begins with ^: otherwise the text may have anything before
	whole    bool // and it ends there
	open     bool // more of the expression may follow
}

// maxBeginnings is how many alternatives are followed.
const maxBeginnings = 100

// beginnings are those of all texts that match; none: the expression cannot be read.
func beginnings(expression string) []beginning {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return extend([]beginning{{open: true}}, tree)
}

func extend(all []beginning, by *syntax.Regexp) []beginning {
	switch by.Op {
	case syntax.OpConcat:
		for _, part := range by.Sub {
			all = extend(all, part)
		}
		return all
	case syntax.OpCapture:
		return extend(all, by.Sub[0])
	case syntax.OpAlternate:
		var either []beginning
		for _, part := range by.Sub {
			either = append(either, extend(slices.Clone(all), part)...)
		}
		if len(either) > maxBeginnings {
			return nil
		}
		return either
	}
	for i := range all {
		if b := &all[i]; b.open {
			switch {
			case by.Op == syntax.OpBeginText && b.text == "":
				b.anchored = true
			case by.Op == syntax.OpLiteral && b.anchored:
				b.text += string(by.Rune)
			case by.Op == syntax.OpEndText:
				b.whole, b.open = true, false
			case by.Op != syntax.OpEmptyMatch:
				b.open = false
			}
		}
	}
	return all
}
