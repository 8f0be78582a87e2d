package azurerules

import "github.com/secretstack/secretstack/policies/policy"

const (
	vault        = "azure-native:keyvault:Vault"
	accessPolicy = "azure-native:keyvault:AccessPolicy"

	roleModel = "properties.enableRbacAuthorization"
)

var vaults = []policy.Rule{vaultSoftDelete, vaultPurgeProtection, vaultRoles, vaultAccessPolicies}

var vaultSoftDelete = policy.Rule{
	Name:     "azure-kv-soft-delete",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A deleted vault, secret or key can be recovered",
	Why: "Without soft delete, a mistaken or malicious deletion destroys the secret at once. Azure keeps what is deleted for 90 " +
		"days, or as many as the vault says, and fixes that number when it makes the vault.",
	Fix: "Leave enableSoftDelete unset or true, and give softDeleteRetentionInDays as many days as you would need to notice.",
	Covers: []string{
		"CKV_AZURE_111", "azpol:Key-vaults-should-have-soft-delete-enabled", "PSRule:Azure.KeyVault.SoftDelete",
		"terrascan:AC_AZURE_0170",
	},
	Controls: []string{"MCSB DP-8", "NIST 800-53 r5 CP-9"},
	Sources:  []string{"https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview"},
	Settings: []policy.Setting{days("How many days a deleted secret must stay recoverable.", 7, 7, 90)},
	Types:    []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		enabled, kept := set(s.Resource, "properties.enableSoftDelete"), set(s.Resource, "properties.softDeleteRetentionInDays")
		enough := func(v policy.Value) bool {
			n, ok := v.Number()
			return v.Absent() || ok && n >= float64(s.Int("days"))
		}
		return append(
			s.Require(enabled, func(v policy.Value) bool { return !v.False() }, "Soft delete is off: what is deleted is gone at once."),
			s.Require(kept, enough, "What is deleted is kept for %s days, fewer than %d.", kept, s.Int("days"))...)
	},
}

var vaultPurgeProtection = policy.Rule{
	Name:     "azure-kv-purge-protection",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "Nobody can purge what was deleted from a vault",
	Why: "Soft delete alone lets whoever holds the permission to purge destroy deleted secrets, keys and vaults for good, and " +
		"with a key all that it encrypts.",
	Fix: "Set enablePurgeProtection to true. It cannot be undone, and the vault's name stays taken for the retention period after " +
		"it is deleted; Azure refuses the value false, so a throw-away stack leaves it unset.",
	Covers: []string{
		"CKV_AZURE_110", "CKV_AZURE_42", "Trivy:AZU-0016", "KICS:7c25f361", "azpol:Key-vaults-should-have-deletion-protection-enabled",
		"prowler:keyvault_recoverable", "PSRule:Azure.KeyVault.PurgeProtect",
	},
	Controls: []string{"CIS Azure 3.0 3.3.5", "MCSB DP-8", "NIST 800-53 r5 CP-9"},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview",
		"https://learn.microsoft.com/azure/templates/microsoft.keyvault/vaults",
	},
	Types: []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(set(s.Resource, "properties.enablePurgeProtection"), policy.Value.True,
			"The vault has no purge protection: what is deleted from it can be destroyed before its retention ends.")
	},
}

var vaultRoles = policy.Rule{
	Name:     "azure-kv-rbac",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "Roles decide who reads a vault, not access policies",
	Why: "An access policy is for all secrets of a vault, never for one, and whoever may write the vault (Contributor is enough) " +
		"can give himself one. A role can be given on a single secret, and only by those who may give roles.",
	Fix: "Set enableRbacAuthorization to true and assign roles such as Key Vault Secrets User on single secrets. Assign them " +
		"first: the access policies end at once. Say it also where the API's version makes it the default.",
	Covers: []string{"azpol:Azure-Key-Vault-should-use-RBAC-permission-model", "prowler:keyvault_rbac_enabled"},
	Controls: []string{
		"CIS Azure 6.0 8.3.6", "MCSB PA-7",
	},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/general/rbac-access-policy",
		"https://learn.microsoft.com/azure/key-vault/general/access-control-default",
	},
	Types: []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(set(s.Resource, roleModel), policy.Value.True,
			"Access policies decide who reads the vault: each is for all its secrets, and whoever may write the vault can give himself one.")
	},
}

var vaultAccessPolicies = policy.Rule{
	Name:     "azure-kv-access-policy-least-privilege",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "No access policy allows everything, or to purge",
	Why: "Who may purge can destroy deleted secrets for good, which no application needs. The permission \"all\" has it, and the " +
		"permissions to change, delete and restore. A vault that goes by roles ignores its access policies.",
	Fix:     "Name the permissions that are needed: an application that reads secrets needs get. Better, use roles (azure-kv-rbac).",
	Covers:  []string{"PSRule:Azure.KeyVault.AccessPolicy"},
	Sources: []string{"https://learn.microsoft.com/azure/key-vault/general/assign-access-policy"},
	Types:   []string{vault, accessPolicy},
	Joins:   []string{vault},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == vault {
			return ruledByPolicies(s, s.Resource, excessive(s, set(s.Resource, "properties.accessPolicies").Items()))
		}
		findings := excessive(s, s.Get("policy").Items())
		for _, of := range s.Graph.Referents(s.Resource, "vaultName", vault) {
			findings = ruledByPolicies(s, of, findings)
		}
		return findings
	},
}

// ruledByPolicies are the findings on access policies of a vault, which has to go by them.
func ruledByPolicies(s policy.Subject, of *policy.Resource, findings []policy.Finding) []policy.Finding {
	switch roles := set(of, roleModel); {
	case roles.True():
		return nil
	case roles.Unknown() && len(findings) > 0:
		return undecided(s, "It is not known before the update whether the vault goes by access policies.")
	}
	return findings
}

// excessive finds the permissions in access policies that nobody should have.
func excessive(s policy.Subject, policies []policy.Value) (findings []policy.Finding) {
	for _, p := range policies {
		permissions := p.At("permissions")
		if permissions.Unknown() {
			findings = append(findings, s.Unknown(permissions))
			continue
		}
		for _, kind := range []string{"keys", "secrets", "certificates", "storage"} {
			for _, permission := range permissions.At(kind).Items() {
				switch {
				case permission.Unknown():
					findings = append(findings, s.Unknown(permission))
				case is(permission, "all"):
					findings = append(findings, s.Fail(permission, "The policy allows everything with %s, also to purge.", kind))
				case is(permission, "purge"):
					findings = append(findings, s.Fail(permission, "The policy allows to purge %s, which destroys them for good.", kind))
				}
			}
		}
	}
	return findings
}
