package fixes

import (
	"github.com/pulumi/pulumi-azure-native-sdk/storage/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AzureStorageHTTPSTLS12 passes azure-storage-https-tls12.
func AzureStorageHTTPSTLS12(ctx *pulumi.Context) error {
	_, err := storage.NewStorageAccount(ctx, "audit", &storage.StorageAccountArgs{
		ResourceGroupName:      pulumi.String("shop"),
		Kind:                   storage.KindStorageV2,
		Sku:                    storage.SkuArgs{Name: storage.SkuName_Standard_ZRS},
		EnableHttpsTrafficOnly: pulumi.Bool(true),
		MinimumTlsVersion:      storage.MinimumTlsVersion_TLS1_2,
	})
	return err
}

// AzureStorageNoPublicBlob passes azure-storage-no-public-blob.
func AzureStorageNoPublicBlob(ctx *pulumi.Context) error {
	account, err := storage.NewStorageAccount(ctx, "audit", &storage.StorageAccountArgs{
		ResourceGroupName:     pulumi.String("shop"),
		Kind:                  storage.KindStorageV2,
		Sku:                   storage.SkuArgs{Name: storage.SkuName_Standard_ZRS},
		AllowBlobPublicAccess: pulumi.Bool(false),
	})
	if err != nil {
		return err
	}
	_, err = storage.NewBlobContainer(ctx, "logs", &storage.BlobContainerArgs{
		ResourceGroupName: pulumi.String("shop"),
		AccountName:       account.Name,
		PublicAccess:      storage.PublicAccessNone,
	})
	return err
}

// AzureStorageNetworkDeny passes azure-storage-network-deny.
func AzureStorageNetworkDeny(ctx *pulumi.Context) error {
	_, err := storage.NewStorageAccount(ctx, "audit", &storage.StorageAccountArgs{
		ResourceGroupName: pulumi.String("shop"),
		Kind:              storage.KindStorageV2,
		Sku:               storage.SkuArgs{Name: storage.SkuName_Standard_ZRS},
		NetworkRuleSet: storage.NetworkRuleSetArgs{
			DefaultAction: storage.DefaultActionDeny,
			Bypass:        storage.BypassAzureServices,
			IpRules:       storage.IPRuleArray{storage.IPRuleArgs{IPAddressOrRange: pulumi.String("203.0.113.0/24")}},
		},
	})
	return err
}

// AzureStorageNoSharedKey passes azure-storage-no-shared-key.
func AzureStorageNoSharedKey(ctx *pulumi.Context) error {
	_, err := storage.NewStorageAccount(ctx, "audit", &storage.StorageAccountArgs{
		ResourceGroupName:    pulumi.String("shop"),
		Kind:                 storage.KindStorageV2,
		Sku:                  storage.SkuArgs{Name: storage.SkuName_Standard_ZRS},
		AllowSharedKeyAccess: pulumi.Bool(false),
		IsLocalUserEnabled:   pulumi.Bool(false),
	})
	return err
}

// AzureStorageCmk passes azure-storage-cmk.
func AzureStorageCmk(ctx *pulumi.Context) error {
	const identity = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/audit"
	_, err := storage.NewStorageAccount(ctx, "audit", &storage.StorageAccountArgs{
		ResourceGroupName: pulumi.String("shop"),
		Kind:              storage.KindStorageV2,
		Sku:               storage.SkuArgs{Name: storage.SkuName_Standard_ZRS},
		Identity: storage.IdentityArgs{
			Type:                   storage.IdentityTypeUserAssigned,
			UserAssignedIdentities: pulumi.ToStringArray([]string{identity}),
		},
		Encryption: storage.EncryptionArgs{
			KeySource:          storage.KeySource_Microsoft_Keyvault,
			EncryptionIdentity: storage.EncryptionIdentityArgs{EncryptionUserAssignedIdentity: pulumi.String(identity)},
			KeyVaultProperties: storage.KeyVaultPropertiesArgs{
				KeyVaultUri: pulumi.String("https://shop-prod.vault.azure.net"),
				KeyName:     pulumi.String("audit"),
			},
		},
	})
	return err
}
