package azurerules

import (
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

const secret = "azure-native:keyvault:Secret"

var secrets = []policy.Rule{secretExpiry, secretContentType}

var secretExpiry = policy.Rule{
	Name:     "azure-kv-secret-expiry",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A secret that the stack gives a value says when it expires",
	Why: "Key Vault warns 30 days before a secret expires, so a date is what tells that a rotation did not happen. It ends nothing: " +
		"an expired secret can still be read. A disabled one cannot, and needs no date.",
	Fix: "Set attributes.expires, in seconds since 1970, to a time soon after the next rotation. Or make the secret disabled and " +
		"without a real value, and put values out of band, each with its date.",
	Covers: []string{
		"CKV_AZURE_41", "Trivy:AZU-0017", "KICS:dfa20ffa", "KICS:cff9c3f7", "azpol:Key-Vault-secrets-should-have-an-expiration-date",
		"azpol:Secrets-maximum-validity-period", "prowler:keyvault_rbac_secret_expiration_set", "terrascan:AC_AZURE_0163",
	},
	Controls: []string{"CIS Azure 6.0 8.3.3", "MCSB DP-6", "NIST 800-53 r5 IA-5"},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/secrets/about-secrets",
		"https://learn.microsoft.com/azure/event-grid/event-schema-key-vault",
	},
	Settings: []policy.Setting{days("The longest that a secret may be valid, from now or from its notBefore.", 366, 1, 3650)},
	Types:    []string{secret},
	Check: func(s policy.Subject) []policy.Finding {
		at := s.Get(expires)
		findings := s.Require(at, dated, "The secret never expires.")
		if end, ok := date(at); ok {
			from := s.Now
			if start, ok := date(s.Get("properties.attributes.notBefore")); ok && start.After(from) {
				from = start
			}
			switch {
			case end.Before(s.Now):
				findings = append(findings, s.Fail(at, "The secret expired on %s.", end.Format(time.DateOnly)))
			case end.After(from.AddDate(0, 0, s.Int("days"))):
				findings = append(findings, s.Fail(at, "The secret is valid until %s, for longer than %d days.", end.Format(time.DateOnly), s.Int("days")))
			}
		}
		return ifEnabled(s, findings)
	},
}

var secretContentType = policy.Rule{
	Name:     "azure-kv-secret-content-type",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A secret that the stack gives a value says what kind of value it is",
	Why: "A content type such as \"password\" or \"application/json\" tells people and programs what they read. It belongs to one " +
		"version: a value that is put out of band needs it again.",
	Fix:     "Set contentType. Do not put anything secret there: whoever may list the vault sees it.",
	Covers:  []string{"CKV_AZURE_114", "Trivy:AZU-0015", "KICS:f8e08a38", "azpol:Secrets-should-have-content-type-set"},
	Sources: []string{"https://learn.microsoft.com/azure/key-vault/secrets/about-secrets"},
	Types:   []string{secret},
	Check: func(s policy.Subject) []policy.Finding {
		return ifEnabled(s, s.Require(s.Get("properties.contentType"), func(v policy.Value) bool { return v.Text() != "" },
			"The secret does not say what kind of value it has."))
	},
}
