// Package fixes has, for each rule on Azure, the shortest program that passes it. The documentation shows their bodies.
package fixes

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// All are the programs by the names of their rules.
var All = map[string]pulumi.RunFunc{
	"azure-federated-credential-subject-pinned": AzureFederatedCredentialSubjectPinned,
	"azure-function-https-tls":                  AzureFunctionHTTPSTLS,
	"azure-function-identity-no-public":         AzureFunctionIdentityNoPublic,
	"azure-kv-access-policy-least-privilege":    AzureKvAccessPolicyLeastPrivilege,
	"azure-kv-defender":                         AzureKvDefender,
	"azure-kv-diagnostic-logs":                  AzureKvDiagnosticLogs,
	"azure-kv-key-expiry":                       AzureKvKeyExpiry,
	"azure-kv-key-rotation-policy":              AzureKvKeyRotationPolicy,
	"azure-kv-key-strength":                     AzureKvKeyStrength,
	"azure-kv-network-deny":                     AzureKvNetworkDeny,
	"azure-kv-private-endpoint":                 AzureKvPrivateEndpoint,
	"azure-kv-public-access-disabled":           AzureKvPublicAccessDisabled,
	"azure-kv-purge-protection":                 AzureKvPurgeProtection,
	"azure-kv-rbac":                             AzureKvRbac,
	"azure-kv-secret-content-type":              AzureKvSecretContentType,
	"azure-kv-secret-expiry":                    AzureKvSecretExpiry,
	"azure-kv-soft-delete":                      AzureKvSoftDelete,
	"azure-role-no-wildcard":                    AzureRoleNoWildcard,
	"azure-storage-cmk":                         AzureStorageCmk,
	"azure-storage-https-tls12":                 AzureStorageHTTPSTLS12,
	"azure-storage-network-deny":                AzureStorageNetworkDeny,
	"azure-storage-no-public-blob":              AzureStorageNoPublicBlob,
	"azure-storage-no-shared-key":               AzureStorageNoSharedKey,
}
