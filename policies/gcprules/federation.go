package gcprules

import (
	"regexp"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

var federationAttributeCondition = policy.Rule{
	Name:     "gcp-wif-attribute-condition",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A workload identity provider accepts the tokens of one owner only",
	Why: "GitHub, GitLab and other services sign the tokens of all their customers with the same keys. Without a condition that names " +
		"the owner, a workflow in anybody's repository gets an identity in the pool; and what is granted to a branch, an environment " +
		"or to the whole pool, is granted to strangers.",
	Fix: "Set attributeCondition, and compare the claim that names the owner with a text: best by its number, as in " +
		"assertion.repository_owner_id == '1234567' for GitHub, assertion.namespace_id for GitLab, or " +
		"assertion.terraform_organization_id for HCP Terraform. A name can be taken by somebody else when you give it up. A prefix must end with the " +
		"separator: startsWith('shop/'), not startsWith('shop').",
	Covers: []string{
		"CKV_GCP_118", "CKV_GCP_125", "Trivy:GCP-0068", "prowler:iam_workload_identity_pool_provider_attribute_condition",
	},
	Sources: []string{
		"https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines",
		"https://docs.cloud.google.com/iam/docs/best-practices-for-using-workload-identity-federation",
		"https://docs.github.com/en/actions/reference/security/oidc",
		"https://docs.gitlab.com/ci/secrets/id_token_authentication",
	},
	Types: []string{token("iam", "WorkloadIdentityPoolProvider")},
	Check: federated,
}

// issuer is a service that signs the tokens of many customers with the same keys.
type issuer struct {
	everybody string // whose tokens it signs, for a message
	// owner are the claims that say whose a token is, and what a text begins with that is of one owner: "shop/" is, "shop"
	// is also what "shoplifters/" begins with. Empty: only the whole text is.
	owner map[string]string
	// audience tells that the service sets the audience to one that is the owner's, rather than to what is asked for.
	audience bool
}

const separate = `^[^/]+/` // a name that ends

// issuers are those that are known to serve everybody, by their URL. Claims that a stranger's token can have as well are
// not among the owner's: a branch, an environment, the reusable workflow that is called, who started it.
var issuers = map[string]issuer{
	// https://docs.github.com/en/actions/reference/security/oidc
	"https://token.actions.githubusercontent.com": {
		everybody: "a workflow in anybody's repository on GitHub",
		owner: map[string]string{
			"repository": separate, "repository_owner": "", "repository_id": "", "repository_owner_id": "",
			"enterprise": "", "enterprise_id": "", "workflow_ref": separate, "repository.split(/)[0]": "",
			"sub": `^(repo|repository):[^/:]+/|^(repository_owner|repository_owner_id|repository_id|enterprise|enterprise_id):[^:/]+[:/]`,
		},
	},
	// https://docs.gitlab.com/ci/secrets/id_token_authentication
	"https://gitlab.com": {
		everybody: "a job in anybody's project on GitLab.com",
		owner: map[string]string{
			"project_path": separate, "namespace_path": separate, "project_id": "", "namespace_id": "",
			"project_path.split(/)[0]": "", "namespace_path.split(/)[0]": "", "sub": `^project_path:[^/:]+/`,
		},
	},
	// https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
	"https://app.terraform.io": {
		everybody: "a run in anybody's organization on HCP Terraform",
		owner: map[string]string{
			"terraform_organization_id": "", "terraform_organization_name": "", "terraform_project_id": "", "terraform_workspace_id": "",
			"terraform_full_workspace": `^organization:[^:/]+[:/]`, "sub": `^organization:[^:/]+[:/]`,
		},
	},
	// https://buildkite.com/docs/pipelines/security/oidc
	"https://agent.buildkite.com": {
		everybody: "a job in anybody's organization on Buildkite",
		owner: map[string]string{
			"organization_id": "", "organization_slug": "", "pipeline_id": "", "sub": `^organization:[^:/]+[:/]`,
		},
	},
	// https://www.pulumi.com/docs/deployments/guides/oidc/gcp/
	"https://api.pulumi.com/oidc": {
		everybody: "an environment or deployment in anybody's organization on Pulumi Cloud",
		owner:     map[string]string{"sub": `^pulumi:[a-z]+:org:[^:/]+[:/]`},
		audience:  true,
	},
}

// ownIssuer are the URLs of issuers that have one owner: a cluster, a tenant, an organization, an enterprise.
var ownIssuer = regexp.MustCompile(`^https://(` + strings.Join([]string{
	`token\.actions\.githubusercontent\.com/[^/]+`, // https://docs.github.com/en/enterprise-cloud@latest/actions/reference/security/oidc
	`oidc\.circleci\.com/org/[^/]+`,                // https://circleci.com/docs/openid-connect-tokens/
	`api\.bitbucket\.org/2\.0/workspaces/[^/]+/.+`, // https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
	`container\.googleapis\.com/v1/projects/.+`,    // https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
	`oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/id/[^/]+`,
	`(sts\.windows\.net|login\.microsoftonline\.com)/[0-9a-f-]{36}(/v2\.0)?`,
	`vstoken\.dev\.azure\.com/[0-9a-f-]{36}`,
}, "|") + `)/?$`)

// federated looks at a provider. AWS's and SAML's name their owner: an account, and the metadata of one provider.
func federated(s policy.Subject) []policy.Finding {
	oidc, at := s.Get("oidc"), s.Get("attributeCondition")
	url := oidc.At("issuerUri")
	switch {
	case oidc.Absent() || ownIssuer.MatchString(url.Text()):
		return nil
	case url.Unknown():
		return []policy.Finding{s.Unknown(url)}
	case at.Unknown():
		return []policy.Finding{s.Unknown(at)}
	}
	from, known := issuers[strings.TrimSuffix(url.Text(), "/")]
	if at.Text() == "" {
		switch audience := oidc.At("allowedAudiences"); {
		case from.audience && audience.HasUnknown():
			return []policy.Finding{s.Unknown(audience)}
		case from.audience && len(audience.Items()) > 0:
			return nil
		case known:
			return []policy.Finding{s.Fail(at, "There is no condition, so the token of %s is accepted.", from.everybody)}
		}
		return []policy.Finding{s.Fail(at, "There is no condition, so every token of %s is accepted.", url)}
	}
	c, ok := parse(at.Text())
	if !ok {
		return []policy.Finding{s.Fail(at, "It is no expression in CEL.")}
	}
	mapping := s.Get("attributeMapping")
	c.names = attributesOf(mapping)
	counts := from.names
	if !known {
		counts = namesSomebody
	}
	switch {
	case c.requires(counts):
		return nil
	case mapping.HasUnknown():
		return []policy.Finding{s.Unknown(mapping)}
	case known:
		return []policy.Finding{s.Fail(at, "It names no owner, so the token of %s can meet it.", from.everybody)}
	}
	return []policy.Finding{s.Fail(at, "It asks for nothing, so every token of %s is accepted.", url)}
}

// attributesOf are the claims for which mapped attributes stand.
func attributesOf(mapping policy.Value) map[string]string {
	names := map[string]string{}
	for name, expression := range mapping.Fields() {
		if c, ok := parse(expression.Text()); ok {
			if claim := c.attribute(c.root); claim != "" {
				names[name] = claim
			}
		}
	}
	return names
}

// names tells whether a comparison is true for tokens of one owner only.
func (i issuer) names(c comparison) bool {
	claim, isClaim := strings.CutPrefix(c.attribute, "assertion.")
	begin, owns := i.owner[claim]
	switch {
	case !isClaim || !owns || c.text == "":
		return false
	case c.operator == "==":
		return begin == "" || regexp.MustCompile(begin).MatchString(c.text+"/") // a whole text ends
	}
	return c.operator == "startsWith" && begin != "" && regexp.MustCompile(begin).MatchString(c.text)
}

// namesSomebody tells whether a comparison narrows the tokens of an issuer of which nothing is known. Whoever asks for a
// token chooses its audience.
func namesSomebody(c comparison) bool {
	return c.text != "" && c.operator != "!=" && c.attribute != "assertion.aud" && c.attribute != "assertion.iss"
}
