package azurerules

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

const pricing = "azure-native:security:Pricing"

// The module insights has been called monitor since version 3 of the provider's SDKs.
var diagnosticSettings = []string{"azure-native:insights:DiagnosticSetting", "azure-native:monitor:DiagnosticSetting"}

var logs = []policy.Rule{vaultLogs, vaultDefender}

var vaultLogs = policy.Rule{
	Name:     "azure-kv-diagnostic-logs",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A vault's audit log is kept",
	Why: "Azure keeps no record of who read which secret unless a diagnostic setting of the vault sends its audit log somewhere. " +
		"Where Azure Policy makes that setting, no stack has it, and this rule cannot see it.",
	Fix: "Make a DiagnosticSetting for the vault with the category AuditEvent (or the group audit or allLogs), and a workspace, " +
		"storage account or event hub to send it to.",
	Covers: []string{
		"KICS:38c71c00", "azpol:Resource-logs-in-Key-Vault-should-be-enabled", "prowler:keyvault_logging_enabled",
		"PSRule:Azure.KeyVault.Logs", "terrascan:AC_AZURE_0169",
	},
	Controls: []string{
		"CIS Azure 6.0 6.1.1.4", "MCSB LT-3", "MCSB DP-8", "NIST 800-53 r5 AU-6(4)", "NIST 800-53 r5 AU-6(5)",
		"NIST 800-53 r5 AU-12", "NIST 800-53 r5 AU-12(1)",
	},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/general/logging",
		"https://learn.microsoft.com/azure/azure-monitor/reference/supported-logs/microsoft-keyvault-vaults-logs",
	},
	Types: []string{vault},
	Joins: diagnosticSettings,
	Check: func(s policy.Subject) []policy.Finding {
		of, unknown := settingsOf(s)
		for _, setting := range of {
			sends, maybe := sendsAudit(setting)
			if sends {
				return nil
			}
			unknown = unknown || maybe
		}
		switch {
		case unknown:
			return undecided(s, "It is not known before the update whether a diagnostic setting sends the vault's audit log.")
		case len(of) > 0:
			return []policy.Finding{s.Fail(policy.Value{}, "The vault's diagnostic settings do not send its audit log (AuditEvent) anywhere.")}
		}
		return []policy.Finding{s.Fail(policy.Value{}, "The vault has no diagnostic setting, so nobody knows who reads its secrets.")}
	},
}

// settingsOf are the diagnostic settings of a vault, and whether others may be. An id that is put together by hand counts too.
func settingsOf(s policy.Subject) (of []*policy.Resource, maybe bool) {
	id := "/microsoft.keyvault/vaults/" + strings.ToLower(set(s.Resource, "vaultName").Text())
	for _, typ := range diagnosticSettings {
		sure, unsure := s.Graph.Referrers(s.Resource, typ, "resourceUri")
		of, maybe = append(of, sure...), maybe || len(unsure) > 0
		if len(of) > 0 {
			continue
		}
		for _, setting := range s.Graph.Of(typ) {
			if strings.HasSuffix(strings.ToLower(set(setting, "resourceUri").Text()), id) {
				of = append(of, setting)
			}
		}
	}
	return of, maybe
}

// sendsAudit tells whether a diagnostic setting sends a vault's audit log somewhere, or may do so.
func sendsAudit(setting *policy.Resource) (yes, maybe bool) {
	target := false
	for _, name := range []string{"workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId", "serviceBusRuleId"} {
		target = target || !set(setting, name).Absent()
	}
	if !target {
		return false, false
	}
	for _, log := range set(setting, "logs").Items() {
		category, group, enabled := log.At("category"), log.At("categoryGroup"), log.At("enabled")
		audit := is(category, "AuditEvent") || is(group, "audit", "allLogs")
		switch {
		case audit && enabled.True():
			return true, false
		case (audit || category.Unknown() || group.Unknown()) && (enabled.True() || enabled.Unknown()):
			maybe = true
		}
	}
	return false, maybe
}

var vaultDefender = policy.Rule{
	Name:     "azure-kv-defender",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "Defender for Key Vault is on where the stack decides about it",
	Why: "Defender reports unusual access to vaults, such as from an anonymizing network, which rules of one's own hardly find. It " +
		"costs money for each vault and is a matter of the subscription, so only a stack that sets it is looked at.",
	Fix:    "Set pricingTier to Standard for the plan KeyVaults.",
	Covers: []string{"CKV_AZURE_87"},
	Controls: []string{
		"CIS Azure 6.0 8.1.8.1", "MCSB LT-1", "MCSB LT-2", "MCSB DP-8", "NIST 800-53 r5 SI-4",
	},
	Sources: []string{
		"https://learn.microsoft.com/azure/defender-for-cloud/defender-for-key-vault-introduction",
		"https://www.pulumi.com/registry/packages/azure-native/api-docs/security/pricing/",
	},
	Types: []string{pricing},
	Check: func(s policy.Subject) []policy.Finding {
		plan, tier := s.Get("pricingName"), s.Get("pricingTier")
		switch {
		case is(tier, "Standard"), plan.IsText() && !is(plan, "KeyVaults"):
			return nil
		case plan.Unknown():
			return []policy.Finding{s.Unknown(plan)}
		}
		return s.Require(tier, func(policy.Value) bool { return false }, "Defender for Key Vault is off: its tier is %s.", tier)
	},
}
