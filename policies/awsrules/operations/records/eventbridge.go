package records

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// maxDepth is how deep patterns may be nested.
const maxDepth = 50

// EventPattern reads an event pattern of EventBridge, as JSON or as an object:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
func EventPattern(v policy.Value) (Pattern, error) {
	object, err := v.Document()
	if err != nil {
		return never, err
	}
	if !object.IsMap() {
		return never, errors.New("it is not an event pattern: no object")
	}
	return fields(object, "", maxDepth)
}

// fields must all hold.
func fields(object policy.Value, path string, depth int) (Pattern, error) {
	if depth == 0 {
		return never, errors.New("it is nested too deep")
	}
	var parts []Pattern
	for name, v := range object.Fields() {
		var part Pattern
		var err error
		switch inner := strings.TrimPrefix(path+"."+name, "."); {
		case name == "$or" && v.IsList():
			part, err = either(v, path, depth)
		case v.IsMap():
			part, err = fields(v, inner, depth-1)
		case v.IsList():
			part = values(v, inRecord(inner))
		default:
			err = fmt.Errorf("%s is neither a list nor an object", inner)
		}
		if err != nil {
			return never, err
		}
		parts = append(parts, part)
	}
	return allOf(parts...), nil
}

func either(v policy.Value, path string, depth int) (Pattern, error) {
	var parts []Pattern
	for _, object := range v.Items() {
		part, err := fields(object, path, depth-1)
		if err != nil {
			return never, err
		}
		parts = append(parts, part)
	}
	return oneOf(parts...), nil
}

// inRecord is where a field of an event is in the record: its detail is the record.
func inRecord(path string) string {
	if inner, ok := strings.CutPrefix(path, "detail."); ok {
		return inner
	}
	return envelope + path
}

// values are those of which a field must be one.
func values(list policy.Value, path string) Pattern {
	var parts []Pattern
	for _, v := range list.Items() {
		if !v.IsMap() {
			parts = append(parts, is(test{path: path, how: equal, text: literal(v)}))
			continue
		}
		for operator, operand := range v.Fields() {
			parts = append(parts, compare(path, operator, operand))
		}
	}
	return oneOf(parts...)
}

func compare(path, operator string, operand policy.Value) Pattern {
	if operator == "anything-but" {
		return except(path, operand)
	}
	return is(comparison(path, operator, operand))
}

// except are values that a field must not have.
func except(path string, operand policy.Value) Pattern {
	var parts []Pattern
	but := func(t test) {
		t.not = true
		parts = append(parts, is(t))
	}
	if !operand.IsMap() {
		for _, v := range operand.Items() {
			but(test{path: path, how: equal, text: literal(v)})
		}
		return allOf(parts...)
	}
	for operator, texts := range operand.Fields() {
		for _, v := range texts.Items() {
			but(comparison(path, operator, v))
		}
	}
	return allOf(parts...)
}

func comparison(path, operator string, operand policy.Value) test {
	t := test{path: path, how: other, text: literal(operand)}
	if folded := operand.At("equals-ignore-case"); folded.IsText() {
		t.text, t.fold = folded.Text(), true
	}
	switch operator {
	case "prefix":
		t.how = prefix
	case "suffix":
		t.how = suffix
	case "equals-ignore-case":
		t.how, t.fold = equal, true
	case "wildcard":
		return matching(path, t.text, false)
	case "exists":
		t.how, t.not = present, operand.False()
	}
	return t
}

// literal is a value as a record's text has it.
func literal(v policy.Value) string {
	if v.Absent() {
		return "null"
	}
	return v.String()
}

// Insight reads a rule of Contributor Insights, as JSON or as an object:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html.
func Insight(v policy.Value) (Pattern, error) {
	object, err := v.Document()
	if err != nil {
		return never, err
	}
	if object.At("LogFormat").Text() != "JSON" {
		return never, nil // CloudTrail's records are JSON
	}
	var parts []Pattern
	for _, filter := range object.At("Contribution.Filters").Items() {
		path := selector(filter.At("Match").Text())
		for operator, operand := range filter.Fields() {
			switch operator {
			case "Match":
			case "In", "NotIn", "StartsWith":
				parts = append(parts, among(path, operator, operand.Items()))
			case "IsPresent":
				parts = append(parts, is(test{path: path, how: present, not: operand.False()}))
			default:
				parts = append(parts, is(test{path: path, how: other}))
			}
		}
	}
	return allOf(parts...), nil
}

func among(path, operator string, list []policy.Value) Pattern {
	if operator == "NotIn" {
		var parts []Pattern
		for _, v := range list {
			parts = append(parts, is(test{path: path, how: equal, text: literal(v), not: true}))
		}
		return allOf(parts...)
	}
	var parts []Pattern
	for _, v := range list {
		t := test{path: path, how: equal, text: literal(v)}
		if operator == "StartsWith" {
			t.how = prefix
		}
		parts = append(parts, is(t))
	}
	return oneOf(parts...)
}

// selector is the path of "$.a.b[0].c" without indexes.
func selector(text string) string {
	path := strings.TrimPrefix(text, "$.")
	var parts []string
	for part := range strings.SplitSeq(path, ".") {
		name, _, _ := strings.Cut(part, "[")
		parts = append(parts, strings.Trim(name, `"'`))
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ".")
}
