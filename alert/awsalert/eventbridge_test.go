package awsalert_test

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
)

// eventBridge tells whether an event pattern matches an event. It knows the operators that the patterns here use, as
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html says them, and no others;
// TestEventRuler compares it with AWS's own matcher.
func eventBridge(t *testing.T, pattern, event string) bool {
	t.Helper()
	var p, e map[string]any
	for text, into := range map[string]*map[string]any{pattern: &p, event: &e} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	return objectMatches(p, []any{e})
}

// objectMatches takes several objects, where an array has them.
func objectMatches(pattern map[string]any, objects []any) bool {
	for name, want := range pattern {
		var matches bool
		switch want := want.(type) {
		case []any:
			if name == "$or" {
				matches = slices.ContainsFunc(want, func(p any) bool { return objectMatches(p.(map[string]any), objects) })
			} else {
				matches = slices.ContainsFunc(want, func(w any) bool { return valueMatches(w, values(objects, name)) })
			}
		case map[string]any:
			matches = objectMatches(want, values(objects, name))
		default:
			panic(fmt.Sprintf("%s is neither an array nor an object", name))
		}
		if !matches {
			return false
		}
	}
	return true
}

func values(objects []any, name string) (all []any) {
	for _, o := range objects {
		o, _ := o.(map[string]any)
		switch value := o[name].(type) {
		case nil:
		case []any:
			all = append(all, value...)
		default:
			all = append(all, value)
		}
	}
	return all
}

func valueMatches(want any, got []any) bool {
	text, isText := want.(string)
	if isText {
		return slices.Contains(got, any(text))
	}
	operator := want.(map[string]any)
	if len(operator) != 1 {
		panic(fmt.Sprintf("%v is not one operator", operator))
	}
	for name, operand := range operator {
		if name == "exists" {
			return (len(got) > 0) == operand.(bool)
		}
		return slices.ContainsFunc(got, func(g any) bool {
			value, ok := g.(string)
			return ok && operatorMatches(name, operand, value)
		})
	}
	return false
}

func operatorMatches(name string, operand any, value string) bool {
	switch name {
	case "prefix":
		return strings.HasPrefix(value, operand.(string))
	case "suffix":
		return strings.HasSuffix(value, operand.(string))
	case "wildcard":
		// A * stands for slashes too.
		flat := func(s string) string { return strings.NewReplacer("/", "\x00", "[", `\[`, "?", `\?`).Replace(s) }
		matches, err := path.Match(flat(operand.(string)), strings.ReplaceAll(value, "/", "\x00"))
		return err == nil && matches
	case "anything-but":
		switch operand := operand.(type) {
		case []any:
			return !slices.Contains(operand, any(value))
		case map[string]any:
			return !slices.ContainsFunc(operand["wildcard"].([]any), func(w any) bool { return operatorMatches("wildcard", w, value) })
		}
	}
	panic(fmt.Sprintf("the operator %s with %T is not known here", name, operand))
}

// onBus is a record as EventBridge delivers it.
func onBus(t *testing.T, record []byte) string {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	if r["detail"] != nil {
		return string(record)
	}
	kind := "AWS API Call via CloudTrail"
	if r["eventType"] == "AwsServiceEvent" {
		kind = "AWS Service Event via CloudTrail"
	}
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": r["eventID"], "detail-type": kind,
		"source": "aws." + strings.TrimSuffix(r["eventSource"].(string), ".amazonaws.com"), "account": r["recipientAccountId"],
		"time": r["eventTime"], "region": r["awsRegion"], "resources": []any{}, "detail": r,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(event)
}
