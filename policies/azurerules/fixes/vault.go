package fixes

import (
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/operationalinsights/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AzureKvSoftDelete passes azure-kv-soft-delete.
func AzureKvSoftDelete(ctx *pulumi.Context) error {
	_, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId:                  authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:                       keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			EnableSoftDelete:          pulumi.Bool(true),
			SoftDeleteRetentionInDays: pulumi.Int(90), // fixed when the vault is made
		},
	})
	return err
}

// AzureKvPurgeProtection passes azure-kv-purge-protection.
func AzureKvPurgeProtection(ctx *pulumi.Context) error {
	_, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId:              authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:                   keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			EnablePurgeProtection: pulumi.Bool(true), // cannot be undone
		},
	})
	return err
}

// AzureKvRbac passes azure-kv-rbac.
func AzureKvRbac(ctx *pulumi.Context) error {
	_, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId:                authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:                     keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			EnableRbacAuthorization: pulumi.Bool(true),
		},
	})
	return err
}

// AzureKvAccessPolicyLeastPrivilege passes azure-kv-access-policy-least-privilege.
func AzureKvAccessPolicyLeastPrivilege(ctx *pulumi.Context) error {
	_, err := keyvault.NewAccessPolicy(ctx, "checkout", &keyvault.AccessPolicyArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-prod"),
		Policy: keyvault.AccessPolicyEntryArgs{
			TenantId: authorization.GetClientConfigOutput(ctx).TenantId(),
			ObjectId: pulumi.String("3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
			Permissions: keyvault.PermissionsArgs{
				Secrets: pulumi.StringArray{keyvault.SecretPermissionsGet},
			},
		},
	})
	return err
}

// AzureKvNetworkDeny passes azure-kv-network-deny.
func AzureKvNetworkDeny(ctx *pulumi.Context) error {
	_, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId: authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:      keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			NetworkAcls: keyvault.NetworkRuleSetArgs{
				DefaultAction: keyvault.NetworkRuleActionDeny,
				Bypass:        keyvault.NetworkRuleBypassOptionsNone,
				IpRules:       keyvault.IPRuleArray{keyvault.IPRuleArgs{Value: pulumi.String("203.0.113.0/24")}},
			},
		},
	})
	return err
}

// AzureKvPublicAccessDisabled passes azure-kv-public-access-disabled.
func AzureKvPublicAccessDisabled(ctx *pulumi.Context) error {
	_, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId:            authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:                 keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			PublicNetworkAccess: pulumi.String("Disabled"),
		},
	})
	return err
}

// AzureKvPrivateEndpoint passes azure-kv-private-endpoint.
func AzureKvPrivateEndpoint(ctx *pulumi.Context) error {
	vault, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId: authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:      keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
		},
	})
	if err != nil {
		return err
	}
	var endpoint pulumi.CustomResourceState // with the SDK: network.NewPrivateEndpoint
	return ctx.RegisterResource("azure-native:network:PrivateEndpoint", "shop", pulumi.Map{
		"resourceGroupName": pulumi.String("shop"),
		"subnet": pulumi.Map{
			"id": pulumi.String("/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop/subnets/apps"),
		},
		"privateLinkServiceConnections": pulumi.Array{pulumi.Map{
			"name":                 pulumi.String("vault"),
			"privateLinkServiceId": vault.ID(),
			"groupIds":             pulumi.ToStringArray([]string{"vault"}),
		}},
	}, &endpoint)
}

// AzureKvDiagnosticLogs passes azure-kv-diagnostic-logs.
func AzureKvDiagnosticLogs(ctx *pulumi.Context) error {
	vault, err := keyvault.NewVault(ctx, "shop", &keyvault.VaultArgs{
		ResourceGroupName: pulumi.String("shop"),
		Properties: keyvault.VaultPropertiesArgs{
			TenantId: authorization.GetClientConfigOutput(ctx).TenantId(),
			Sku:      keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
		},
	})
	if err != nil {
		return err
	}
	workspace, err := operationalinsights.NewWorkspace(ctx, "shop", &operationalinsights.WorkspaceArgs{
		ResourceGroupName: pulumi.String("shop"),
		RetentionInDays:   pulumi.Int(365),
	})
	if err != nil {
		return err
	}
	_, err = insights.NewDiagnosticSetting(ctx, "shop", &insights.DiagnosticSettingArgs{
		ResourceUri:                 vault.ID(),
		WorkspaceId:                 workspace.ID(),
		LogAnalyticsDestinationType: pulumi.String("Dedicated"),
		Logs: insights.LogSettingsArray{
			insights.LogSettingsArgs{Category: pulumi.String("AuditEvent"), Enabled: pulumi.Bool(true)},
		},
	})
	return err
}

// AzureKvDefender passes azure-kv-defender.
func AzureKvDefender(ctx *pulumi.Context) error {
	var plan pulumi.CustomResourceState // with the SDK: security.NewPricing
	return ctx.RegisterResource("azure-native:security:Pricing", "vaults", pulumi.Map{
		"scopeId":     pulumi.String("subscriptions/11111111-2222-4333-8444-555555555555"),
		"pricingName": pulumi.String("KeyVaults"),
		"pricingTier": pulumi.String("Standard"),
	}, &plan)
}
