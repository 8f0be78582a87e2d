package iamdoc

import "github.com/secretstack/secretstack/policies/policy"

// Look reads a document of a resource and gives what is found in it. One that is malformed fails, and one that is not
// known is unknown.
func Look(s policy.Subject, v policy.Value, find func(Document) []policy.Finding) []policy.Finding {
	switch doc, err := Read(v); {
	case err != nil:
		return []policy.Finding{s.Fail(v, "The policy cannot be read: %v.", err)}
	case doc.Unknown:
		return []policy.Finding{s.Unknown(v)}
	default:
		return find(doc)
	}
}

// Open is a finding for each statement of [Document.Public].
func (d Document) Open(s policy.Subject) []policy.Finding {
	var findings []policy.Finding
	for _, o := range d.Public() {
		switch {
		case o.Answer == Unknown:
			findings = append(findings, s.Unknown(o.At))
		case o.NotPrincipal:
			findings = append(findings, s.Fail(o.At, "%s allows everybody but those in NotPrincipal.", o.Label()))
		default:
			findings = append(findings, s.Fail(o.At, "%s allows everybody in AWS, and no condition says who or from where.", o.Label()))
		}
	}
	return findings
}

// Label begins a sentence about a statement.
func (s Statement) Label() string {
	if s.Sid == "" {
		return "A statement"
	}
	return "The statement " + s.Sid
}
