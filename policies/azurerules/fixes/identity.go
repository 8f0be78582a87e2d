package fixes

import (
	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/authorization/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2"
	"github.com/pulumi/pulumi-azure-native-sdk/resources/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AzureFunctionHTTPSTLS passes azure-function-https-tls.
func AzureFunctionHTTPSTLS(ctx *pulumi.Context) error {
	var function pulumi.CustomResourceState // with the SDK: web.NewWebApp
	return ctx.RegisterResource("azure-native:web:WebApp", "refund", pulumi.Map{
		"resourceGroupName": pulumi.String("shop"),
		"kind":              pulumi.String("functionapp,linux"),
		"httpsOnly":         pulumi.Bool(true),
		"siteConfig":        pulumi.Map{"minTlsVersion": pulumi.String("1.2")},
	}, &function)
}

// AzureFunctionIdentityNoPublic passes azure-function-identity-no-public.
func AzureFunctionIdentityNoPublic(ctx *pulumi.Context) error {
	var function pulumi.CustomResourceState // with the SDK: web.NewWebApp
	if err := ctx.RegisterResource("azure-native:web:WebApp", "refund", pulumi.Map{
		"resourceGroupName":   pulumi.String("shop"),
		"kind":                pulumi.String("functionapp,linux"),
		"identity":            pulumi.Map{"type": pulumi.String("SystemAssigned")},
		"publicNetworkAccess": pulumi.String("Disabled"),
	}, &function); err != nil {
		return err
	}
	api, err := app.NewContainerApp(ctx, "checkout", &app.ContainerAppArgs{
		ResourceGroupName: pulumi.String("shop"),
		Identity:          app.ManagedServiceIdentityArgs{Type: app.ManagedServiceIdentityTypeSystemAssigned},
	})
	if err != nil {
		return err
	}
	_, err = app.NewJob(ctx, "reports", &app.JobArgs{
		ResourceGroupName: pulumi.String("shop"),
		EnvironmentId:     api.EnvironmentId,
		Identity:          app.ManagedServiceIdentityArgs{Type: app.ManagedServiceIdentityTypeSystemAssigned},
	})
	return err
}

// AzureRoleNoWildcard passes azure-role-no-wildcard.
func AzureRoleNoWildcard(ctx *pulumi.Context) error {
	group, err := resources.NewResourceGroup(ctx, "shop", nil)
	if err != nil {
		return err
	}
	rotator, err := authorization.NewRoleDefinition(ctx, "rotator", &authorization.RoleDefinitionArgs{
		RoleName:         pulumi.String("Rotator of shop"),
		Scope:            group.ID(),
		AssignableScopes: pulumi.StringArray{group.ID()},
		Permissions: authorization.PermissionArray{authorization.PermissionArgs{
			DataActions: pulumi.ToStringArray([]string{
				"Microsoft.KeyVault/vaults/secrets/getSecret/action",
				"Microsoft.KeyVault/vaults/secrets/setSecret/action",
			}),
		}},
	})
	if err != nil {
		return err
	}
	secret, err := keyvault.NewSecret(ctx, "orders-db", &keyvault.SecretArgs{
		ResourceGroupName: group.Name,
		VaultName:         pulumi.String("shop-prod"),
		Properties:        keyvault.SecretPropertiesArgs{Attributes: keyvault.SecretAttributesArgs{Enabled: pulumi.Bool(false)}},
	})
	if err != nil {
		return err
	}
	_, err = authorization.NewRoleAssignment(ctx, "rotator", &authorization.RoleAssignmentArgs{
		PrincipalId:      pulumi.String("3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
		PrincipalType:    authorization.PrincipalTypeServicePrincipal,
		RoleDefinitionId: rotator.ID(),
		Scope:            secret.ID(), // the secret alone, not the vault
	})
	return err
}

// AzureFederatedCredentialSubjectPinned passes azure-federated-credential-subject-pinned.
func AzureFederatedCredentialSubjectPinned(ctx *pulumi.Context) error {
	_, err := managedidentity.NewFederatedIdentityCredential(ctx, "deploy", &managedidentity.FederatedIdentityCredentialArgs{
		ResourceGroupName: pulumi.String("shop"),
		ResourceName:      pulumi.String("deployer"), // the identity
		Issuer:            pulumi.String("https://token.actions.githubusercontent.com"),
		Audiences:         pulumi.ToStringArray([]string{"api://AzureADTokenExchange"}),
		Subject:           pulumi.String("repo:example/shop:environment:production"),
	})
	return err
}
