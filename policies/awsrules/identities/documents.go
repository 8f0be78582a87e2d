package identities

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// withPolicies are the types that have what an identity may do, as documents.
var withPolicies = []string{managedPolicy, rolePolicy, userPolicy, groupPolicy, role}

// documents are a resource's, also where they are not known.
func documents(s policy.Subject) []policy.Value {
	if s.Type != role {
		return []policy.Value{s.Get("policy")}
	}
	inline := s.Get("inlinePolicies")
	if inline.Unknown() {
		return []policy.Value{inline}
	}
	var all []policy.Value
	for _, p := range inline.Items() {
		all = append(all, p.At("policy"))
	}
	return all
}

// read looks at each of several documents.
func read(s policy.Subject, values []policy.Value, look func(iamdoc.Document) []policy.Finding) []policy.Finding {
	var findings []policy.Finding
	for _, v := range values {
		findings = append(findings, iamdoc.Look(s, v, look)...)
	}
	return findings
}

// allowing looks at each statement that grants something in the documents of a resource.
func allowing(s policy.Subject, look func(iamdoc.Statement) []policy.Finding) []policy.Finding {
	return read(s, documents(s), func(doc iamdoc.Document) []policy.Finding { return granting(s, doc, look) })
}

// granting looks at each statement of a document that grants something. What it finds where the effect is not known is
// not known.
func granting(s policy.Subject, doc iamdoc.Document, look func(iamdoc.Statement) []policy.Finding) []policy.Finding {
	var findings []policy.Finding
	for _, st := range doc.Statements {
		switch allows := st.Allows(); {
		case st.At.Unknown():
			findings = append(findings, s.Unknown(st.At))
		case allows == iamdoc.Yes:
			findings = append(findings, look(st)...)
		case allows == iamdoc.Unknown && len(look(st)) > 0:
			findings = append(findings, s.Unknown(st.Effect))
		}
	}
	return findings
}

// fact is something that a statement says, with the value that says it, or that would if it were known.
type fact struct {
	at policy.Value
	iamdoc.Answer
}

// all is the weakest of several facts: what they say together is not more certain.
func all(facts ...fact) fact {
	weakest := facts[0]
	for _, f := range facts[1:] {
		if f.Answer < weakest.Answer {
			weakest = f
		}
	}
	return weakest
}

// report is the finding for a fact that must not be: at, where it is so.
func report(s policy.Subject, f fact, at policy.Value, format string, args ...any) []policy.Finding {
	switch f.Answer {
	case iamdoc.Yes:
		return []policy.Finding{s.Fail(at, format, args...)}
	case iamdoc.Unknown:
		return []policy.Finding{s.Unknown(f.at)}
	}
	return nil
}

// about is whether a statement grants an action.
func about(st iamdoc.Statement, action string) fact {
	at, answer := st.About(action)
	return fact{at, answer}
}

// on is whether one of the statement's resources is so; NotResource is all but a few, so always.
func on(st iamdoc.Statement, so func(resource string) bool) fact {
	if st.NotResource && len(st.Resources) > 0 {
		return fact{st.Resources[0], iamdoc.Yes}
	}
	var found fact
	for _, v := range st.Resources {
		switch {
		case v.Unknown() && found.Answer == iamdoc.No:
			found = fact{v, iamdoc.Unknown}
		case so(v.Text()):
			return fact{v, iamdoc.Yes}
		}
	}
	return found
}

// everything is whether a statement allows every action on everything, which aws-iam-no-admin-statement reports, and
// no other rule.
func everything(st iamdoc.Statement) fact {
	if st.NotAction { // aws-iam-no-allow-not-action has it
		return fact{}
	}
	at, answer := st.Everything()
	return fact{at, answer}
}

func isAdmin(st iamdoc.Statement) bool { return everything(st).Answer == iamdoc.Yes }

// unconfined is whether no condition of a statement narrows down what it is about. Conditions on who asks, from where
// and when do not: all that has the policy can be asked to do satisfies them.
func unconfined(st iamdoc.Statement, except ...string) fact {
	return without(st, func(c iamdoc.Condition) bool {
		global := strings.HasPrefix(c.Key, "aws:") && !slices.ContainsFunc(ofResource, func(p string) bool { return strings.HasPrefix(c.Key, p) })
		return !global && !slices.Contains(ofCall, c.Key) && !slices.Contains(except, c.Key) && requires(c)
	})
}

// without is whether no condition of a kind says something of a statement: each of its values is a certain one.
func without(st iamdoc.Statement, such func(iamdoc.Condition) bool) fact {
	var said fact
	for _, c := range st.Conditions {
		if !such(c) {
			continue
		}
		here := fact{Answer: iamdoc.Yes}
		for _, v := range c.Values {
			_, number := v.Number()
			switch certain := strings.Trim(v.Text(), "*?") != "" || number || v.True(); {
			case v.Unknown():
				here = all(here, fact{v, iamdoc.Unknown})
			case !certain || v.False():
				here = fact{v, iamdoc.No}
			}
		}
		if here.Answer > said.Answer && len(c.Values) > 0 {
			said = here
		}
	}
	return fact{said.at, said.Answer.Not()}
}

// ofResource are the global condition keys that say which resource it is, or for which one a service asks.
var ofResource = []string{"aws:resourcetag/", "aws:requesttag/", "aws:calledvia", "aws:sourcearn"}

// ofCall are the condition keys of services that say how something is asked for, and not of which resource, in small
// letters: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
var ofCall = []string{
	"secretsmanager:versionstage", "secretsmanager:versionid", "secretsmanager:blockpublicpolicy", "secretsmanager:forcedeletewithoutrecovery",
	"secretsmanager:recoverywindowindays", "secretsmanager:modifyrotationrules", "secretsmanager:rotateimmediately",
	"ssm:overwrite", "ssm:policies", "ssm:recursive",
	"kms:calleraccount", "kms:encryptionalgorithm", "kms:keyorigin", "kms:keyspec", "kms:keyusage", "kms:multiregion", "kms:signingalgorithm",
	"sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys",
}

// requires tells whether a condition is one that a request must have something for, and not only if it has the key. One
// that is not known may be.
func requires(c iamdoc.Condition) bool {
	switch strings.TrimPrefix(c.Operator, "ForAnyValue:") {
	case "", "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "Bool":
		return true
	}
	return false
}

// names joins the first of many.
func names(list []string) string {
	const most = 3
	if len(list) > most {
		return strings.Join(list[:most], ", ") + " and more"
	}
	return strings.Join(list, ", ")
}
