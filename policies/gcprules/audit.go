package gcprules

import (
	"iter"
	"slices"

	"github.com/secretstack/secretstack/policies/policy"
)

// The types that say what is logged: a configuration for one service, or a whole policy with those of all.
var auditTypes = []string{
	token("projects", "IAMAuditConfig"), token("folder", "IamAuditConfig"), token("organizations", "IamAuditConfig"),
	token("projects", "IAMPolicy"), token("folder", "IAMPolicy"), token("organizations", "IAMPolicy"),
}

var auditDataAccessLogs = policy.Rule{
	Name:     "gcp-audit-data-access-logs",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Google logs each read of a secret, whoever reads it",
	Why: "Reads of values are logged as DATA_READ, which is off unless it is switched on. Without it nobody can tell who read a secret " +
		"that leaked, no alert can watch reads, and an exempted member reads unseen.",
	Fix: "Give the project an IAMAuditConfig for secretmanager.googleapis.com, or for allServices, with DATA_READ and without exempted " +
		"members. A project has one for each service: where the organization or another stack owns it, set ownedElsewhere.",
	Covers: []string{"CKV2_GCP_5", "Trivy:GCP-0079", "KICS:89fe890f", "SHA:AUDIT_LOGGING_DISABLED", "prowler:iam_audit_logs_enabled"},
	Sources: []string{
		"https://cloud.google.com/secret-manager/docs/audit-logging",
		"https://docs.cloud.google.com/logging/docs/audit/configure-data-access",
	},
	Settings: []policy.Setting{{
		Name: "ownedElsewhere", Default: false,
		Description: "Another stack or the organization has the reads of secrets logged, so a stack without a configuration passes",
	}},
	Types: slices.Concat(secretTypes, auditTypes),
	Joins: auditTypes,
	Check: func(s policy.Subject) []policy.Finding {
		if slices.Contains(secretTypes, s.Type) {
			return logged(s)
		}
		all, doubts := auditsOf(s)
		for _, a := range all {
			doubts = append(doubts, a.check(s)...)
		}
		return doubts
	},
}

// audit is what is logged of Secret Manager, and for whom not.
type audit struct {
	service, logs policy.Value
}

// auditsOf reads what a resource says of Secret Manager. What it says of all services counts for it too.
func auditsOf(s policy.Subject) ([]audit, []policy.Finding) {
	all := []audit{{s.Get("service"), s.Get("auditLogConfigs")}}
	if at := s.Get("policyData"); !at.Absent() {
		document, err := at.Document()
		if at.Unknown() {
			return nil, []policy.Finding{s.Unknown(at)}
		} else if err != nil {
			return nil, []policy.Finding{s.Fail(at, "It cannot be read as a policy, so nobody can tell what is logged.")}
		}
		all = nil
		for _, c := range document.At("auditConfigs").Items() {
			all = append(all, audit{c.At("service"), c.At("auditLogConfigs")})
		}
	}
	var found []audit
	var doubts []policy.Finding
	for _, a := range all {
		switch text := a.service.Text(); {
		case a.service.Unknown():
			doubts = append(doubts, s.Unknown(a.service))
		case text == "allServices" || text == "secretmanager.googleapis.com":
			found = append(found, a)
		}
	}
	return found, doubts
}

// reads are the entries for DATA_READ; known tells that there can be no others.
func (a audit) reads() (entries []policy.Value, known bool) {
	known = true
	for _, entry := range a.logs.Items() {
		switch kind := entry.At("logType"); {
		case kind.Unknown():
			known = false
		case kind.Text() == "DATA_READ":
			entries = append(entries, entry)
		}
	}
	return entries, known
}

func (a audit) check(s policy.Subject) []policy.Finding {
	entries, known := a.reads()
	var findings []policy.Finding
	for _, entry := range entries {
		for _, m := range entry.At("exemptedMembers").Items() {
			if m.Unknown() {
				findings = append(findings, s.Unknown(m))
			} else {
				findings = append(findings, s.Fail(m, "What %s reads is not logged.", m))
			}
		}
	}
	switch {
	case len(entries) > 0 || elsewhere(s):
	case !known:
		findings = append(findings, s.Unknown(a.logs))
	default:
		findings = append(findings, s.Fail(a.logs, "Reads of secrets, DATA_READ, are not among what is logged."))
	}
	return findings
}

// elsewhere tells whether another resource of the stack has reads logged: what several say is added up.
func elsewhere(s policy.Subject) bool {
	for r := range audits(s) {
		all, _ := auditsOf(policy.Subject{Resource: r, Graph: s.Graph})
		for _, a := range all {
			if entries, _ := a.reads(); len(entries) > 0 {
				return true
			}
		}
	}
	return false
}

// logged looks for what has the reads of a secret logged. What is wrong with it is said of it, not of each secret.
func logged(s policy.Subject) []policy.Finding {
	if s.Bool("ownedElsewhere") {
		return nil
	}
	doubt := false
	for r := range audits(s) {
		all, doubts := auditsOf(policy.Subject{Resource: r, Graph: s.Graph})
		if len(all) > 0 {
			return nil
		}
		doubt = doubt || len(doubts) > 0
	}
	if doubt {
		return []policy.Finding{s.Unknown(policy.Value{})}
	}
	return []policy.Finding{s.Fail(policy.Value{}, "Nothing in the stack has its reads logged.")}
}

// audits are the resources that say what is logged of a resource's project.
func audits(s policy.Subject) iter.Seq[*policy.Resource] {
	return func(yield func(*policy.Resource) bool) {
		for _, typ := range auditTypes {
			for _, r := range s.Graph.Of(typ) {
				if meet(s.Resource, r) && !yield(r) {
					return
				}
			}
		}
	}
}
