package iamdoc

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// Answer is a truth that may not be known before the update. The least of several is that all are so, the greatest that
// one of them is.
type Answer int

// The answers.
const (
	No Answer = iota
	Unknown
	Yes
)

// Not is the opposite.
func (a Answer) Not() Answer { return Yes - a }

func answer(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// MatchAction tells whether a pattern covers an action: "secretsmanager:Get*" does "secretsmanager:GetSecretValue".
// Upper and lower case are the same in both:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html.
func MatchAction(pattern, action string) bool {
	return match(pattern, action, lower)
}

// MatchResource tells whether a pattern covers an ARN. Case counts.
func MatchResource(pattern, arn string) bool { return match(pattern, arn, same) }

// match tells whether a pattern covers the whole text: * is any text, ? any one character. Where a * must have more, it
// goes on from the last one only, so the time is at most that of their lengths multiplied. Characters are the same that
// fold makes the same.
func match(pattern, text string, fold func(byte) byte) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || fold(pattern[p]) == fold(text[t])):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

func same(c byte) byte { return c }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// Allows tells whether the statement grants something, rather than denying.
func (s Statement) Allows() Answer { return s.effect("Allow") }

// Denies tells whether the statement denies something.
func (s Statement) Denies() Answer { return s.effect("Deny") }

func (s Statement) effect(name string) Answer {
	if s.Effect.Unknown() {
		return Unknown
	}
	return answer(strings.EqualFold(s.Effect.Text(), name))
}

// About tells whether the statement is about an action, and by which element of the list; with NotAction: it is about
// all but those in the list, and the element is the list's first.
func (s Statement) About(action string) (at policy.Value, covers Answer) {
	at, covers = among(s.Actions, func(pattern string) bool { return MatchAction(pattern, action) })
	if s.NotAction {
		return first(s.Actions), covers.Not()
	}
	return at, covers
}

// On tells whether the statement is about a resource, as About does of an action. A resource of a statement in a
// resource's own policy that has none is that resource.
func (s Statement) On(arn string) (at policy.Value, covers Answer) {
	at, covers = among(s.Resources, func(pattern string) bool { return MatchResource(pattern, arn) })
	if s.NotResource {
		return first(s.Resources), covers.Not()
	}
	return at, covers
}

// Everything tells whether the statement is about every action on every resource, or with NotAction about all actions but
// some, and by which element of its actions; else the value is what is not known.
func (s Statement) Everything() (at policy.Value, covers Answer) {
	const none = "\x00" // no action and no resource has such a name
	at, covers = s.About(none + ":" + none)
	if where, a := s.On("arn:aws:" + strings.Join([]string{none, none, none, none}, ":")); a < covers {
		return where, a
	}
	return at, covers
}

// among finds the first of a list that is so, or else the first that is not known.
func among(list []policy.Value, is func(text string) bool) (at policy.Value, found Answer) {
	for _, v := range list {
		if v.Unknown() && found == No {
			at, found = v, Unknown
		}
		if text := v.Text(); text != "" && is(text) {
			return v, Yes
		}
	}
	return at, found
}

func first(list []policy.Value) policy.Value {
	if len(list) == 0 {
		return policy.Value{}
	}
	return list[0]
}
