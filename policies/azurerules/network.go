package azurerules

import (
	"net/netip"

	"github.com/secretstack/secretstack/policies/policy"
)

const privateEndpoint = "azure-native:network:PrivateEndpoint"

var networks = []policy.Rule{vaultFirewall, vaultNotPublic, vaultPrivateEndpoint}

var vaultFirewall = policy.Rule{
	Name:     "azure-kv-network-deny",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A vault's firewall denies all networks but those that are named",
	Why: "A vault is open to the whole Internet unless its firewall says otherwise, and a stolen token or client secret is then " +
		"enough to read it from anywhere.",
	Fix: "Set networkAcls.defaultAction to Deny and name the networks, or set publicNetworkAccess to Disabled. Trusted services of " +
		"Azure may bypass the firewall or not: both are fine.",
	Covers: []string{
		"CKV_AZURE_109", "Trivy:AZU-0013", "azpol:Azure-Key-Vault-should-have-firewall-enabled", "PSRule:Azure.KeyVault.Firewall",
	},
	Controls: []string{"MCSB NS-2", "MCSB DP-8", "NIST 800-53 r5 AC-4", "NIST 800-53 r5 SC-7", "NIST 800-53 r5 SC-7(3)"},
	Sources:  []string{"https://learn.microsoft.com/azure/key-vault/general/network-security"},
	Types:    []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		return firewall(s, "properties.publicNetworkAccess", "properties.networkAcls", "value")
	},
}

var vaultNotPublic = policy.Rule{
	Name:     "azure-kv-public-access-disabled",
	Severity: policy.Medium,
	Profile:  policy.Hygiene,
	Summary:  "A vault cannot be reached from public networks",
	Why: "A firewall rule for an address lets in everybody behind it. A vault without public access takes requests through " +
		"private endpoints only, which is more than many teams need.",
	Fix: "Set publicNetworkAccess to Disabled and give the vault a private endpoint.",
	Covers: []string{
		"CKV_AZURE_189", "azpol:Azure-Key-Vault-should-disable-public-network-access",
		"prowler:keyvault_access_only_through_private_endpoints",
	},
	Controls: []string{"CIS Azure 6.0 8.3.7"},
	Sources:  []string{"https://learn.microsoft.com/azure/key-vault/general/network-security"},
	Types:    []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(set(s.Resource, "properties.publicNetworkAccess"), closed, "The vault has an address in public networks.")
	},
}

var vaultPrivateEndpoint = policy.Rule{
	Name:     "azure-kv-private-endpoint",
	Severity: policy.Medium,
	Profile:  policy.Hygiene,
	Summary:  "A vault has a private endpoint",
	Why: "Through a private endpoint the traffic stays in the virtual network, and the vault needs no public address. Where the " +
		"network team's own stack makes the endpoint, this rule cannot see it.",
	Fix:      "Make a PrivateEndpoint in the application's subnet whose connection names the vault, with the group \"vault\".",
	Covers:   []string{"CKV2_AZURE_32", "azpol:Azure-Key-Vaults-should-use-private-link", "prowler:keyvault_private_endpoints"},
	Controls: []string{"CIS Azure 6.0 8.3.8", "MCSB NS-2", "MCSB DP-8", "NIST 800-53 r5 AC-4", "NIST 800-53 r5 SC-7"},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		"https://www.pulumi.com/registry/packages/azure-native/api-docs/network/privateendpoint/",
	},
	Types: []string{vault},
	Joins: []string{privateEndpoint},
	Check: func(s policy.Subject) []policy.Finding {
		unknown := false
		for _, connections := range []string{"privateLinkServiceConnections", "manualPrivateLinkServiceConnections"} {
			sure, maybe := s.Graph.Referrers(s.Resource, privateEndpoint, connections+".privateLinkServiceId")
			if len(sure) > 0 {
				return nil
			}
			unknown = unknown || len(maybe) > 0
		}
		if unknown {
			return undecided(s, "It is not known before the update what a private endpoint of the stack leads to.")
		}
		return []policy.Finding{s.Fail(policy.Value{}, "No private endpoint of the stack leads to the vault.")}
	},
}

// closed tells whether publicNetworkAccess keeps public networks out; a network security perimeter does so by its own rules.
func closed(access policy.Value) bool { return is(access, "Disabled", "SecuredByPerimeter") }

// firewall requires that a firewall denies by default, and that its exceptions are not the Internet. No public access
// overrides it. address is the name of the field of an IP rule.
func firewall(s policy.Subject, publicAccess, rules, address string) []policy.Finding {
	access, action := set(s.Resource, publicAccess), set(s.Resource, rules+".defaultAction")
	switch {
	case closed(access):
		return nil
	case is(action, "Deny"):
		return wideRules(s, set(s.Resource, rules+".ipRules"), address)
	case access.Unknown():
		return []policy.Finding{s.Unknown(access)}
	case action.Unknown():
		return []policy.Finding{s.Unknown(action)}
	}
	return []policy.Finding{s.Fail(action, "The firewall lets in every network that no rule names.")}
}

// The widest network that one organization is likely to have.
const widest = 8

func wideRules(s policy.Subject, rules policy.Value, address string) (findings []policy.Finding) {
	for _, rule := range rules.Items() {
		if rule.Unknown() {
			findings = append(findings, s.Unknown(rule))
			continue
		}
		at := rule.At(address)
		if at.Unknown() {
			findings = append(findings, s.Unknown(at))
		} else if network, err := netip.ParsePrefix(at.Text()); err == nil && network.Bits() < widest {
			findings = append(findings, s.Fail(at, "The firewall lets in %s, a large part of the Internet.", at))
		}
	}
	return findings
}
