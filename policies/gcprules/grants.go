package gcprules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// iam are the three types that grant roles on something: to one member, to all members of one role, and the whole policy.
func iam(module, prefix string) []string {
	return []string{token(module, prefix+"Member"), token(module, prefix+"Binding"), token(module, prefix+"Policy")}
}

// The types of grants, by what they are on.
var (
	secretGrants = slices.Concat(iam("secretmanager", "SecretIam"), iam("secretmanager", "RegionalSecretIam"))
	keyGrants    = slices.Concat(iam("kms", "CryptoKeyIAM"), iam("kms", "KeyRingIAM"))
	wideGrants   = slices.Concat(iam("projects", "IAM"), iam("folder", "IAM"), iam("organizations", "IAM"))
)

// grant is a role that members have.
type grant struct {
	role      policy.Value
	members   []policy.Value
	condition policy.Value
}

// grantsOf reads a Member, a Binding or a Policy. A policy that is not known yet, or cannot be read, is a finding.
func grantsOf(s policy.Subject) ([]grant, []policy.Finding) {
	if !strings.HasSuffix(s.Type, "Policy") {
		members := slices.Concat(s.Get("member").Items(), s.Get("members").Items())
		return []grant{{s.Get("role"), members, s.Get("condition")}}, nil
	}
	at := s.Get("policyData")
	if at.Unknown() {
		return nil, []policy.Finding{s.Unknown(at)}
	}
	document, err := at.Document()
	if err != nil || !document.IsMap() {
		return nil, []policy.Finding{s.Fail(at, "It cannot be read as a policy, so nobody can tell what it grants.")}
	}
	var all []grant
	for _, b := range document.At("bindings").Items() {
		all = append(all, grant{b.At("role"), b.At("members").Items(), b.At("condition")})
	}
	return all, nil
}

// extent is on how much a grant of wideGrants is.
func extent(typ string) string {
	switch strings.Split(typ, "/")[0] {
	case "gcp:folder":
		return "folder"
	case "gcp:organizations":
		return "organization"
	}
	return "project"
}

// everybody are the members who are anybody: https://cloud.google.com/iam/docs/principals-overview. No condition tames
// them, since grants to them cannot have one: https://cloud.google.com/iam/docs/conditions-overview.
var everybody = map[string]string{
	"allusers":              "Everybody on the internet",
	"allauthenticatedusers": "Everybody with a Google account",
}

// noPublic fails for each grant to everybody. Of those on whole projects, which are of many roles, it looks at the ones
// whose role begins so.
func noPublic(s policy.Subject, roles string) []policy.Finding {
	all, findings := grantsOf(s)
	for _, g := range all {
		wide := slices.Contains(wideGrants, s.Type)
		if wide && !g.role.Unknown() && !strings.HasPrefix(g.role.Text(), roles) {
			continue
		}
		for _, m := range g.members {
			switch who := everybody[strings.ToLower(m.Text())]; {
			case m.Unknown():
				findings = append(findings, s.Unknown(m))
			case who != "" && wide && g.role.Unknown():
				findings = append(findings, s.Unknown(g.role))
			case who != "":
				findings = append(findings, s.Fail(m, "%s gets %s.", who, g.name()))
			}
		}
	}
	return findings
}

// name is the role's for a message.
func (g grant) name() string {
	if g.role.Text() == "" {
		return "the role"
	}
	return g.role.String()
}

// kind is what a member is.
type kind int

const (
	other   kind = iota // a group, a domain, and what is not listed here
	unknown             // not known before the update
	person
	workload // a service account, or an identity of a workload elsewhere
	byBirth  // a service account that Google makes in each project, for whatever names no other
	agent    // a service account of Google's own
)

var (
	born     = regexp.MustCompile(`^serviceAccount:(\d+-compute@developer|[^@]+@appspot)\.gserviceaccount\.com$`)
	agents   = regexp.MustCompile(`^serviceAccount:(\d+@cloudservices|service-[a-z-]*\d+@(gcp-sa-[^@.]+|[^@.]+-(system|robot|robot-prod)))\.`)
	workpool = regexp.MustCompile(`^principal(Set)?://iam\.googleapis\.com/.*/workloadIdentityPools/`)
)

// kindOf tells what a member is: by its text, or else by the service account from which the program makes it.
// https://cloud.google.com/iam/docs/principal-identifiers and https://cloud.google.com/iam/docs/service-account-types.
func kindOf(s policy.Subject, m policy.Value) kind {
	switch text := m.Text(); {
	case m.Unknown() && dependsOn(s, m, accountType):
		return workload
	case m.Unknown() && dependsOn(s, m, agentType):
		return agent
	case m.Unknown():
		return unknown
	case born.MatchString(text):
		return byBirth
	case agents.MatchString(text):
		return agent
	case strings.HasPrefix(text, "serviceAccount:"), workpool.MatchString(text):
		return workload
	case strings.HasPrefix(text, "user:"):
		return person
	}
	return other
}

// dependsOn tells whether a property is made from a resource of a type.
func dependsOn(s policy.Subject, v policy.Value, typ string) bool {
	return slices.ContainsFunc(s.PropertyDependencies[inputOf(v)], func(urn string) bool {
		r := s.Graph.ByURN(urn)
		return r != nil && r.Type == typ
	})
}

// inputOf is the input in which a value is.
func inputOf(v policy.Value) string {
	name, _, _ := strings.Cut(v.Path(), ".")
	name, _, _ = strings.Cut(name, "[")
	return name
}

// exceptAgents gives what is wrong with a grant that only Google's own agents may have.
func exceptAgents(s policy.Subject, g grant, format string, args ...any) []policy.Finding {
	doubt := false
	for _, m := range g.members {
		switch kindOf(s, m) {
		case agent:
		case unknown:
			doubt = true
		default:
			return []policy.Finding{s.Fail(g.role, format, args...)}
		}
	}
	if doubt {
		return []policy.Finding{s.Unknown(g.role)}
	}
	return nil
}
