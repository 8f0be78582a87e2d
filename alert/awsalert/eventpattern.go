package awsalert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// MaxEventPattern is how many characters an event pattern may have:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html.
const MaxEventPattern = 2048

// EventPattern writes a condition for a rule on the account's default event bus, which has what CloudTrail has: calls and
// the services' own events alike. It has reads only for a rule with the state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
// It fails where the pattern would have more than MaxEventPattern characters: see Split.
//
// The operators are those of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
func (s *Store) EventPattern(c alert.Condition) (string, error) {
	pattern, err := s.eventPattern(c)
	if err == nil && len(pattern) > MaxEventPattern {
		err = fmt.Errorf("the event pattern has %d characters, and EventBridge takes %d: watch fewer secrets, readers or networks with one rule",
			len(pattern), MaxEventPattern)
	}
	if err != nil {
		return "", err
	}
	return pattern, nil
}

// onBus tells whether the event bus has an operation.
func onBus(o operation) bool { return o.source != rotator }

func (s *Store) eventPattern(c alert.Condition) (string, error) {
	branches, err := s.branches(c, onBus)
	if err != nil {
		return "", err
	}
	common, rest := factor(branches)
	pattern := object(common)
	if len(rest) > 0 {
		var either []any
		for _, f := range rest {
			either = append(either, object(f))
		}
		pattern["$or"] = either
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err = e.Encode(pattern)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// factor takes out what all branches have in common. rest is nil where nothing else is left in one of them.
func factor(branches []fields) (common fields, rest []fields) {
	common = fields{}
	for path, matches := range branches[0] {
		if !slices.ContainsFunc(branches, func(f fields) bool { return !slices.EqualFunc(f[path], matches, match.equals) }) {
			common[path] = matches
		}
	}
	for _, f := range branches {
		left := fields{}
		for path, matches := range f {
			if _, ok := common[path]; !ok {
				left[path] = matches
			}
		}
		if len(left) == 0 {
			return common, nil
		}
		rest = append(rest, left)
	}
	return common, rest
}

func (m match) equals(n match) bool { return m.how == n.how && slices.Equal(m.text, n.text) }

// object nests the fields as they are in an event of EventBridge.
func object(f fields) map[string]any {
	root := map[string]any{}
	for path, matches := range f {
		if path == "eventSource" { // nobody but AWS can send events whose source begins so
			root["source"] = []any{"aws." + strings.TrimSuffix(matches[0].text[0], ".amazonaws.com")}
			continue
		}
		at := root
		names := strings.Split("detail."+path, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := at[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[name] = inner
			}
			at = inner
		}
		var values []any
		for _, m := range matches {
			values = append(values, m.operator())
		}
		at[names[len(names)-1]] = values
	}
	return root
}

func (m match) operator() any {
	switch m.how {
	case begins:
		return map[string]any{"prefix": m.text[0]}
	case ends:
		return map[string]any{"suffix": m.text[0]}
	case other: // only where the field is there
		if slices.ContainsFunc(m.text, func(t string) bool { return strings.Contains(t, "*") }) {
			return map[string]any{"anything-but": map[string]any{"wildcard": m.text}}
		}
		return map[string]any{"anything-but": m.text}
	case absent:
		return map[string]any{"exists": false}
	}
	return m.text[0]
}
