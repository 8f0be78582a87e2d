package secrets_test

import (
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/secretstack/secretstack/policies/awsrules/secrets"
	"github.com/secretstack/secretstack/policies/awsrules/secrets/fixes"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestCases(t *testing.T) { policytest.Run(t, secrets.All, "testdata") }

func TestFixes(t *testing.T) { policytest.Fixes(t, secrets.All, fixes.All, secrets.Fixes) }

func TestTypes(t *testing.T) {
	policytest.Types(t, secrets.All, fixes.All, "testdata", map[string]policytest.Type{
		"aws:secretsmanager/secret:Secret":                 {Resource: secretsmanager.Secret{}, Args: secretsmanager.SecretArgs{}},
		"aws:secretsmanager/secretPolicy:SecretPolicy":     {Resource: secretsmanager.SecretPolicy{}, Args: secretsmanager.SecretPolicyArgs{}},
		"aws:secretsmanager/secretRotation:SecretRotation": {Resource: secretsmanager.SecretRotation{}, Args: secretsmanager.SecretRotationArgs{}},
		"aws:secretsmanager/secretVersion:SecretVersion":   {Resource: secretsmanager.SecretVersion{}, Args: secretsmanager.SecretVersionArgs{}},
		"aws:ssm/parameter:Parameter":                      {Resource: ssm.Parameter{}, Args: ssm.ParameterArgs{}},
		"aws:kms/key:Key":                                  {Resource: kms.Key{}, Args: kms.KeyArgs{}},
		"aws:kms/externalKey:ExternalKey":                  {Resource: kms.ExternalKey{}, Args: kms.ExternalKeyArgs{}},
		"aws:kms/replicaKey:ReplicaKey":                    {Resource: kms.ReplicaKey{}, Args: kms.ReplicaKeyArgs{}},
		"aws:kms/replicaExternalKey:ReplicaExternalKey":    {Resource: kms.ReplicaExternalKey{}, Args: kms.ReplicaExternalKeyArgs{}},
		"aws:kms/keyPolicy:KeyPolicy":                      {Resource: kms.KeyPolicy{}, Args: kms.KeyPolicyArgs{}},
		"aws:kms/alias:Alias":                              {Resource: kms.Alias{}, Args: kms.AliasArgs{}},
	})
}
