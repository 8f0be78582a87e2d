package records

import (
	"regexp"
	"slices"
	"strings"
)

// Pattern is what must hold for a record. The zero value holds for each.
type Pattern struct {
	any  bool // one of the parts must hold, rather than all
	of   []Pattern
	test *test // instead of parts
}

// test compares one field.
type test struct {
	path string // in the record, without indexes: "requestParameters.secretId"; "": the record's whole text
	how  how
	text string
	not  bool // it must be there, and not be so
	fold bool // upper and lower case are the same
	re   *regexp.Regexp
}

type how int

const (
	equal how = iota
	prefix
	suffix
	wildcard
	contains
	regex
	present
	other // what cannot be decided by a text: numbers, networks
)

func allOf(of ...Pattern) Pattern { return Pattern{of: of} }
func oneOf(of ...Pattern) Pattern { return Pattern{any: true, of: of} }
func is(t test) Pattern           { return Pattern{test: &t} }

var (
	always = allOf()
	never  = oneOf()
)

// Always tells that a pattern holds for each record.
func (p Pattern) Always() bool { return !p.any && len(p.of) == 0 && p.test == nil }

// Never tells that it holds for none.
func (p Pattern) Never() bool { return p.any && len(p.of) == 0 }

func constant(b bool) Pattern {
	if b {
		return always
	}
	return never
}

// matching is the test that a text fits a wildcard. An asterisk at one end only is the cheaper form.
func matching(path, text string, not bool) test {
	inner := strings.Trim(text, "*")
	switch {
	case !strings.Contains(text, "*"):
		return test{path: path, how: equal, text: text, not: not}
	case strings.Contains(inner, "*") || inner == "" || strings.HasPrefix(text, "*") && strings.HasSuffix(text, "*"):
		return test{path: path, how: wildcard, text: text, not: not}
	case strings.HasPrefix(text, "*"):
		return test{path: path, how: suffix, text: inner, not: not}
	}
	return test{path: path, how: prefix, text: inner, not: not}
}

// holds tells whether a field that is there passes.
func (t test) holds(text string) bool {
	return t.fits(text) != t.not
}

func (t test) fits(text string) bool {
	want := t.text
	if t.fold {
		text, want = strings.ToLower(text), strings.ToLower(want)
	}
	switch t.how {
	case equal:
		return text == want
	case prefix:
		return strings.HasPrefix(text, want)
	case suffix:
		return strings.HasSuffix(text, want)
	case contains:
		return strings.Contains(text, want)
	case wildcard:
		return fits(want, text)
	case regex:
		return t.re.MatchString(text)
	case present:
		return true
	}
	return t.not // so that it does not hold
}

// fits tells whether a text is the parts between asterisks, in order.
func fits(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return text == pattern
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// Kind is a kind of record: a call, and how it ends.
type Kind struct {
	known    map[string]string // fields with their values
	free     []string          // fields, each with all below it, that may have any value or none
	subjects []string          // fields that say what the call is about; left in the pattern by Of
}

// Of is what is left of a pattern for records of a kind: tests of what they are about. A test of what may be anything
// holds, as there are records that pass it.
func (p Pattern) Of(k Kind) Pattern {
	if p.test != nil {
		return k.decide(*p.test)
	}
	var left []Pattern
	for _, part := range p.of {
		switch r := part.Of(k); {
		case r.Always() && p.any:
			return always
		case r.Never() && !p.any:
			return never
		case r.any == p.any && r.test == nil:
			left = append(left, r.of...)
		default:
			left = append(left, r)
		}
	}
	if len(left) == 1 {
		return left[0]
	}
	return Pattern{any: p.any, of: left}
}

func (k Kind) decide(t test) Pattern {
	if t.path == "" {
		return k.mentions(t)
	}
	if slices.Contains(k.subjects, t.path) {
		if t.how == present {
			return constant(!t.not)
		}
		return is(t)
	}
	if text, ok := k.known[t.path]; ok {
		return constant(t.holds(text))
	}
	for _, free := range k.free {
		if t.path == free || strings.HasPrefix(t.path, free+".") || strings.HasPrefix(free, t.path+".") {
			return always
		}
	}
	return constant(t.how == present && t.not)
}

// mentions is a test of the record's whole text, which has the names and values of the known fields.
func (k Kind) mentions(t test) Pattern {
	for path, text := range k.known {
		if strings.HasPrefix(path, envelope) {
			continue
		}
		if t.fits(text) || t.fits(path[strings.LastIndexByte(path, '.')+1:]) {
			return constant(!t.not)
		}
	}
	if t.not {
		return always // most records do not mention it
	}
	var either []Pattern
	for _, path := range k.subjects {
		t.path = path
		either = append(either, is(t))
	}
	return oneOf(either...)
}

// holds tells whether what [Pattern.Of] left holds for the subjects, by their fields.
func (p Pattern) holds(subjects map[string]string) bool {
	if p.test != nil {
		text, ok := subjects[p.test.path]
		return ok && p.test.holds(text)
	}
	for _, part := range p.of {
		if part.holds(subjects) == p.any {
			return p.any
		}
	}
	return !p.any
}
