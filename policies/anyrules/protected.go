package anyrules

import "github.com/secretstack/secretstack/policies/policy"

var secretResourceProtected = policy.Rule{
	Name:     "secret-resource-protected",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Secrets, keys and vaults are protected from deletion",
	Why: "An update deletes what the program no longer has, and replaces what cannot be changed in place: a renamed variable is enough. The value of a secret is in " +
		"no repository to bring it back from, and with a key goes all that it has encrypted.",
	Fix: "Pass pulumi.Protect(true), to the resource or to the component that it is in. To delete it after all, set it to false in one update, and take the resource " +
		"out in the next.",
	Sources: []string{aboutProtect},
	Types: []string{
		"aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:secretsmanager/secret:Secret",
		"gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret", // gcp-kms-protected asks it of keys
		"azure-native:keyvault:Key", "azure-native:keyvault:Secret", "azure-native:keyvault:Vault",
	},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(s.Option("protect"), policy.Value.True, "An update can delete it.")
	},
}
