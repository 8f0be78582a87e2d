package iamdoc

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// Tamer is a condition key that says who may ask, or from where. A statement for everybody that requires it to have
// certain values is not public.
type Tamer struct {
	Key   string
	Means string // what the request must come from
	fixed func(value string) bool
}

// Tamers are all that we know. They are those that S3 counts when it blocks public access, and those that IAM Access
// Analyzer tells apart in its findings:
//
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
//
// A key tames by one of the operators StringEquals, StringEqualsIgnoreCase, StringLike, ArnEquals and ArnLike (IpAddress
// for addresses), also after "ForAnyValue:", where each of its values is fixed: without wildcards and variables, but
// ${aws:ResourceOrgID} and ${aws:ResourceAccount}. ARNs
// may have wildcards behind a fixed account, paths of organizations behind the organization, ids of principals in the
// name of the session. It does not tame
//
//   - with a value like "*", as any fits;
//   - by an operator that says what it must not be, as most others fit;
//   - by an operator with "IfExists" or "ForAllValues:", which hold where the request does not have the key, unless Null
//     requires it:
//     https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
//
// Keys that anybody can satisfy do not tame: aws:SecureTransport, aws:UserAgent, aws:PrincipalTag/…, aws:RequestedRegion,
// kms:ViaService, kms:EncryptionContext:….
var Tamers = []Tamer{
	{"aws:PrincipalAccount", "an account", fixedText},
	{"aws:PrincipalArn", "a principal", fixedARN},
	{"aws:PrincipalOrgID", "an organization", fixedText},
	{"aws:PrincipalOrgPaths", "a part of an organization", fixedPath},
	{"aws:SourceAccount", "a service on behalf of an account", fixedText},
	{"aws:SourceArn", "a service on behalf of a resource", fixedARN},
	{"aws:SourceOrgID", "a service on behalf of an organization", fixedText},
	{"aws:SourceOrgPaths", "a service on behalf of a part of an organization", fixedPath},
	{"aws:SourceOwner", "a service on behalf of an account, as SNS names it", fixedText},
	{"aws:SourceIp", "addresses: no more of IPv4 than a /8, of IPv6 than a /32", fixedRange},
	{"aws:SourceVpc", "a network", fixedText},
	{"aws:SourceVpcArn", "a network", fixedARN},
	{"aws:SourceVpce", "an endpoint of a network", fixedText},
	{"aws:VpceAccount", "a network of an account", fixedText},
	{"aws:VpceOrgID", "a network of an organization", fixedText},
	{"aws:VpceOrgPaths", "a network of a part of an organization", fixedPath},
	{"aws:userid", "a principal", fixedID},
	{"kms:CallerAccount", "an account", fixedText},
	{"s3:DataAccessPointAccount", "an access point of an account", fixedText},
	{"s3:DataAccessPointArn", "an access point", fixedARN},
}

var tamers = func() map[string]Tamer {
	byKey := map[string]Tamer{}
	for _, t := range Tamers {
		byKey[strings.ToLower(t.Key)] = t
	}
	return byKey
}()

// Opening is a statement by which everybody may do something, or by which it may be so.
type Opening struct {
	Statement
	At     policy.Value // the principal that is everybody, or else what is not known
	Answer Answer       // Yes or Unknown
}

// Public gives the statements that grant something to everybody, where no condition tames it and no statement denies it
// to those outside. What a document grants that is not known is unknown.
func (d Document) Public() []Opening {
	if d.Unknown {
		return []Opening{{At: d.At, Answer: Unknown}}
	}
	var openings []Opening
	for _, s := range d.Statements {
		at, open := s.ToEverybody()
		if open == No {
			continue
		}
		for _, part := range []func() (policy.Value, Answer){
			func() (policy.Value, Answer) { return s.Effect, s.Allows() },
			func() (policy.Value, Answer) { return not(s.Tamed()) },
			func() (policy.Value, Answer) { return not(d.fenced(s)) },
		} {
			if v, a := part(); a < open {
				at, open = v, a
			}
		}
		if open != No {
			openings = append(openings, Opening{s, at, open})
		}
	}
	return openings
}

func not(at policy.Value, a Answer) (policy.Value, Answer) { return at, a.Not() }

// Tamed tells whether a condition narrows down who may ask; see [Tamers]. The value is what is not known.
func (s Statement) Tamed() (at policy.Value, tamed Answer) {
	for _, c := range s.Conditions {
		v, a := c.tames(s.Conditions)
		if a > tamed {
			at, tamed = v, a
		}
	}
	return at, tamed
}

func (c Condition) tames(all []Condition) (at policy.Value, a Answer) {
	operator, lenient := strings.CutSuffix(strings.TrimPrefix(c.Operator, "ForAnyValue:"), "IfExists")
	operator, each := strings.CutPrefix(operator, "ForAllValues:")
	if (lenient || each) && !slices.ContainsFunc(all, func(n Condition) bool { return n.requires(c.Key) }) {
		return at, No
	}
	return c.fixed(operator, "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
}

// Each tells whether the condition has values, and each is so.
func (c Condition) Each(is func(policy.Value) bool) Answer {
	each := answer(len(c.Values) > 0)
	for _, v := range c.Values {
		switch {
		case v.Unknown():
			each = Unknown
		case !is(v):
			return No
		}
	}
	return each
}

// requires tells whether a condition holds only where the request has a key.
func (c Condition) requires(key string) bool {
	return c.Operator == "Null" && c.Key == key && c.Each(policy.Value.False) == Yes
}

// fixed tells whether a condition compares a key that tames, by one of the operators, with fixed values only.
func (c Condition) fixed(operator string, operators ...string) (at policy.Value, a Answer) {
	tamer := tamers[c.Key]
	switch known := c.Operator != "" && c.Key != ""; {
	case !known && (c.Operator == "" || slices.Contains(operators, operator)):
		return first(c.Values), Unknown
	case tamer.fixed == nil || !slices.Contains(operators, operator) || len(c.Values) == 0:
		return at, No
	}
	a = Yes
	for _, v := range c.Values {
		switch {
		case v.Unknown():
			at, a = v, Unknown
		case !tamer.fixed(text(v)):
			return at, No
		}
	}
	return at, a
}

// fenced tells whether another statement denies to all outside what a statement for everybody grants: "Deny" where
// aws:PrincipalOrgID is not ours, say. The value is what is not known.
func (d Document) fenced(allow Statement) (at policy.Value, fenced Answer) {
	for _, deny := range d.Statements {
		if deny.Denies() != Yes || deny.NotAction || deny.NotResource || !deny.includes(allow) {
			continue
		}
		if v, a := deny.KeepsOut(); a > fenced {
			at, fenced = v, a
		}
	}
	return at, fenced
}

// includes tells whether a statement is about all actions and resources that another is about.
func (s Statement) includes(other Statement) bool {
	return within(other.Actions, other.NotAction, s.Actions, MatchAction) && within(other.Resources, other.NotResource, s.Resources, MatchResource)
}

func within(inner []policy.Value, negated bool, outer []policy.Value, covers func(pattern, text string) bool) bool {
	if negated {
		inner = nil
	} else if len(inner)+len(outer) == 0 {
		return true
	}
	holds := func(pattern string) bool {
		return slices.ContainsFunc(outer, func(v policy.Value) bool {
			o := v.Text()
			// A pattern covers another where it covers its text, but for the one character of its ?.
			return o == pattern || o == "*" || o != "" && !strings.Contains(o, "?") && covers(o, pattern)
		})
	}
	if len(inner) == 0 {
		return holds("*")
	}
	return !slices.ContainsFunc(inner, func(v policy.Value) bool { return v.Text() == "" || !holds(v.Text()) })
}

// KeepsOut tells whether the statement, where it denies, is about all but those of a condition that tames, or of
// NotPrincipal. The value is what is not known.
func (s Statement) KeepsOut() (at policy.Value, a Answer) {
	if s.NotPrincipal {
		a = Yes
		for _, p := range s.Principals {
			switch {
			case p.ID.Unknown():
				at, a = p.ID, Unknown
			case p.Class() == Everybody || p.Class() == Unclear:
				return at, No
			}
		}
	} else if _, all := s.ToEverybody(); all != Yes {
		return at, No
	}
	for _, c := range s.Conditions {
		// A service of AWS is not everybody, so a fence may let services through.
		if (c.Key == "aws:principalisawsservice" || c.Key == "aws:viaawsservice") && c.Each(policy.Value.False) == Yes {
			continue
		}
		operator := strings.TrimSuffix(strings.TrimPrefix(c.Operator, "ForAllValues:"), "IfExists")
		v, kept := c.fixed(operator, "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "ArnNotEquals", "ArnNotLike", "NotIpAddress")
		switch {
		case kept == No:
			return at, No
		case kept == Unknown:
			at, a = v, Unknown
		case a == No:
			a = Yes
		}
	}
	return at, a
}

// text is a condition's value as IAM compares it, which takes numbers as texts.
func text(v policy.Value) string {
	if n, ok := v.Number(); ok && v.Text() == "" {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return v.Text()
}

// fixedText tells whether a value has neither wildcards nor variables, but those for the account and the organization
// of the resource that is asked for.
func fixedText(value string) bool {
	switch value {
	case "", "${aws:ResourceAccount}", "${aws:ResourceOrgID}":
		return value != ""
	}
	return !strings.ContainsAny(value, "*?$")
}

// fixedARN takes wildcards behind the account, and instead of it before the name of a bucket, as no two have the same.
func fixedARN(value string) bool {
	arn := strings.SplitN(value, ":", 6)
	return len(arn) == 6 && (isAccount(arn[4]) || arn[2] == "s3" && fixedText(arn[5])) || fixedText(value)
}

// fixedID takes wildcards in the name of a session, as in "AROAEXAMPLEID:*".
func fixedID(value string) bool {
	id, _, _ := strings.Cut(value, ":")
	return fixedText(id)
}

// fixedPath takes wildcards behind the organization, as in "o-a1b2c3d4e5/*".
func fixedPath(value string) bool {
	organization, _, _ := strings.Cut(value, "/")
	return strings.HasPrefix(organization, "o-") && fixedText(organization)
}

func fixedRange(value string) bool {
	r, err := netip.ParsePrefix(value)
	if err != nil {
		_, err := netip.ParseAddr(value)
		return err == nil
	}
	if r.Addr().Is4() {
		return r.Bits() >= 8
	}
	return r.Bits() >= 32
}
