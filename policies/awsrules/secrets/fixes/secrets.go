package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// AwsSecretCmkEncryption makes a secret and its replica, each under a key in its region.
func AwsSecretCmkEncryption(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{
		EnableKeyRotation: pulumi.Bool(true),
		MultiRegion:       pulumi.Bool(true),
	})
	if err != nil {
		return err
	}
	replica, err := kms.NewReplicaKey(ctx, "shop-eu-central-1", &kms.ReplicaKeyArgs{
		PrimaryKeyArn: key.Arn, // with a provider for eu-central-1
	})
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{
		KmsKeyId: key.Arn,
		Replicas: secretsmanager.SecretReplicaArray{secretsmanager.SecretReplicaArgs{
			Region:   pulumi.String("eu-central-1"),
			KmsKeyId: replica.Arn,
		}},
	})
	return err
}

// AwsSecretRotationEnabled rotates a secret, once it has a first value.
func AwsSecretRotationEnabled(ctx *pulumi.Context) error {
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	first, err := secretsmanager.NewSecretVersion(ctx, "orders-db", &secretsmanager.SecretVersionArgs{
		SecretId:     secret.Arn,
		SecretString: config.GetSecret(ctx, "firstPassword"),
	})
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecretRotation(ctx, "orders-db", &secretsmanager.SecretRotationArgs{
		SecretId:          first.SecretId,
		RotationLambdaArn: pulumi.String("arn:aws:lambda:eu-west-1:111122223333:function:rotator"),
		RotationRules: secretsmanager.SecretRotationRotationRulesArgs{
			AutomaticallyAfterDays: pulumi.Int(30),
		},
	})
	return err
}

// AwsSecretRotationInterval rotates a secret on the first Sunday of each month, between 3:00 and 5:00 UTC.
func AwsSecretRotationInterval(ctx *pulumi.Context) error {
	_, err := secretsmanager.NewSecretRotation(ctx, "orders-db", &secretsmanager.SecretRotationArgs{
		SecretId:          pulumi.String("shop/orders-db"),
		RotationLambdaArn: pulumi.String("arn:aws:lambda:eu-west-1:111122223333:function:rotator"),
		RotationRules: secretsmanager.SecretRotationRotationRulesArgs{
			ScheduleExpression: pulumi.String("cron(0 3 ? * SUN#1 *)"),
			Duration:           pulumi.String("2h"),
		},
	})
	return err
}

// AwsSecretPolicyNoPublic lets one role read a secret.
func AwsSecretPolicyNoPublic(ctx *pulumi.Context) error {
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecretPolicy(ctx, "orders-db", &secretsmanager.SecretPolicyArgs{
		SecretArn:         secret.Arn,
		BlockPublicPolicy: pulumi.Bool(true),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:role/orders"},
				"Action": "secretsmanager:GetSecretValue",
				"Resource": "*"
			}]
		}`),
	})
	return err
}

// AwsSecretPolicyRestrictive lets one role read a secret and denies it to all others.
func AwsSecretPolicyRestrictive(ctx *pulumi.Context) error {
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecretPolicy(ctx, "orders-db", &secretsmanager.SecretPolicyArgs{
		SecretArn:         secret.Arn,
		BlockPublicPolicy: pulumi.Bool(true),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:role/orders"},
				"Action": "secretsmanager:GetSecretValue",
				"Resource": "*"
			}, {
				"Effect": "Deny",
				"Principal": "*",
				"Action": "secretsmanager:GetSecretValue",
				"Resource": "*",
				"Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/orders"}}
			}]
		}`),
	})
	return err
}

// AwsSecretRecoveryWindow makes a secret that can be recovered for 30 days.
func AwsSecretRecoveryWindow(ctx *pulumi.Context) error {
	_, err := secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{
		RecoveryWindowInDays: pulumi.Int(30),
	})
	return err
}

// AwsSecretTagsDescription makes a secret that says what it is.
func AwsSecretTagsDescription(ctx *pulumi.Context) error {
	_, err := secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{
		Description: pulumi.String("Password of the application's user in the orders database"),
		Tags:        pulumi.StringMap{"owner": pulumi.String("team-orders")},
	})
	return err
}
