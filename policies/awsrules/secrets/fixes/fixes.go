// Package fixes has for each rule of package secrets the shortest program that passes it. Tests run them, and the
// documentation shows them.
package fixes

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// All are the programs, by rule.
var All = map[string]pulumi.RunFunc{
	"aws-secret-cmk-encryption":             AwsSecretCmkEncryption,
	"aws-secret-rotation-enabled":           AwsSecretRotationEnabled,
	"aws-secret-rotation-interval":          AwsSecretRotationInterval,
	"aws-secret-policy-no-public":           AwsSecretPolicyNoPublic,
	"aws-secret-policy-restrictive":         AwsSecretPolicyRestrictive,
	"aws-secret-recovery-window":            AwsSecretRecoveryWindow,
	"aws-secret-tags-description":           AwsSecretTagsDescription,
	"aws-ssm-parameter-secure-string":       AwsSsmParameterSecureString,
	"aws-ssm-parameter-no-hardcoded-secret": AwsSsmParameterNoHardcodedSecret,
	"aws-kms-rotation-enabled":              AwsKmsRotationEnabled,
	"aws-kms-policy-no-wildcard-principal":  AwsKmsPolicyNoWildcardPrincipal,
	"aws-kms-policy-defined":                AwsKmsPolicyDefined,
	"aws-kms-key-enabled":                   AwsKmsKeyEnabled,
	"aws-kms-deletion-window":               AwsKmsDeletionWindow,
	"aws-kms-no-lockout-bypass":             AwsKmsNoLockoutBypass,
	"aws-kms-via-service-secretsmanager":    AwsKmsViaServiceSecretsmanager,
}
