// Package fixes has, for each rule on Google Cloud, the shortest program that passes it: the examples of the
// documentation.
package fixes

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// All are the programs, by rule.
var All = map[string]pulumi.RunFunc{
	"gcp-secret-cmek":                      GcpSecretCmek,
	"gcp-secret-rotation":                  GcpSecretRotation,
	"gcp-secret-version-destroy-ttl":       GcpSecretVersionDestroyTTL,
	"gcp-secret-iam-no-public":             GcpSecretIamNoPublic,
	"gcp-secret-accessor-not-project-wide": GcpSecretAccessorNotProjectWide,
	"gcp-kms-rotation":                     GcpKmsRotation,
	"gcp-kms-no-public":                    GcpKmsNoPublic,
	"gcp-kms-protected":                    GcpKmsProtected,
	"gcp-kms-separation-of-duties":         GcpKmsSeparationOfDuties,
	"gcp-iam-no-basic-roles":               GcpIamNoBasicRoles,
	"gcp-iam-sa-no-admin":                  GcpIamSaNoAdmin,
	"gcp-iam-no-project-impersonation":     GcpIamNoProjectImpersonation,
	"gcp-iam-no-default-or-user-principal": GcpIamNoDefaultOrUserPrincipal,
	"gcp-sa-no-user-managed-key":           GcpSaNoUserManagedKey,
	"gcp-wif-attribute-condition":          GcpWifAttributeCondition,
	"gcp-audit-data-access-logs":           GcpAuditDataAccessLogs,
	"gcp-pubsub-cmek":                      GcpPubsubCmek,
	"gcp-pubsub-no-public":                 GcpPubsubNoPublic,
	"gcp-function-no-public":               GcpFunctionNoPublic,
	"gcp-function-ingress":                 GcpFunctionIngress,
	"gcp-function-env-no-secret":           GcpFunctionEnvNoSecret,
	"gcp-run-no-public":                    GcpRunNoPublic,
}
