// Package fixes has the examples of the rules in the tests of policytest.
package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TestDescribed is for test-described.
func TestDescribed(ctx *pulumi.Context) error {
	_, err := secretsmanager.NewSecret(ctx, "orders-db", &secretsmanager.SecretArgs{
		Description: pulumi.String("Password of the orders database"),
	})
	return err
}

// TestRotated is for test-rotated.
func TestRotated(ctx *pulumi.Context) error {
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecretRotation(ctx, "orders-db", &secretsmanager.SecretRotationArgs{
		SecretId:      secret.Arn,
		RotationRules: &secretsmanager.SecretRotationRotationRulesArgs{AutomaticallyAfterDays: pulumi.Int(30)},
	})
	return err
}
