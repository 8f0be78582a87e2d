package fixes

import (
	"time"

	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// AzureKvKeyExpiry passes azure-kv-key-expiry.
func AzureKvKeyExpiry(ctx *pulumi.Context) error {
	end := time.Date(2028, time.January, 1, 0, 0, 0, 0, time.UTC)
	_, err := keyvault.NewKey(ctx, "orders", &keyvault.KeyArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Properties: keyvault.KeyPropertiesArgs{
			Kty:        keyvault.JsonWebKeyTypeEC,
			Attributes: keyvault.KeyAttributesArgs{Expires: pulumi.Float64(end.Unix())},
		},
	})
	return err
}

// AzureKvKeyRotationPolicy passes azure-kv-key-rotation-policy.
func AzureKvKeyRotationPolicy(ctx *pulumi.Context) error {
	_, err := keyvault.NewKey(ctx, "orders", &keyvault.KeyArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Properties: keyvault.KeyPropertiesArgs{
			Kty: keyvault.JsonWebKeyTypeEC,
			RotationPolicy: keyvault.RotationPolicyArgs{
				Attributes: keyvault.KeyRotationPolicyAttributesArgs{ExpiryTime: pulumi.String("P18M")},
				LifetimeActions: keyvault.LifetimeActionArray{keyvault.LifetimeActionArgs{
					Action:  keyvault.ActionArgs{Type: keyvault.KeyRotationPolicyActionTypeRotate},
					Trigger: keyvault.TriggerArgs{TimeAfterCreate: pulumi.String("P1Y")},
				}},
			},
		},
	})
	return err
}

// AzureKvKeyStrength passes azure-kv-key-strength.
func AzureKvKeyStrength(ctx *pulumi.Context) error {
	_, err := keyvault.NewKey(ctx, "orders", &keyvault.KeyArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Properties:        keyvault.KeyPropertiesArgs{Kty: keyvault.JsonWebKeyTypeRSA, KeySize: pulumi.Int(3072)},
	})
	return err
}

// AzureKvSecretExpiry passes azure-kv-secret-expiry.
func AzureKvSecretExpiry(ctx *pulumi.Context) error {
	_, err := keyvault.NewSecret(ctx, "orders-db", &keyvault.SecretArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Properties: keyvault.SecretPropertiesArgs{
			// Azure makes no secret without a value. This one is disabled, so nobody can read it; real values are put out
			// of band, each with its date.
			Attributes: keyvault.SecretAttributesArgs{Enabled: pulumi.Bool(false)},
			Value:      pulumi.ToSecret(pulumi.String("no value yet")).(pulumi.StringOutput),
		},
	}, pulumi.IgnoreChanges([]string{"properties"}))
	return err
}

// AzureKvSecretContentType passes azure-kv-secret-content-type.
func AzureKvSecretContentType(ctx *pulumi.Context) error {
	_, err := keyvault.NewSecret(ctx, "orders-db", &keyvault.SecretArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Properties: keyvault.SecretPropertiesArgs{
			ContentType: pulumi.String("password"),
			Value:       config.New(ctx, "").GetSecret("ordersDb"),
		},
	})
	return err
}
