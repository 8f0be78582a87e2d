package awsalert_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// filter tells whether a filter pattern for JSON matches a log event. It is a small reading of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html: selectors, quoted texts with an
// asterisk at their beginning or end, =, !=, NOT EXISTS, &&, || and parentheses, and nothing else. Nothing that evaluates filter patterns
// is published: moto takes those for JSON and lets each event pass.
func filter(t *testing.T, pattern string, event []byte) bool {
	t.Helper()
	p := &filterParser{event: gjson.ParseBytes(event)}
	rest := pattern
	for rest = strings.TrimSpace(rest); rest != ""; rest = strings.TrimSpace(rest) {
		token := filterToken.FindString(rest)
		if token == "" {
			t.Fatalf("%.30q is nothing that a filter pattern can have", rest)
		}
		p.tokens = append(p.tokens, token)
		rest = rest[len(token):]
	}
	p.take("{")
	matches := p.either()
	p.take("}")
	if len(p.tokens) > 0 {
		t.Fatalf("there is more after the pattern: %q", p.tokens)
	}
	return matches
}

var filterToken = regexp.MustCompile(`^([{}()]|&&|\|\||!=|=|NOT EXISTS|\$(\.[A-Za-z]+)+|"\*?[^"*]*\*?")`)

type filterParser struct {
	tokens []string
	event  gjson.Result
}

func (p *filterParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *filterParser) take(want string) string {
	token := p.next()
	if token == "" || want != "" && token != want {
		panic(fmt.Sprintf("%q is where %q is to be", token, want))
	}
	p.tokens = p.tokens[1:]
	return token
}

func (p *filterParser) either() bool {
	matches := p.all()
	for p.next() == "||" {
		p.take("||")
		matches = p.all() || matches
	}
	return matches
}

func (p *filterParser) all() bool {
	matches := p.one()
	for p.next() == "&&" {
		p.take("&&")
		matches = p.one() && matches
	}
	return matches
}

func (p *filterParser) one() bool {
	if p.next() == "(" {
		p.take("(")
		matches := p.either()
		p.take(")")
		return matches
	}
	value := p.event.Get(strings.TrimPrefix(p.take(""), "$."))
	operator := p.take("")
	if operator == "NOT EXISTS" {
		return !value.Exists()
	}
	text, more := strings.CutSuffix(strings.Trim(p.take(""), `"`), "*")
	text, before := strings.CutPrefix(text, "*")
	equal := value.Str == text || more && strings.HasPrefix(value.Str, text) || before && strings.HasSuffix(value.Str, text)
	return value.Exists() && equal == (operator == "=")
}
