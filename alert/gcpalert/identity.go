package gcpalert

import (
	"regexp"
	"strings"
)

const serviceAccount = "serviceAccount:"

var kubernetes = regexp.MustCompile(`^principal://iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/` +
	`([^/]+\.svc\.id\.goog)/subject/ns/([^/]+)/sa/([^/]+)$`)

// Canonical writes a member of a policy as Event.Who has it. A Kubernetes service account may be
// principal://…/POOL.svc.id.goog/subject/ns/NAMESPACE/sa/NAME in a policy and serviceAccount:POOL.svc.id.goog[NAMESPACE/NAME]
// in the log: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog.
func Canonical(member string) string {
	if m := kubernetes.FindStringSubmatch(member); m != nil {
		return serviceAccount + m[1] + "[" + m[2] + "/" + m[3] + "]"
	}
	if kind, email, ok := strings.Cut(member, ":"); ok && kind != "principal" {
		return kind + ":" + strings.ToLower(email)
	}
	return member
}

// caller is who acted. Those who sign in with Google have an e-mail, others a subject. Neither may be there: who from
// outside the organisation is denied is not named (https://cloud.google.com/logging/docs/audit#user-id).
func caller(email, subject string) string {
	switch {
	case email == "":
		return Canonical(subject)
	case strings.HasSuffix(email, ".gserviceaccount.com"), strings.Contains(email, ".svc.id.goog["):
		return Canonical(serviceAccount + email)
	}
	return Canonical("user:" + email)
}

// is holds for an entry whose caller is one of these.
func is(members []string) expr {
	var emails, subjects []string
	for _, m := range members {
		m = Canonical(m)
		kind, email, ok := strings.Cut(m, ":")
		pool, account, inKubernetes := strings.Cut(strings.TrimSuffix(email, "]"), "[")
		switch {
		case !ok:
		case kind == "principal":
			subjects = append(subjects, quote(m))
		case inKubernetes:
			namespace, name, _ := strings.Cut(account, "/")
			emails = append(emails, email)
			subjects = append(subjects, quote(m), "principal://iam[.]googleapis[.]com/projects/[0-9]+/locations/global/workloadIdentityPools/"+
				quote(pool+"/subject/ns/"+namespace+"/sa/"+name))
		default:
			emails = append(emails, email)
		}
	}
	return or(equal("protoPayload.authenticationInfo.principalEmail", emails...),
		matches("protoPayload.authenticationInfo.principalSubject", "^", subjects, "$"))
}
