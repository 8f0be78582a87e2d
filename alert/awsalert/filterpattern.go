package awsalert

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// MaxFilterPattern is how many characters a filter pattern may have:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html.
const MaxFilterPattern = 1024

// FilterPattern writes a condition for a metric filter: on the rotator's log group where it is about what a rotator tells
// (rotation-failed, rotation-overdue), on the trail's for all else. It fails where the pattern would have more than
// MaxFilterPattern characters.
//
// The form is that for JSON in https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html; an
// asterisk is at the beginning of a text or at its end.
func (s *Store) FilterPattern(c alert.Condition) (string, error) {
	branches, err := s.branches(c, func(o operation) bool { return o.source == rotator })
	if err != nil {
		branches, err = s.branches(c, onBus)
	}
	if err != nil {
		return "", err
	}
	common, rest := factor(branches)
	all, err := conjunction(common)
	if err != nil {
		return "", err
	}
	var either []string
	for _, f := range rest {
		parts, err := conjunction(f)
		if err != nil {
			return "", err
		}
		either = append(either, join(parts, " && "))
	}
	if len(either) > 0 {
		all = append(all, join(either, " || "))
	}
	pattern := "{ " + strings.Join(all, " && ") + " }"
	if len(pattern) > MaxFilterPattern {
		return "", fmt.Errorf("the filter pattern has %d characters, and CloudWatch Logs takes %d: name fewer deployers or replicas, or a shorter prefix",
			len(pattern), MaxFilterPattern)
	}
	return pattern, nil
}

// conjunction has a part for each field.
func conjunction(f fields) ([]string, error) {
	var parts []string
	for _, path := range slices.Sorted(maps.Keys(f)) {
		if path == string(theKey) {
			return nil, errors.New("a filter pattern cannot ask for one of several keys")
		}
		var either []string
		for _, m := range f[path] {
			text, err := m.comparison("$." + path)
			if err != nil {
				return nil, err
			}
			either = append(either, text)
		}
		parts = append(parts, join(either, " || "))
	}
	return parts, nil
}

func join(parts []string, operator string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, operator) + ")"
}

func (m match) comparison(selector string) (string, error) {
	compare := func(operator, text string) string { return "(" + selector + " " + operator + ` "` + text + `")` }
	switch m.how {
	case equal:
		return compare("=", m.text[0]), nil
	case begins:
		return compare("=", m.text[0]+"*"), nil
	case other:
		var none []string
		for _, t := range m.text {
			none = append(none, compare("!=", t))
		}
		return join(none, " && "), nil
	case absent:
		return "(" + selector + " NOT EXISTS)", nil
	}
	return "", errors.New("a filter pattern of this form cannot ask how a text ends")
}
