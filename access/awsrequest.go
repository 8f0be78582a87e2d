package access

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// awsRequest is what a statement is held against.
type awsRequest struct {
	action, resource string       // the resource as a pattern, where not all of it is known
	tags             policy.Value // of the resource
	account, region  string       // of the resource; "": not known
	principal        *awsPrincipal
	secretARN        string
	through          bool // Secrets Manager asks, on behalf of the principal
}

// awsGrant is how sure it is that a statement grants, and on what that depends.
type awsGrant struct {
	by    By
	how   string
	level Level // "": it does not
	wide  bool
	ifs   []string
}

// and gives the grant where another thing must hold too.
func (g awsGrant) and(other awsGrant) awsGrant {
	if other.level == "" || g.level == "" {
		return awsGrant{}
	}
	w := Way{Level: g.level, If: g.ifs}
	for _, condition := range other.ifs {
		w.weaken(other.level, condition)
	}
	g.level, g.ifs = w.Level, w.If
	return g
}

// allowed tells whether a statement grants the request; delegated: to the principal's account, whose own policies decide.
func (q *awsRequest) allowed(rule awsRule, ofResource bool) (g awsGrant, delegated bool) {
	g = awsGrant{how: rule.how, level: Certain}
	unknown := func(a iamdoc.Answer, what string) bool {
		if a == iamdoc.Unknown {
			g = g.and(awsGrant{level: Unknown, ifs: []string{"if " + what + ", " + beforeUpdate + ", fits"}})
		}
		return a != iamdoc.No
	}
	_, about := rule.About(q.action)
	on := q.on(rule, ofResource)
	if !unknown(rule.Allows(), "its effect") || !unknown(about, "its action") || !unknown(on, "its resource") {
		return awsGrant{}, false
	}
	if ofResource {
		is, through := q.principals(rule)
		if !unknown(is, "its principal") {
			return awsGrant{}, false
		}
		delegated = through
	}
	for _, c := range rule.Conditions {
		switch q.holds(c) {
		case fails:
			return awsGrant{}, false
		case undecided:
			g = g.and(awsGrant{level: Conditional, ifs: []string{"if " + phrase(c, false)}})
		case later:
			g = g.and(awsGrant{level: Unknown, ifs: []string{"if " + phrase(c, false)}})
		}
	}
	g.wide = !ofResource && wide(rule)
	return g, delegated
}

// denied tells whether a statement denies the request, or else what it leaves of it.
func (q *awsRequest) denied(rule awsRule) (left awsGrant, denied bool) {
	left = awsGrant{level: Certain}
	_, about := rule.About(q.action)
	on := q.on(rule, len(rule.Principals) > 0)
	is := iamdoc.Yes
	if len(rule.Principals) > 0 {
		is, _ = q.principals(rule)
	}
	if rule.NotPrincipal && q.principal.boundary != "" {
		is = iamdoc.Yes // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
	}
	sure := min(rule.Denies(), about, on, is)
	if sure == iamdoc.No {
		return left, false
	}
	level, open := Conditional, []iamdoc.Condition{}
	for _, c := range rule.Conditions {
		switch q.holds(c) {
		case fails, free: // or the one who asks can do without
			return left, false
		case undecided:
			open = append(open, c)
		case later:
			open, level = append(open, c), Unknown
		}
	}
	switch {
	case sure == iamdoc.Unknown:
		return awsGrant{level: Unknown, ifs: []string{"unless " + rule.how + " denies it, " + beforeUpdate}}, false
	case len(open) == 0:
		return left, true
	case len(open) == 1:
		return awsGrant{level: level, ifs: []string{"if " + phrase(open[0], true)}}, false
	}
	var all []string
	for _, c := range open {
		all = append(all, phrase(c, false))
	}
	return awsGrant{level: level, ifs: []string{"unless " + strings.Join(all, " and ")}}, false
}

// on tells whether a statement is about the resource. In a resource's own policy it may name none.
func (q *awsRequest) on(rule awsRule, ofResource bool) iamdoc.Answer {
	if len(rule.Resources) == 0 && ofResource {
		return iamdoc.Yes
	}
	found := iamdoc.No
	for _, v := range rule.Resources {
		pattern, partly := q.resolve(v.Text())
		switch {
		case v.Unknown(), partly && overlap(pattern, q.resource):
			found = max(found, iamdoc.Unknown)
		case v.Text() == "":
		case iamdoc.MatchResource(pattern, q.resource):
			found = iamdoc.Yes
		case strings.ContainsAny(q.resource, "*?") && overlap(pattern, q.resource):
			found = max(found, iamdoc.Unknown)
		}
	}
	if rule.NotResource {
		return found.Not()
	}
	return found
}

// principals tells whether a statement is about the principal, or only about its account.
func (q *awsRequest) principals(rule awsRule) (is iamdoc.Answer, delegated bool) {
	p := q.principal
	for i := range rule.named {
		n := &rule.named[i]
		fits, through := iamdoc.No, false
		switch n.class {
		case iamdoc.Everybody:
			fits = iamdoc.Yes
		case iamdoc.Account:
			through = true
			switch {
			case p.account != "":
				fits = answer(n.account == p.account)
			case p.resource != nil:
				fits = answer(q.account == "" || q.account == n.account)
			}
		case iamdoc.Unclear:
			fits = iamdoc.Unknown
		default:
			fits = answer(p.is(n))
		}
		if fits > is || fits == is && !through {
			is, delegated = fits, through
		}
	}
	if rule.NotPrincipal {
		return is.Not(), false
	}
	return is, delegated && is == iamdoc.Yes
}

// is tells whether a principal of a policy is this one. Where the account of the stack is not known, the name decides.
func (p *awsPrincipal) is(n *awsNamed) bool {
	if n.key == p.key || n.text != "" && n.text == p.arn {
		return true
	}
	return p.resource != nil && p.account == "" && n.kind == p.kind && n.key[strings.LastIndexByte(n.key, ' ')+1:] == p.key[strings.LastIndexByte(p.key, ' ')+1:]
}

// wide tells whether a statement of an identity is about whatever secrets there are.
func wide(rule awsRule) bool {
	limits := func(c iamdoc.Condition) bool {
		return strings.Contains(c.Key, "resourcetag/") || c.Key == "secretsmanager:secretid"
	}
	if slices.ContainsFunc(rule.Conditions, limits) {
		return false
	}
	return rule.NotResource || slices.ContainsFunc(rule.Resources, func(v policy.Value) bool {
		parts := strings.SplitN(v.Text(), ":", 7)
		return v.Text() == "*" || strings.Trim(parts[len(parts)-1], "*?-") == ""
	})
}

// truth is what a condition is.
type truth int

const (
	holds     truth = iota
	fails           //
	free            // who asks can have it either way
	undecided       // it depends on what cannot be known here
	later           // it has a value that is not known before the update
)

// state is what is known of a key of a request.
type state int

const (
	open   state = iota // nothing
	known               // its value
	none                // that the request does not have it
	either              // that who asks chooses
)

// value gives a key of the request. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html and
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_iam-permissions.html.
func (q *awsRequest) value(key string) (string, state) {
	p := q.principal
	text := func(v string) (string, state) {
		if v == "" {
			return "", open
		}
		return v, known
	}
	switch key {
	case "aws:securetransport":
		return "true", known // its endpoints that take anything else are not to be used: who reads can
	case "aws:principalisawsservice":
		return fmt.Sprint(p.kind == "service"), known
	case "aws:viaawsservice":
		return fmt.Sprint(q.through), known
	case "aws:principalarn":
		if p.mark == Anybody {
			return "somebody else", known
		}
		return text(p.arn)
	case "aws:principalaccount", "kms:calleraccount":
		if p.account == "" && p.resource != nil {
			return text(q.account)
		}
		return text(p.account)
	case "aws:principaltype":
		return text(map[string]string{"role": "AssumedRole", "user": "User"}[p.kind])
	case "aws:resourceaccount":
		return text(q.account)
	case "aws:requestedregion":
		return text(q.region)
	case "secretsmanager:secretid", "kms:encryptioncontext:secretarn":
		return q.secretARN, known
	case "secretsmanager:versionstage", "secretsmanager:versionid", "aws:useragent":
		return "", either
	case "kms:viaservice":
		if !q.through {
			return "", none
		}
		return "secretsmanager." + cmp.Or(q.region, "*") + ".amazonaws.com", known
	}
	for _, prefix := range []string{"aws:resourcetag/", "secretsmanager:resourcetag/"} {
		if name, is := strings.CutPrefix(key, prefix); is && !q.through {
			return tag(q.tags, name)
		}
	}
	if name, is := strings.CutPrefix(key, "aws:principaltag/"); is && p.resource != nil {
		if v, s := tag(p.resource.Output("tags"), name); s == known {
			return v, s // a session may have further tags
		}
	}
	return "", open
}

// tag gives a tag, whose name is the same in upper and lower case where it is part of a condition's key.
func tag(tags policy.Value, name string) (string, state) {
	if tags.Unknown() {
		return "", open
	}
	for key, v := range tags.Fields() {
		if strings.EqualFold(key, name) {
			if v.Unknown() {
				return "", open
			}
			return v.Text(), known
		}
	}
	return "", none
}

// holds tells whether a condition does. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
func (q *awsRequest) holds(c iamdoc.Condition) truth {
	operator := strings.TrimPrefix(c.Operator, "ForAnyValue:")
	operator, all := strings.CutPrefix(operator, "ForAllValues:")
	operator, lenient := strings.CutSuffix(operator, "IfExists")
	value, state := q.value(c.Key)
	if slices.ContainsFunc(c.Values, policy.Value.Unknown) || c.Key == "" {
		return later
	}
	switch {
	case state == either:
		return free
	case state == open:
		return undecided
	case operator == "Null":
		return is(slices.ContainsFunc(c.Values, func(v policy.Value) bool { return v.True() == (state == none) }))
	}
	positive := strings.Replace(operator, "Not", "", 1)
	negated := positive != operator
	if state == none {
		return is(negated || lenient || all)
	}
	found := fails
	for _, v := range c.Values {
		pattern, partly := q.resolve(text(v))
		if t := compare(positive, pattern, value); t == undecided || partly {
			found = undecided
		} else if t == holds {
			found = holds
			break
		}
	}
	if negated && found != undecided {
		return is(found == fails)
	}
	return found
}

func is(b bool) truth {
	if b {
		return holds
	}
	return fails
}

// compare holds a value, which may be a pattern where not all of it is known, against one of a condition.
func compare(operator, pattern, value string) truth {
	same := false
	switch operator {
	case "StringEquals":
		same = pattern == value
	case "StringEqualsIgnoreCase", "Bool":
		same = strings.EqualFold(pattern, value)
	case "StringLike", "ArnLike", "ArnEquals":
		same = iamdoc.MatchResource(pattern, value)
	default:
		return undecided
	}
	if !same && strings.ContainsAny(value, "*?") {
		if operator == "StringEquals" && strings.ContainsAny(pattern, "*?") {
			return undecided
		}
		if overlap(pattern, value) {
			return undecided
		}
	}
	return is(same)
}

// text is a condition's value as IAM compares it, which takes booleans as texts.
func text(v policy.Value) string {
	switch {
	case v.True():
		return "true"
	case v.False():
		return "false"
	}
	return v.String()
}

// resolve puts the request's keys for the variables in a text; open: some are not known, and are * now.
func (q *awsRequest) resolve(text string) (resolved string, unknown bool) {
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return resolved + text, unknown
		}
		value, state := q.value(strings.ToLower(name))
		if state != known {
			value, unknown = "*", true
		}
		resolved, text = resolved+before+value, after
	}
}

// overlap tells whether some text fits both patterns.
func overlap(a, b string) bool {
	type at struct{ i, j int }
	seen := map[at]bool{}
	var from func(i, j int) bool
	from = func(i, j int) bool {
		if seen[at{i, j}] {
			return false
		}
		seen[at{i, j}] = true
		switch {
		case i == len(a) && j == len(b):
			return true
		case i < len(a) && a[i] == '*':
			return from(i+1, j) || j < len(b) && from(i, j+1)
		case j < len(b) && b[j] == '*':
			return from(i, j+1) || i < len(a) && from(i+1, j)
		case i == len(a) || j == len(b):
			return false
		}
		return (a[i] == b[j] || a[i] == '?' || b[j] == '?') && from(i+1, j+1)
	}
	return from(0, 0)
}
