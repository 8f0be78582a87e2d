package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AwsKmsRotationEnabled makes a key that gets new material each year.
func AwsKmsRotationEnabled(ctx *pulumi.Context) error {
	_, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
	})
	return err
}

// AwsKmsPolicyNoWildcardPrincipal lets the account use a key through Secrets Manager: only this account.
func AwsKmsPolicyNoWildcardPrincipal(ctx *pulumi.Context) error {
	_, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:root"},
				"Action": "kms:*",
				"Resource": "*"
			}, {
				"Effect": "Allow",
				"Principal": "*",
				"Action": ["kms:Decrypt", "kms:GenerateDataKey"],
				"Resource": "*",
				"Condition": {"StringEquals": {
					"kms:CallerAccount": "111122223333",
					"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"
				}}
			}]
		}`),
	})
	return err
}

// AwsKmsPolicyDefined gives a key a policy of its own.
func AwsKmsPolicyDefined(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	_, err = kms.NewKeyPolicy(ctx, "shop", &kms.KeyPolicyArgs{
		KeyId: key.ID(),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:role/key-administrator"},
				"Action": "kms:*",
				"Resource": "*"
			}]
		}`),
	})
	return err
}

// AwsKmsKeyEnabled makes keys that can be used, one of them with its own material.
func AwsKmsKeyEnabled(ctx *pulumi.Context) error {
	if _, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		IsEnabled: pulumi.Bool(true),
	}); err != nil {
		return err
	}
	_, err := kms.NewExternalKey(ctx, "imported", &kms.ExternalKeyArgs{
		Description: pulumi.String("Its material is imported by hand, which enables it"),
	})
	return err
}

// AwsKmsDeletionWindow makes keys whose deletion can be taken back for 30 days.
func AwsKmsDeletionWindow(ctx *pulumi.Context) error {
	key, err := kms.NewExternalKey(ctx, "imported", &kms.ExternalKeyArgs{
		MultiRegion:          pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(30),
	})
	if err != nil {
		return err
	}
	_, err = kms.NewReplicaExternalKey(ctx, "imported-eu-central-1", &kms.ReplicaExternalKeyArgs{
		PrimaryKeyArn:        key.Arn, // with a provider for eu-central-1
		DeletionWindowInDays: pulumi.Int(30),
	})
	return err
}

// AwsKmsNoLockoutBypass makes a key whose policy KMS has checked.
func AwsKmsNoLockoutBypass(ctx *pulumi.Context) error {
	_, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true), // and no BypassPolicyLockoutSafetyCheck
	})
	return err
}

// AwsKmsViaServiceSecretsmanager lets the account administer a key, and use it through Secrets Manager only.
func AwsKmsViaServiceSecretsmanager(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:root"},
				"Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:Enable*", "kms:Disable*", "kms:PutKeyPolicy",
					"kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:TagResource", "kms:UntagResource"],
				"Resource": "*"
			}, {
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:root"},
				"Action": ["kms:Decrypt", "kms:GenerateDataKey"],
				"Resource": "*",
				"Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
			}]
		}`),
	})
	if err != nil {
		return err
	}
	alias, err := kms.NewAlias(ctx, "shop", &kms.AliasArgs{
		Name:        pulumi.String("alias/shop"),
		TargetKeyId: key.KeyId,
	})
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{KmsKeyId: alias.Arn})
	return err
}
