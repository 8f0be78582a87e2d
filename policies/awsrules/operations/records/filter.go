package records

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// FilterPattern reads the pattern of a metric filter of CloudWatch Logs: terms, or the form for JSON. Where && and || stand
// side by side, && binds closer. The form for lines of words matches no JSON.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html.
func FilterPattern(v policy.Value) (Pattern, error) {
	pattern := strings.TrimSpace(v.Text())
	switch {
	case strings.HasPrefix(pattern, "["):
		return never, nil
	case !strings.HasPrefix(pattern, "{"):
		return terms(pattern)
	case !strings.HasSuffix(pattern, "}"):
		return never, errors.New("it has no closing brace")
	}
	p := &parser{rest: pattern[1 : len(pattern)-1]}
	out, err := p.or(maxDepth)
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("there is no operator before %q", p.peek())
	}
	if err != nil {
		return never, err
	}
	return out, nil
}

// terms are words and phrases: all of the plain ones must be in the record, none of those after "-", and where there are
// only those after "?", one of them.
func terms(pattern string) (Pattern, error) {
	var must, may []Pattern
	for p := (&parser{rest: pattern}); p.peek() != ""; {
		optional := p.skip("?")
		t := test{how: contains, not: !optional && p.skip("-")}
		kind, text, err := p.value()
		if err != nil {
			return never, err
		}
		t.text = text
		if kind == '%' {
			if t.re, err = regexp.Compile(text); err != nil {
				return never, err
			}
			t.how = regex
		}
		if optional {
			may = append(may, is(t))
			continue
		}
		must = append(must, is(t))
	}
	if len(must) == 0 && len(may) > 0 {
		return oneOf(may...), nil
	}
	return allOf(must...), nil
}

type parser struct{ rest string }

// peek is what is left, without space before it.
func (p *parser) peek() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	return p.rest
}

func (p *parser) skip(text string) bool {
	rest, ok := strings.CutPrefix(p.peek(), text)
	p.rest = rest
	return ok
}

// word skips a word, in upper or lower case.
func (p *parser) word(text string) bool {
	rest := p.peek()
	if len(rest) < len(text) || !strings.EqualFold(rest[:len(text)], text) {
		return false
	}
	p.rest = rest[len(text):]
	return true
}

func (p *parser) or(depth int) (Pattern, error) {
	return p.list("||", oneOf, func() (Pattern, error) { return p.and(depth) })
}

func (p *parser) and(depth int) (Pattern, error) {
	return p.list("&&", allOf, func() (Pattern, error) { return p.one(depth) })
}

func (p *parser) list(operator string, join func(...Pattern) Pattern, part func() (Pattern, error)) (Pattern, error) {
	var parts []Pattern
	for {
		one, err := part()
		if err != nil {
			return never, err
		}
		parts = append(parts, one)
		if !p.skip(operator) {
			return join(parts...), nil
		}
	}
}

func (p *parser) one(depth int) (Pattern, error) {
	switch {
	case depth == 0:
		return never, errors.New("it is nested too deep")
	case p.skip("("):
		inner, err := p.or(depth - 1)
		if err == nil && !p.skip(")") {
			err = errors.New("a parenthesis is not closed")
		}
		return inner, err
	case !strings.HasPrefix(p.peek(), "$"):
		return never, fmt.Errorf("%q is no selector", p.rest)
	}
	end := strings.IndexAny(p.rest, " \t\r\n=!<>)&|")
	if end < 0 {
		return never, fmt.Errorf("%q is not compared with anything", p.rest)
	}
	path := selector(p.rest[:end])
	p.rest = p.rest[end:]
	return p.comparison(path)
}

func (p *parser) comparison(path string) (Pattern, error) {
	switch {
	case p.word("NOT"):
		if !p.word("EXISTS") {
			return never, errors.New("NOT without EXISTS")
		}
		return is(test{path: path, how: present, not: true}), nil
	case p.word("EXISTS"):
		return is(test{path: path, how: present}), nil
	case p.word("IS"):
		for _, literal := range []string{"TRUE", "FALSE", "NULL"} {
			if p.word(literal) {
				return is(test{path: path, how: equal, text: strings.ToLower(literal)}), nil
			}
		}
		return never, errors.New("IS without TRUE, FALSE or NULL")
	}
	for _, operator := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if !p.skip(operator) {
			continue
		}
		kind, text, err := p.value()
		if err != nil {
			return never, err
		}
		not := operator == "!="
		switch {
		case !not && operator != "=":
			return is(test{path: path, how: other}), nil
		case kind == '%':
			re, err := regexp.Compile(text)
			return is(test{path: path, how: regex, re: re, text: text, not: not}), err
		}
		return is(matching(path, text, not)), nil
	}
	return never, fmt.Errorf("there is no comparison at %q", p.rest)
}

// value reads a quoted text, a regular expression between percent signs, or a bare word.
func (p *parser) value() (kind byte, text string, err error) {
	rest := p.peek()
	if rest == "" {
		return 0, "", errors.New("it ends where a value must be")
	}
	if kind = rest[0]; kind != '"' && kind != '%' {
		end := strings.IndexAny(rest, " \t\r\n()&|")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return 0, "", fmt.Errorf("there is no value at %q", rest)
		}
		p.rest = rest[end:]
		return 0, rest[:end], nil
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == kind:
			p.rest = rest[i+1:]
			return kind, b.String(), nil
		case rest[i] == '\\' && kind == '"' && i+1 < len(rest):
			i++
		}
		b.WriteByte(rest[i])
	}
	return 0, "", errors.New("a quoted text does not end")
}
