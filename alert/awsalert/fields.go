package awsalert

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/alert"
)

// match is what a field of a record can be.
type match struct {
	how  how
	text []string
}

type how int

const (
	equal  how = iota
	begins     // with text
	ends       // with text
	other      // than each text, where * stands for any; and the field is there
	absent
)

func is(text string) match { return match{equal, []string{text}} }

// holds tells whether a text equals, or begins with, that of the match.
func (m match) holds(text string) bool {
	return text == m.text[0] || m.how == begins && strings.HasPrefix(text, m.text[0])
}

func all(texts []string) (matches []match) {
	for _, t := range texts {
		matches = append(matches, is(t))
	}
	return matches
}

// fields are what a record has to have: in each field, by its path, one of the matches.
type fields map[string][]match

// and joins the fields of two. None of their paths is the same.
func (f fields) and(g fields) fields {
	joined := fields{}
	for _, of := range []fields{f, g} {
		for path, matches := range of {
			joined[path] = matches
		}
	}
	return joined
}

// branches write a condition as fields, of which one set has to be there. use chooses the operations.
func (s *Store) branches(c alert.Condition, use func(operation) bool) ([]fields, error) {
	all, err := terms(c)
	if err != nil {
		return nil, err
	}
	var branches []fields
	for _, t := range all {
		if len(t.does) == 0 {
			return nil, errors.New("the condition names no action, and so no operations of AWS")
		}
		for _, action := range t.does {
			if !slices.ContainsFunc(operations, func(o operation) bool { return o.action == action && use(o) }) {
				return nil, fmt.Errorf("this log tells of no %s", action)
			}
		}
		for _, group := range s.groups(t, use) {
			of, err := s.branchesOf(t, group)
			if err != nil {
				return nil, err
			}
			branches = append(branches, of...)
		}
	}
	if len(branches) == 0 {
		return nil, errors.New("no record of this log can match the condition")
	}
	return branches, nil
}

// groups are the operations of a term, those together that have the source, the subject and the kind of outcome in common.
func (s *Store) groups(t term, use func(operation) bool) [][]operation {
	var all [][]operation
	for _, o := range operations {
		if !use(o) || s.calls != nil && !slices.Contains(s.calls, o.call()) || !slices.Contains(t.does, o.action) ||
			o.outcome != "" && t.ends != nil && !slices.Contains(t.ends, o.outcome) {
			continue
		}
		i := slices.IndexFunc(all, func(g []operation) bool {
			return g[0].source == o.source && g[0].about == o.about && (g[0].outcome == "") == (o.outcome == "") && g[0].direct() == o.direct()
		})
		if i < 0 {
			all = append(all, []operation{o})
		} else {
			all[i] = append(all[i], o)
		}
	}
	return all
}

func (s *Store) branchesOf(t term, group []operation) ([]fields, error) {
	first, names := group[0], []string{}
	for _, o := range group {
		names = append(names, o.name)
	}
	if first.source == rotator {
		f, err := ofRotator(t, first)
		return []fields{f}, err
	}
	base := fields{
		"eventSource": {is(first.source)}, "eventName": all(names),
		"recipientAccountId": {is(s.Account)},
	}
	if first.source == secretsManager {
		base["awsRegion"] = all(s.regions())
	}
	if first.direct() {
		base["userIdentity.invokedBy"] = []match{{how: absent}}
	}
	branches := []fields{base}
	if first.outcome == "" && t.ends != nil {
		ended, err := endings(t.ends)
		if err != nil {
			return nil, err
		}
		branches = product(branches, ended, fields.and)
	}
	about, err := s.about(t, &first)
	if err != nil {
		return nil, err
	}
	return product(branches, about, fields.and), nil
}

// ofRotator are the fields of a rotator's records, which are all of the store.
func ofRotator(t term, o operation) (fields, error) {
	if len(t.notIn) > 0 || slices.ContainsFunc(t.in, func(in alert.Set) bool { return in != alert.OfStore }) {
		return nil, errors.New("the rotator's records do not tell by whom or from where")
	}
	f := fields{"msg": {is(o.name)}}
	if o.action == alert.Rotate {
		f["step"] = []match{{other, []string{look}}}
	}
	for _, word := range slices.Sorted(maps.Keys(outcomes)) {
		if slices.Contains(t.ends, outcomes[word]) {
			f["outcome"] = append(f["outcome"], is(word))
		}
	}
	return f, nil
}

func endings(outcomes []alert.Outcome) ([]fields, error) {
	var branches []fields
	for _, o := range outcomes {
		switch o {
		case alert.OK:
			branches = append(branches, fields{"errorCode": {{how: absent}}})
		case alert.Denied:
			branches = append(branches, fields{"errorCode": {{begins, []string{denied}}}})
		case alert.Gone:
			branches = append(branches, fields{"errorCode": {is(deletedCode)}, "errorMessage": {{begins, []string{deletedMessage}}}})
		default:
			return nil, fmt.Errorf("AWS has no words for calls that end %s", o)
		}
	}
	return branches, nil
}
