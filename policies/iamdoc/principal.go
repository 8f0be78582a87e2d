package iamdoc

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// Class is what a principal is.
type Class int

// The classes. See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
const (
	Unclear   Class = iota // not known before the update, or of no form that is known here
	Everybody              // anybody in AWS, and for some services those without any account
	Account                // a whole account: its own policies say who in it
	Identity               // a role, a user or a session; also one that was deleted, of which only the id is left
	Service                // a service of AWS, on behalf of whichever customer
	Federated              // an identity provider
	Canonical              // an account as S3 names it
)

// Class tells what the principal is.
func (p Principal) Class() Class {
	id := p.ID.Text()
	switch {
	case id == "":
		return Unclear
	case id == "*" || p.Kind == "*":
		return Everybody
	case p.Kind == "Service":
		return Service
	case p.Kind == "Federated":
		return Federated
	case p.Kind == "CanonicalUser":
		return Canonical
	case isAccount(id):
		return Account
	}
	arn := strings.SplitN(id, ":", 6)
	switch {
	case len(arn) < 6: // the unique id of a deleted one, such as AROA...
		return Identity
	case strings.ContainsAny(arn[4], "*?"):
		return Everybody
	case arn[5] == "root":
		return Account
	}
	return Identity
}

// Account is the number of the account that the principal is or belongs to; "": it has none, or it is not known.
func (p Principal) Account() string {
	id := p.ID.Text()
	if isAccount(id) {
		return id
	}
	if arn := strings.SplitN(id, ":", 6); len(arn) == 6 && isAccount(arn[4]) {
		return arn[4]
	}
	return ""
}

// ServiceName is a service's name without a region, as in "logs.amazonaws.com" for "logs.eu-west-1.amazonaws.com"; "":
// the principal is no service, or it is not known.
func (p Principal) ServiceName() string {
	if p.Kind != "Service" {
		return ""
	}
	labels := strings.Split(strings.TrimSuffix(strings.ToLower(p.ID.Text()), ".cn"), ".")
	if len(labels) < 3 {
		return strings.Join(labels, ".")
	}
	return labels[0] + ".amazonaws.com"
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

// ToEverybody tells whether the statement is about everybody, and by which principal. With NotPrincipal it is about
// everybody but those in the list.
func (s Statement) ToEverybody() (at policy.Value, open Answer) {
	if s.NotPrincipal {
		if len(s.Principals) == 0 {
			return s.At, Yes
		}
		return s.Principals[0].ID, Yes
	}
	for _, p := range s.Principals {
		switch {
		case p.Class() == Everybody:
			return p.ID, Yes
		case p.ID.Unknown() && open == No:
			at, open = p.ID, Unknown
		}
	}
	return at, open
}
