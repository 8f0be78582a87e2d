// Package iamdoc reads the policy documents of AWS in all their shapes, and answers what rules ask of them:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
package iamdoc

import (
	"errors"
	"strings"
	"sync/atomic"

	"github.com/secretstack/secretstack/policies/policy"
)

// Document is a policy document. What is not known before the update stays unknown in it.
type Document struct {
	At         policy.Value // where it is
	Statements []Statement
	Unknown    bool // nothing of it is known, so it has no statements here
}

// Statement is one of a document's. Its lists have one element where the document has a single value. Of a statement
// that is not known, each part is the same unknown value.
type Statement struct {
	At         policy.Value // where it is, as in "policy.Statement[0]"
	Sid        string       // zero: none, or one that is marked as a secret
	Effect     policy.Value
	Principals []Principal
	Actions    []policy.Value
	Resources  []policy.Value
	Conditions []Condition

	// What the lists mean: all but those in them.
	NotPrincipal, NotAction, NotResource bool
}

// Principal is one that a statement is about.
type Principal struct {
	Kind string       // "AWS", "Service", "Federated" or "CanonicalUser"; the plain "*" is of kind "AWS", as it means the same
	ID   policy.Value // an ARN, an account, the name of a service
}

// Condition is one key of a statement's conditions. All of them must hold.
type Condition struct {
	Operator string // as written: "StringEquals", "ForAnyValue:ArnLike", "StringEqualsIfExists"; "": not known
	Key      string // in lower case, as keys are the same in any case: "aws:sourcearn"; "": not known
	Values   []policy.Value
}

// reading is a text that was read, and what it is.
type reading struct {
	text, path string
	secret     bool
	doc        Document
	err        error
}

// last is the text that was read last: a resource's rules read the same one after the other.
var last atomic.Pointer[reading]

// Read reads a document that is a JSON text or an object. An absent one has no statements. The error says what is
// malformed; a message may show it. The document must not be changed.
func Read(v policy.Value) (Document, error) {
	if !v.IsText() {
		return read(v)
	}
	r := last.Load()
	if r == nil || r.text != v.Text() || r.path != v.Path() || r.secret != v.Secret() {
		r = &reading{text: v.Text(), path: v.Path(), secret: v.Secret()}
		r.doc, r.err = read(v)
		last.Store(r)
	}
	return r.doc, r.err
}

func read(v policy.Value) (Document, error) {
	doc := Document{At: v, Unknown: v.Unknown()}
	if v.Absent() || v.Unknown() || v.IsText() && v.Text() == "" {
		return doc, nil
	}
	object, err := v.Document()
	if err != nil {
		return doc, err
	}
	if !object.IsMap() {
		return doc, errors.New("it is not a policy document: no object")
	}
	statements := field(object, "Statement")
	if statements.Unknown() {
		doc.Unknown = true
		return doc, nil
	}
	for _, s := range statements.Items() {
		if !s.IsMap() && !s.Unknown() {
			return doc, errors.New("it is not a policy document: a statement is no object")
		}
		doc.Statements = append(doc.Statements, readStatement(s))
	}
	if len(doc.Statements) == 0 {
		return doc, errors.New("it is not a policy document: it has no statement")
	}
	return doc, nil
}

func readStatement(v policy.Value) Statement {
	s := Statement{At: v, Effect: field(v, "Effect")}
	if sid := field(v, "Sid"); !sid.Secret() {
		s.Sid = sid.Text()
	}
	if v.Unknown() {
		all := []policy.Value{v}
		s.Principals, s.Actions, s.Resources, s.Conditions = []Principal{{"AWS", v}}, all, all, []Condition{{Values: all}}
		return s
	}
	s.Principals = readPrincipals(field(v, "Principal"))
	if not := field(v, "NotPrincipal"); !not.Absent() {
		s.Principals, s.NotPrincipal = readPrincipals(not), true
	}
	s.Actions, s.NotAction = either(v, "Action", "NotAction")
	s.Resources, s.NotResource = either(v, "Resource", "NotResource")
	s.Conditions = readConditions(field(v, "Condition"))
	return s
}

func readConditions(v policy.Value) []Condition {
	if v.Unknown() {
		return []Condition{{Values: []policy.Value{v}}}
	}
	var all []Condition
	for operator, keys := range v.Fields() {
		if keys.Unknown() {
			all = append(all, Condition{operator, "", []policy.Value{keys}})
		}
		for key, values := range keys.Fields() {
			all = append(all, Condition{operator, strings.ToLower(key), values.Items()})
		}
	}
	return all
}

func either(v policy.Value, name, not string) (list []policy.Value, negated bool) {
	if n := field(v, not); !n.Absent() {
		return n.Items(), true
	}
	return field(v, name).Items(), false
}

func readPrincipals(v policy.Value) []Principal {
	if !v.IsMap() {
		var all []Principal
		for _, item := range v.Items() { // "*", or not known
			all = append(all, Principal{"AWS", item})
		}
		return all
	}
	var all []Principal
	for kind, ids := range v.Fields() {
		for _, id := range ids.Items() {
			all = append(all, Principal{kind, id})
		}
	}
	return all
}

// field gives an element of the grammar, also as a struct of the SDKs spells it: "statement" and "Statement" are the same.
func field(v policy.Value, name string) policy.Value {
	if f := v.At(name); !f.Absent() {
		return f
	}
	return v.At(strings.ToLower(name[:1]) + name[1:])
}
