package azurerules

import (
	"regexp"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

const (
	identityCredential    = "azure-native:managedidentity:FederatedIdentityCredential"
	applicationCredential = "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential"
	flexibleCredential    = "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential"
)

var federatedSubject = policy.Rule{
	Name:     "azure-federated-credential-subject-pinned",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A federated credential trusts one branch, tag or environment, not a whole repository or organization",
	Why: "Whoever can run a job that the credential trusts has the identity's roles. A subject that is a whole repository trusts each branch, " +
		"and one for pull requests trusts code that nobody has reviewed; a pattern over repositories trusts those that do not exist yet.",
	Fix: "Let the subject name the repository and an environment with reviewers, or a protected branch: repo:OWNER/NAME:environment:production. " +
		"In an expression, have no * before that name ends; or pin job_workflow_ref to a workflow on one branch as well.",
	Covers: []string{"CKV_AZURE_249"},
	Sources: []string{
		"https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
		"https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials",
		"https://docs.github.com/actions/reference/security/oidc",
		"https://docs.gitlab.com/ci/secrets/id_token_authentication/",
	},
	Types: []string{identityCredential, applicationCredential, flexibleCredential},
	Check: func(s policy.Subject) []policy.Finding {
		subject, expression, issuer := s.Get("subject"), s.Get("claimsMatchingExpression"), s.Get("issuer")
		if expression.IsMap() {
			expression = expression.At("value") // a managed identity's has a version of the language beside it
		}
		if !expression.Absent() {
			return s.Require(expression, func(v policy.Value) bool { return narrow(issuer.Text(), v.Text()) },
				"The expression %s takes in more than one environment, branch or tag of one repository.", expression)
		}
		switch {
		case subject.Unknown():
			return []policy.Finding{s.Unknown(subject)}
		case subject.Text() == "":
			return []policy.Finding{s.Fail(subject, "The credential names no subject.")}
		case strings.ContainsAny(subject.Text(), "*?"):
			return []policy.Finding{s.Fail(subject, "The subject %s has a wildcard, which Azure takes for a plain character here.", subject)}
		case !pinned(issuer.Text(), subject.Text()):
			return []policy.Finding{s.Fail(subject, "The subject %s is more than one environment, branch or tag of one repository.", subject)}
		case issuer.Unknown() && !telling.MatchString(subject.Text()):
			return []policy.Finding{s.Unknown(issuer)}
		}
		return nil
	},
}

// issuers are those whose subjects are understood. A pattern matches a subject, also one that goes on with wildcards, which
// is pinned: it names the repository and at least the beginning of an environment, branch or tag. Terraform Cloud has
// workspaces instead.
var issuers = []struct {
	url, prefix string
	pinned      *regexp.Regexp
}{
	{
		"https://token.actions.githubusercontent.com", "repo:",
		regexp.MustCompile(`^(repo:[^*?:/]+/[^*?:/]+|([^*?]+:)?repository_id:\d+):([^*?]+:)?(environment:|ref:refs/(heads|tags)/|job_workflow_ref:[^*?:]+@)[^*?]`),
	},
	{
		"https://gitlab.com", "project_path:",
		regexp.MustCompile(`^project_path:[^*?:]+/[^*?:]+:([^*?]+:)?(environment:|ref:)[^*?]`),
	},
	{
		"https://app.terraform.io", "organization:",
		regexp.MustCompile(`^organization:[^*?:]+:project:[^*?:]+:workspace:[^*?:]+:run_phase:`),
	},
}

// pinned tells whether a subject is narrow enough. Of an issuer that is not understood, each without a wildcard is.
func pinned(issuer, subject string) bool {
	for _, i := range issuers {
		if strings.HasPrefix(issuer, i.url) || strings.HasPrefix(subject, i.prefix) {
			return i.pinned.MatchString(subject)
		}
	}
	return subject != "" && !strings.ContainsAny(subject, "*?")
}

var (
	// telling is a subject that says what kind of issuer it is of; a cluster's is often made by the same update.
	telling = regexp.MustCompile(`^(repo|project_path|organization|system:serviceaccount):`)
	// term is one of those that an expression joins with "and".
	term = regexp.MustCompile(`claims\['([^']+)'\]\s+(?:eq|matches)\s+'([^']*)'`)
	// repository is a subject of one, whatever follows.
	repository = regexp.MustCompile(`^(repo|project_path):[^*?:]+/[^*?:]+:`)
	// workflow is one in one repository, on one branch or tag: GitHub's job_workflow_ref.
	workflow = regexp.MustCompile(`^[^*?/]+/[^*?/]+/[^@]+@[^*?]+$`)
)

// narrow tells whether an expression is narrow enough.
func narrow(issuer, expression string) bool {
	claims := map[string]string{}
	for _, t := range term.FindAllStringSubmatch(expression, -1) {
		claims[t[1]] = t[2]
	}
	return pinned(issuer, claims["sub"]) || repository.MatchString(claims["sub"]) && workflow.MatchString(claims["job_workflow_ref"])
}
