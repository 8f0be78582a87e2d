package operations

import (
	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// rotatorTypes are joined by rules that ask which functions rotate secrets.
var rotatorTypes = []string{function, rotation, permission}

const secretsManager = "secretsmanager.amazonaws.com"

// rotates tells whether a function rotates secrets: a rotation names it, or Secrets Manager may invoke it.
func rotates(g *policy.Graph, f *policy.Resource) iamdoc.Answer {
	named, maybe := g.Referrers(f, rotation, "rotationLambdaArn")
	if len(named) > 0 {
		return iamdoc.Yes
	}
	answer := iamdoc.No
	permitted, perhaps := g.Referrers(f, permission, "function")
	for _, p := range permitted {
		switch who := p.Output("principal"); {
		case who.Text() == secretsManager:
			return iamdoc.Yes
		case who.Unknown():
			answer = iamdoc.Unknown
		}
	}
	for _, p := range perhaps {
		if who := p.Output("principal"); who.Unknown() || who.Text() == secretsManager {
			answer = iamdoc.Unknown
		}
	}
	if len(maybe) > 0 {
		answer = iamdoc.Unknown
	}
	return answer
}

// ofRotators gives a rule's findings for functions that rotate secrets: those of which that is not known are unknown.
func ofRotators(check func(policy.Subject) []policy.Finding) func(policy.Subject) []policy.Finding {
	return func(s policy.Subject) []policy.Finding {
		switch rotates(s.Graph, s.Resource) {
		case iamdoc.No:
			return nil
		case iamdoc.Yes:
			return check(s)
		}
		if found := check(s); len(found) > 0 {
			return []policy.Finding{s.Unknown(policy.Value{})}
		}
		return nil
	}
}
