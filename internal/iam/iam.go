// Package iam decides, as AWS does, what a resource's policy and a principal's own policies allow:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
//
// It is for tests of policies, and shares nothing with the code that writes them. It knows the parts of
// the language that we use; Parse refuses all others, so that no answer is a guess.
package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Document is a policy.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is one of a policy's.
type Statement struct {
	Sid, Effect      string
	Principal        *Principals // nil: a principal's own policy
	Action, Resource List
	Condition        map[string]map[string]List // values by operator and key
}

// Principals are whom a statement is about.
type Principals struct {
	Everybody bool
	AWS       List
	Service   List
}

// UnmarshalJSON reads "*" or an object.
func (p *Principals) UnmarshalJSON(b []byte) error {
	if string(b) == `"*"` {
		p.Everybody = true
		return nil
	}
	type fields Principals
	return strict(b, (*fields)(p))
}

// List is one or several.
type List []string

// UnmarshalJSON reads a text or an array of them.
func (l *List) UnmarshalJSON(b []byte) error {
	if b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(l))
	}
	*l = List{""}
	return json.Unmarshal(b, &(*l)[0])
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Parse reads a policy. Its error says what in it is wrong or unknown here.
func Parse(text string) (Document, error) {
	var d Document
	if err := strict([]byte(text), &d); err != nil {
		return d, fmt.Errorf("not a policy: %w", err)
	}
	if d.Version != "2012-10-17" || len(d.Statement) == 0 {
		return d, errors.New("not a policy: it has another version, or no statement")
	}
	for _, s := range d.Statement {
		if err := s.known(); err != nil {
			return d, fmt.Errorf("statement %s: %w", s.Sid, err)
		}
	}
	return d, nil
}

// operators tell what a condition says of a key's value; "" and false: the request does not have the key.
var operators = map[string]func(value string, present bool, values List) bool{
	"Bool":            is,
	"StringEquals":    is,
	"ArnEquals":       is,
	"ArnLike":         like,
	"ArnNotEquals":    isNot,
	"StringNotEquals": isNot,
}

func is(value string, present bool, values List) bool {
	return present && slices.Contains(values, value)
}

// isNot holds also where the key is missing.
func isNot(value string, present bool, values List) bool { return !is(value, present, values) }

// like takes a * at the end.
func like(value string, present bool, values List) bool { return present && values.match(value) }

func (s Statement) known() error {
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return fmt.Errorf("effect %q", s.Effect)
	}
	var exact List
	if s.Principal != nil {
		exact = append(exact, s.Principal.AWS...)
	}
	for operator, keys := range s.Condition {
		if operators[operator] == nil {
			return fmt.Errorf("unknown operator %s", operator)
		}
		for _, values := range keys {
			for _, v := range values {
				if operator == "ArnLike" {
					v = strings.TrimSuffix(v, "*")
				}
				exact = append(exact, v)
			}
		}
	}
	for _, p := range slices.Concat(s.Action, s.Resource) {
		if head, wild := strings.CutSuffix(p, "*"); !wild || head != "" && !strings.HasSuffix(head, ":") {
			exact = append(exact, p)
		}
	}
	for _, e := range exact {
		if strings.ContainsAny(strings.ReplaceAll(e, "-??????", ""), "*?$") {
			return fmt.Errorf("unknown pattern in %s", e)
		}
	}
	return nil
}

// Principal is who asks.
type Principal struct {
	ARN          string // as aws:PrincipalArn: during a session, its role's; "": an AWS service, or nobody
	Account      string
	Organization string // "": in none
	Service      string // the AWS service that asks, such as "logs.eu-west-1.amazonaws.com"; "": none does
	Policy       Document
}

// Request is what a principal asks for.
type Request struct {
	Principal
	Action, Resource string
	Context          map[string]string // beside what the principal gives
}

type verdict int

const (
	silent    verdict = iota
	delegated         // allowed to the principal's account: its own policies decide
	allowed
	denied
)

// Allows decides a request to a resource of the owner, an account, that has this policy.
func (d Document) Allows(owner string, r Request) bool {
	context := maps.Clone(r.Context)
	if context == nil {
		context = map[string]string{}
	}
	context["aws:PrincipalAccount"] = r.Account
	context["aws:PrincipalIsAWSService"] = strconv.FormatBool(r.Service != "")
	if r.ARN != "" {
		context["aws:PrincipalArn"] = r.ARN
	}
	if r.Organization != "" {
		context["aws:PrincipalOrgID"] = r.Organization
	}
	r.Context = context

	resource, own := d.verdict(r), r.Policy.verdict(r)
	switch {
	case resource == denied || own == denied:
		return false
	case r.Account != owner: // both sides must agree
		return resource != silent && own == allowed
	case resource == allowed:
		return true
	case strings.HasPrefix(r.Action, "kms:"): // a key's policy decides whether the principal's own count
		return resource == delegated && own == allowed
	}
	return own == allowed
}

func (d Document) verdict(r Request) verdict {
	result := silent
	for _, s := range d.Statement {
		about := s.Principal.about(r.Principal)
		if about == silent || !s.Action.match(r.Action) || !s.Resource.match(r.Resource) || !s.holds(r.Context) {
			continue
		}
		if s.Effect == "Deny" {
			return denied
		}
		result = max(result, about)
	}
	return result
}

func (p *Principals) about(who Principal) verdict {
	switch {
	case p == nil || p.Everybody || slices.Contains(p.AWS, who.ARN) || slices.Contains(p.Service, who.Service):
		return allowed
	case slices.ContainsFunc(p.AWS, func(arn string) bool { return strings.HasSuffix(arn, ":iam::"+who.Account+":root") }):
		return delegated
	}
	return silent
}

func (l List) match(value string) bool {
	return slices.ContainsFunc(l, func(pattern string) bool {
		head, wild := strings.CutSuffix(pattern, "*")
		if start, partial := strings.CutSuffix(pattern, "-??????"); partial { // a secret's ARN but for its suffix
			return len(value) == len(pattern) && strings.HasPrefix(value, start+"-")
		}
		return pattern == value || wild && strings.HasPrefix(value, head)
	})
}

func (s Statement) holds(context map[string]string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			value, present := context[key]
			if !operators[operator](value, present, values) {
				return false
			}
		}
	}
	return true
}
