package azurerules

import (
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

const (
	roleDefinition = "azure-native:authorization:RoleDefinition"
	roleAssignment = "azure-native:authorization:RoleAssignment"
	resourceGroup  = "azure-native:resources:ResourceGroup"
)

var identities = []policy.Rule{roleWildcards, federatedSubject}

var roleWildcards = policy.Rule{
	Name:     "azure-role-no-wildcard",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "No identity may do everything, or read every vault of a subscription",
	Why: "Whoever takes over a workload has its roles. An Owner, a User Access Administrator or a custom role with * can give itself " +
		"the right to read each secret, and a Contributor can run code as any other identity. Key Vault's own roles are that wide too " +
		"when they are given on a subscription or management group.",
	Fix: "Give an identity a role for its task on the resource that it needs: Key Vault Secrets User on one secret. In a custom role, name " +
		"the operations. Who has to assign roles gets Role Based Access Control Administrator with a condition that names the roles. " +
		"Assignments to people and groups (principalType User or Group) may be of any role on resources.",
	Covers: []string{
		"CKV_AZURE_39", "Trivy:AZU-0030", "Trivy:AZU-0052", "KICS:3fa5900f", "prowler:app_function_identity_without_admin_privileges",
	},
	Controls: []string{"MCSB PA-7", "NIST 800-53 r5 AC-6", "NIST 800-53 r5 AC-6(7)"},
	Sources: []string{
		"https://learn.microsoft.com/azure/role-based-access-control/best-practices",
		"https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged",
		"https://learn.microsoft.com/azure/role-based-access-control/role-definitions",
		"https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview",
		"https://learn.microsoft.com/azure/key-vault/general/rbac-guide",
	},
	Types: []string{roleDefinition, roleAssignment},
	// What an assignment is on may be known by its dependencies only.
	Joins: []string{roleDefinition, vault, secret, key, resourceGroup},
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type == roleAssignment {
			return assigned(s)
		}
		var findings []policy.Finding
		for _, p := range s.Get("permissions").Items() {
			if p.Unknown() {
				findings = append(findings, s.Unknown(p))
				continue
			}
			findings = append(findings, wildcards(s, p.At("actions"), p.At("notActions"), operations)...)
			findings = append(findings, wildcards(s, p.At("dataActions"), p.At("notDataActions"), dataOperations)...)
		}
		return findings
	},
}

// operation is one that a wildcard must not cover, and what it lets an identity do.
type operation struct{ name, allows string }

// https://learn.microsoft.com/azure/role-based-access-control/permissions/security has Key Vault's.
var (
	operations = []operation{
		{"Microsoft.Authorization/roleAssignments/write", "give itself any role"},
		{"Microsoft.Authorization/roleDefinitions/write", "change what its own role allows"},
		{"Microsoft.KeyVault/vaults/write", "open vaults to itself"},
		{"Microsoft.KeyVault/vaults/secrets/write", "overwrite secrets"},
		{"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "act as other identities"},
	}
	dataOperations = []operation{
		{"Microsoft.KeyVault/vaults/secrets/getSecret/action", "read secrets"},
		{"Microsoft.KeyVault/vaults/secrets/setSecret/action", "overwrite secrets"},
		{"Microsoft.KeyVault/vaults/keys/decrypt/action", "decrypt with keys"},
		{"Microsoft.KeyVault/vaults/keys/sign/action", "sign with keys"},
	}
)

// wildcards finds the patterns with a * that cover an operation, unless the list of exceptions has it. A * is any text, also
// over slashes, in any case, which is how iamdoc matches too.
func wildcards(s policy.Subject, actions, except policy.Value, covered []operation) (findings []policy.Finding) {
	for _, action := range actions.Items() {
		if action.Unknown() {
			findings = append(findings, s.Unknown(action))
		}
		if !strings.Contains(action.Text(), "*") {
			continue
		}
		for _, o := range covered {
			if !iamdoc.MatchAction(action.Text(), o.name) {
				continue
			}
			excepted, unknown := false, policy.Value{}
			for _, e := range except.Items() {
				excepted = excepted || iamdoc.MatchAction(e.Text(), o.name)
				if e.Unknown() {
					unknown = e
				}
			}
			switch {
			case excepted:
				continue
			case unknown.Unknown():
				findings = append(findings, s.Unknown(unknown))
			default:
				findings = append(findings, s.Fail(action, "Who has the role can %s: %s covers %s.", o.allows, action, o.name))
			}
			break
		}
	}
	return findings
}

// Built-in roles by their GUID: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
var (
	privilegedRoles = map[string]struct {
		name      string
		delegates bool // assigns roles and nothing else, so a condition can limit it
	}{
		"8e3af657-a8ff-443c-a75c-2fe8c4bcb635": {name: "Owner"},
		"b24988ac-6180-42a0-ab88-20f7382dd24c": {name: "Contributor"},
		"18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": {name: "User Access Administrator", delegates: true},
		"f58310d9-a9f6-439a-9e8d-f62e7b41a168": {name: "Role Based Access Control Administrator", delegates: true},
	}
	vaultsRoles = map[string]string{
		"00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
		"a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
		"db79e9a7-68ee-4b58-9aeb-b90e7c24fcba": "Key Vault Certificate User",
		"14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
		"12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
		"b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
		"4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
	}
)

// assigned looks at an assignment. Its role may be named by its GUID, or by an id with or without a subscription that ends in it.
func assigned(s policy.Subject) []policy.Finding {
	id := s.Get("roleDefinitionId")
	if id.Unknown() {
		if len(s.Graph.Referents(s.Resource, "roleDefinitionId", roleDefinition)) > 0 {
			return nil // a custom role, whose definition is looked at
		}
		return []policy.Finding{s.Unknown(id)}
	}
	guid := strings.ToLower(id.Text()[strings.LastIndex(id.Text(), "/")+1:])
	if name, ok := vaultsRoles[guid]; ok {
		return wideScope(s, name)
	}
	given, ok := privilegedRoles[guid]
	if !ok {
		return nil
	}
	principal, condition := s.Get("principalType"), s.Get("condition")
	switch {
	case is(principal, "User", "Group", "ForeignGroup"):
		return nil
	case given.delegates && strings.Contains(strings.ToLower(condition.Text()), "roleassignments:roledefinitionid"):
		return nil
	case principal.Unknown():
		return []policy.Finding{s.Unknown(principal)}
	case given.delegates && condition.Unknown():
		return []policy.Finding{s.Unknown(condition)}
	}
	return []policy.Finding{s.Fail(id, "The role is %s: who takes over the identity can take over all that it is given on.", given.name)}
}

// wideScope finds a role on vaults that is given on more than a resource group.
func wideScope(s policy.Subject, role string) []policy.Finding {
	scope := s.Get("scope")
	if scope.Unknown() {
		for _, typ := range []string{vault, secret, key, resourceGroup} {
			if len(s.Graph.Referents(s.Resource, "scope", typ)) > 0 {
				return nil
			}
		}
		return []policy.Finding{s.Unknown(scope)}
	}
	wide := ""
	switch parts := strings.Split(strings.Trim(strings.ToLower(scope.Text()), "/"), "/"); {
	case parts[0] == "":
		wide = "the whole tenant"
	case parts[0] == "subscriptions" && len(parts) <= 2:
		wide = "a whole subscription"
	case len(parts) == 4 && parts[2] == "managementgroups":
		wide = "a whole management group"
	default:
		return nil
	}
	return []policy.Finding{s.Fail(scope, "The role %s is given on %s, so on each vault in it.", role, wide)}
}
