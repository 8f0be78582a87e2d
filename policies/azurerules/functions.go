package azurerules

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

const (
	webApp       = "azure-native:web:WebApp"
	webAppSlot   = "azure-native:web:WebAppSlot"
	containerApp = "azure-native:app:ContainerApp"
	containerJob = "azure-native:app:Job"
)

// The three forms of an app's authentication settings, the last without the providers' secrets.
const (
	authSettings        = "azure-native:web:WebAppAuthSettings"
	authSettingsV2      = "azure-native:web:WebAppAuthSettingsV2"
	authSettingsSecrets = "azure-native:web:WebAppAuthSettingsV2WithoutSecrets"
)

var functions = []policy.Rule{functionTransport, functionIdentity}

var functionTransport = policy.Rule{
	Name:     "azure-function-https-tls",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "A function app takes HTTPS only, with TLS 1.2 or later",
	Why: "A function is called with a key or a token in the request. A function app answers plain HTTP unless it is told not to, and " +
		"then others on the way can read both. The same holds for the ingress of a container app that allows insecure connections.",
	Fix: "Set httpsOnly to true, and leave siteConfig.minTlsVersion unset, which is 1.2, or set it to 1.2 or 1.3. For a container app, " +
		"leave ingress.allowInsecure unset or false.",
	Covers: []string{
		"CKV_AZURE_70", "CKV_AZURE_145", "Trivy:AZU-0004", "Trivy:AZU-0006", "KICS:45fc717a",
		"prowler:app_function_ensure_http_is_redirected_to_https",
	},
	Controls: []string{"MCSB DP-3", "MCSB NS-8", "NIST 800-53 r5 SC-8", "NIST 800-53 r5 SC-8(1)", "PCI DSS 4.0 3.5.1", "PCI DSS 4.0 6.2.4"},
	Sources: []string{
		"https://learn.microsoft.com/azure/app-service/configure-ssl-bindings",
		"https://learn.microsoft.com/azure/app-service/overview-tls",
		"https://learn.microsoft.com/azure/container-apps/ingress-overview",
	},
	Types: []string{webApp, webAppSlot, containerApp},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == containerApp {
			return s.Require(set(s.Resource, "configuration.ingress.allowInsecure"), func(v policy.Value) bool { return !v.True() },
				"The app takes requests over plain HTTP.")
		}
		findings := s.Require(set(s.Resource, "httpsOnly"), policy.Value.True, "The function app takes requests over plain HTTP.")
		for _, name := range []string{"minTlsVersion", "scmMinTlsVersion"} {
			version := set(s.Resource, "siteConfig."+name)
			findings = append(findings, s.Require(version, func(v policy.Value) bool {
				n, ok := v.Number()
				return v.Absent() || ok && n >= 1.2
			}, "The function app takes TLS %s.", version)...)
		}
		return ofFunction(s, findings)
	},
}

var functionIdentity = policy.Rule{
	Name:     "azure-function-identity-no-public",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A function signs in as a managed identity, and not everybody can call it",
	Why: "Without a managed identity, a function reads secrets with a credential that somebody has to keep and rotate. And a function " +
		"that everybody can call is protected by nothing but its key.",
	Fix: "Give the app an identity. Close it by publicNetworkAccess, by restrictions with Deny as their default, or by authentication " +
		"that is required. Of container apps and jobs, only the identity is looked at.",
	Covers: []string{
		"CKV_AZURE_221", "CKV_AZURE_56", "KICS:c87749b3", "KICS:e65a0733", "prowler:app_function_identity_is_configured",
	},
	Controls: []string{"MCSB IM-3", "NIST 800-53 r5 AC-2", "NIST 800-53 r5 AC-3", "NIST 800-53 r5 IA-2", "NIST 800-53 r5 IA-4"},
	Sources: []string{
		"https://learn.microsoft.com/azure/app-service/overview-managed-identity",
		"https://learn.microsoft.com/azure/app-service/app-service-ip-restrictions",
		"https://learn.microsoft.com/azure/app-service/overview-authentication-authorization",
		"https://learn.microsoft.com/azure/container-apps/managed-identity",
	},
	Types: []string{webApp, webAppSlot, containerApp, containerJob},
	Joins: []string{authSettings, authSettingsV2, authSettingsSecrets},
	Check: func(s policy.Subject) []policy.Finding {
		findings := s.Require(set(s.Resource, "identity.type"), func(v policy.Value) bool { return !v.Absent() && !is(v, "None", "") },
			"It has no managed identity, so it needs a credential to read secrets.")
		if s.Type == containerApp || s.Type == containerJob {
			return findings
		}
		return ofFunction(s, append(findings, callable(s)...))
	},
}

// ofFunction are the findings on an app, which has to be a function app: its kind is then a list such as
// "functionapp,linux,container".
func ofFunction(s policy.Subject, findings []policy.Finding) []policy.Finding {
	kind := s.Get("kind")
	switch {
	case len(findings) > 0 && kind.Unknown():
		return []policy.Finding{s.Unknown(kind)}
	case slices.Contains(strings.Split(strings.ToLower(kind.Text()), ","), "functionapp"):
		return findings
	}
	return nil
}

// callable finds a function app that everybody can call.
func callable(s policy.Subject) []policy.Finding {
	access, site := set(s.Resource, "publicNetworkAccess"), set(s.Resource, "siteConfig")
	if older := site.At("publicNetworkAccess"); access.Absent() && !older.Absent() {
		access = older
	}
	restricted, unknown := restrictions(site)
	if is(access, "Disabled") || restricted {
		return nil
	}
	required, maybe := authenticated(s)
	switch {
	case required:
		return nil
	case access.Unknown():
		return []policy.Finding{s.Unknown(access)}
	case unknown.Unknown():
		return []policy.Finding{s.Unknown(unknown)}
	case maybe:
		return undecided(s, "It is not known before the update whether callers of the function have to sign in.")
	}
	return []policy.Finding{s.Fail(access, "Everybody can call the function: public access is not disabled, restricted or authenticated.")}
}

// restrictions tells whether an app's access restrictions deny those whom no rule names. Without a default action they do
// so as soon as there is a rule.
func restrictions(site policy.Value) (deny bool, unknown policy.Value) {
	action, rules := site.At("ipSecurityRestrictionsDefaultAction"), site.At("ipSecurityRestrictions")
	for _, rule := range rules.Items() {
		switch address := rule.At("ipAddress"); {
		case address.Unknown():
			return false, address
		case is(address, "Any", "0.0.0.0/0") && !is(rule.At("action"), "Deny"):
			return false, policy.Value{}
		}
		deny = true
	}
	if action.Absent() {
		return deny, policy.Value{}
	}
	return is(action, "Deny"), action
}

// authenticated tells whether an app's settings require callers to sign in, or may do so.
func authenticated(s policy.Subject) (required, maybe bool) {
	for _, typ := range []string{authSettings, authSettingsV2, authSettingsSecrets} {
		sure, unsure := s.Graph.Referrers(s.Resource, typ, "name")
		maybe = maybe || len(unsure) > 0
		for _, settings := range sure {
			on, action, strict := settings.Get("platform.enabled"), settings.Get("globalValidation.unauthenticatedClientAction"), settings.Get("globalValidation.requireAuthentication")
			if typ == authSettings {
				on, action, strict = settings.Get("enabled"), settings.Get("unauthenticatedClientAction"), policy.Value{}
			}
			switch {
			case on.Unknown(), action.Unknown(), strict.Unknown():
				maybe = true
			case on.True() && !is(action, "AllowAnonymous") && !strict.False():
				return true, false
			}
		}
	}
	return false, maybe
}
