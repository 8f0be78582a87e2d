package gcprules

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// What lets members administer keys, and use them: https://cloud.google.com/kms/docs/reference/permissions-and-roles.
var (
	overKeys = powers{
		{"roles/cloudkms.admin", "administers"},
		{"cloudkms.cryptoKeys.setIamPolicy", "administers"},
		{"cloudkms.cryptoKeyVersions.destroy", "administers"},
	}
	withKeys = powers{
		{"roles/cloudkms.crypto*", "uses"}, // cryptoKeyEncrypter, cryptoKeyDecrypter, cryptoKeyEncrypterDecrypter, cryptoOperator
		{"roles/cloudkms.signer*", "uses"},
		{"cloudkms.cryptoKeyVersions.useToDecrypt", "uses"},
		{"cloudkms.cryptoKeyVersions.useToEncrypt", "uses"},
		{"cloudkms.cryptoKeyVersions.useToSign", "uses"},
	}
)

var dutyTypes = slices.Concat(wideGrants, keyGrants)

var kmsSeparationOfDuties = policy.Rule{
	Name:     "gcp-kms-separation-of-duties",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Nobody both administers keys and uses them",
	Why: "The administrator of a key decides who uses it, and cannot decrypt; who decrypts cannot destroy the key. One identity that " +
		"does both needs nobody else to read what is encrypted, or to make it unreadable.",
	Fix: "Grant roles/cloudkms.admin to a group of people, and roles/cloudkms.cryptoKeyEncrypterDecrypter to the service agents that " +
		"encrypt and decrypt.",
	Covers:   []string{"KICS:92e4464a", "SHA:KMS_ROLE_SEPARATION", "prowler:iam_role_kms_enforce_separation_of_duties"},
	Controls: []string{"CIS GCP 5.0 1.12"},
	Sources:  []string{"https://cloud.google.com/kms/docs/separation-of-duties"},
	Types:    dutyTypes,
	Joins:    append(slices.Clone(customRoleTypes), accountType),
	Check: func(s policy.Subject) []policy.Finding {
		all, findings := grantsOf(s)
		for _, g := range all {
			lets, known := overKeys.of(s, g)
			if !known {
				findings = append(findings, s.Unknown(g.role))
			}
			if lets == "" {
				continue
			}
			for _, m := range g.members {
				findings = append(findings, alsoUses(s, m, all)...)
			}
		}
		return findings
	},
}

// alsoUses tells where a member that administers keys uses some: by another grant of the same policy, or by another
// resource.
func alsoUses(s policy.Subject, m policy.Value, policies []grant) []policy.Finding {
	twice := func(where string) []policy.Finding {
		return []policy.Finding{s.Fail(m, "It administers keys here, and uses them by %s.", where)}
	}
	for _, g := range policies {
		if lets, _ := withKeys.of(s, g); lets != "" && m.Text() != "" && has(g, m) {
			return twice("another grant of the policy")
		}
	}
	doubt := false
	for _, who := range identities(s, m) {
		for _, typ := range dutyTypes {
			sure, maybe := holders(s, who, typ)
			for _, r := range sure {
				if uses, _ := usesKeys(s, r, m); uses && meet(s.Resource, r) {
					return twice(r.Name)
				}
			}
			doubt = doubt || slices.ContainsFunc(maybe, func(r *policy.Resource) bool {
				uses, known := usesKeys(s, r, policy.Value{})
				return (uses || !known) && meet(s.Resource, r)
			})
		}
	}
	if doubt || m.Unknown() && !dependsOn(s, m, accountType) {
		return []policy.Finding{s.Unknown(m)}
	}
	return nil
}

// identities are by what other grants name a member: its text, or the service accounts from which it is made.
func identities(s policy.Subject, m policy.Value) []*policy.Resource {
	if !m.Unknown() {
		return []*policy.Resource{{ID: m.Text()}}
	}
	var found []*policy.Resource
	for _, urn := range s.PropertyDependencies[inputOf(m)] {
		if r := s.Graph.ByURN(urn); r != nil && r.Type == accountType {
			found = append(found, r)
		}
	}
	return found
}

// holders are the resources of a type that grant something to a member. Of whole policies it is all, as their members
// are in a text.
func holders(s policy.Subject, who *policy.Resource, typ string) (sure, maybe []*policy.Resource) {
	path := "member"
	switch {
	case strings.HasSuffix(typ, "Policy"):
		return s.Graph.Of(typ), nil
	case strings.HasSuffix(typ, "Binding"):
		path = "members"
	}
	return s.Graph.Referrers(who, typ, path)
}

// usesKeys tells whether a resource lets a member use keys; where the resource is for one role, whoever it is.
func usesKeys(s policy.Subject, r *policy.Resource, m policy.Value) (uses, known bool) {
	at := policy.Subject{Resource: r, Graph: s.Graph}
	all, doubts := grantsOf(at)
	known = len(doubts) == 0
	for _, g := range all {
		lets, sure := withKeys.of(at, g)
		known = known && sure
		if lets != "" && (!strings.HasSuffix(r.Type, "Policy") || m.Text() != "" && has(g, m)) {
			return true, true
		}
	}
	return false, known
}

func has(g grant, m policy.Value) bool {
	return slices.ContainsFunc(g.members, func(other policy.Value) bool { return other.Text() == m.Text() })
}

// meet tells whether two resources can be about the same things: not where they are known to be in different projects.
func meet(a, b *policy.Resource) bool {
	one, other := projectOf(a), projectOf(b)
	return one == "" || other == "" || one == other
}

// projectOf is the project in which a resource is. Empty: it is not known, or more than one.
func projectOf(r *policy.Resource) string {
	if project := r.Output("project").Text(); project != "" {
		return project
	}
	for _, path := range []string{"cryptoKeyId", "keyRingId"} {
		if rest, ok := strings.CutPrefix(r.Output(path).Text(), "projects/"); ok {
			project, _, _ := strings.Cut(rest, "/")
			return project
		}
	}
	return ""
}
