package fixes

import (
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GcpSecretAccessorNotProjectWide lets a service account read the secrets that it needs.
func GcpSecretAccessorNotProjectWide(ctx *pulumi.Context) error {
	checkout, err := serviceaccount.NewAccount(ctx, "checkout", &serviceaccount.AccountArgs{
		AccountId: pulumi.String("checkout"),
	})
	if err != nil {
		return err
	}
	// On the secret that it needs.
	if _, err := secretmanager.NewSecretIamMember(ctx, "checkout-orders-db", &secretmanager.SecretIamMemberArgs{
		SecretId: pulumi.String("orders-db"),
		Role:     pulumi.String("roles/secretmanager.secretAccessor"),
		Member:   checkout.Member,
	}); err != nil {
		return err
	}
	// Or on the project, for the secrets whose names begin so.
	_, err = projects.NewIAMMember(ctx, "checkout", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/secretmanager.secretAccessor"),
		Member:  checkout.Member,
		Condition: projects.IAMMemberConditionArgs{
			Title:      pulumi.String("Secrets of checkout"),
			Expression: pulumi.String("resource.name.startsWith('projects/111122223333/secrets/checkout-')"),
		},
	})
	return err
}

// GcpIamNoBasicRoles grants a group what it needs.
func GcpIamNoBasicRoles(ctx *pulumi.Context) error {
	_, err := projects.NewIAMMember(ctx, "developers", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/run.developer"),
		Member:  pulumi.String("group:developers@example.com"),
	})
	return err
}

// GcpIamSaNoAdmin grants a service account what it works with.
func GcpIamSaNoAdmin(ctx *pulumi.Context) error {
	reports, err := serviceaccount.NewAccount(ctx, "reports", &serviceaccount.AccountArgs{AccountId: pulumi.String("reports")})
	if err != nil {
		return err
	}
	_, err = projects.NewIAMMember(ctx, "reports", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/bigquery.jobUser"),
		Member:  reports.Member,
	})
	return err
}

// GcpIamNoProjectImpersonation lets people deploy one service, as its account.
func GcpIamNoProjectImpersonation(ctx *pulumi.Context) error {
	checkout, err := serviceaccount.NewAccount(ctx, "checkout", &serviceaccount.AccountArgs{
		AccountId: pulumi.String("checkout"),
	})
	if err != nil {
		return err
	}
	// Who deploys the service may run it as its account, and as no other.
	if _, err := serviceaccount.NewIAMMember(ctx, "deployers-checkout", &serviceaccount.IAMMemberArgs{
		ServiceAccountId: checkout.Name,
		Role:             pulumi.String("roles/iam.serviceAccountUser"),
		Member:           pulumi.String("group:deployers@example.com"),
	}); err != nil {
		return err
	}
	_, err = projects.NewIAMMember(ctx, "deployers", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/run.developer"),
		Member:  pulumi.String("group:deployers@example.com"),
	})
	return err
}

// GcpIamNoDefaultOrUserPrincipal grants a role to a group, and runs a service as its own account.
func GcpIamNoDefaultOrUserPrincipal(ctx *pulumi.Context) error {
	checkout, err := serviceaccount.NewAccount(ctx, "checkout", &serviceaccount.AccountArgs{
		AccountId: pulumi.String("checkout"),
	})
	if err != nil {
		return err
	}
	if _, err := projects.NewIAMMember(ctx, "developers", &projects.IAMMemberArgs{
		Project: pulumi.String("shop"),
		Role:    pulumi.String("roles/logging.viewer"),
		Member:  pulumi.String("group:developers@example.com"),
	}); err != nil {
		return err
	}
	_, err = cloudrunv2.NewService(ctx, "checkout", &cloudrunv2.ServiceArgs{
		Location: pulumi.String("europe-west1"),
		Template: cloudrunv2.ServiceTemplateArgs{
			ServiceAccount: checkout.Email,
			Containers: cloudrunv2.ServiceTemplateContainerArray{cloudrunv2.ServiceTemplateContainerArgs{
				Image: pulumi.String("europe-west1-docker.pkg.dev/shop/services/checkout"),
			}},
		},
	})
	return err
}

// GcpSaNoUserManagedKey lets a workflow elsewhere work as a service account that has no key.
func GcpSaNoUserManagedKey(ctx *pulumi.Context) error {
	reports, err := serviceaccount.NewAccount(ctx, "reports", &serviceaccount.AccountArgs{AccountId: pulumi.String("reports")})
	if err != nil {
		return err
	}
	// A workflow elsewhere works as the account without a key: its own token, which the pool accepts, is enough.
	_, err = serviceaccount.NewIAMMember(ctx, "nightly-reports", &serviceaccount.IAMMemberArgs{
		ServiceAccountId: reports.Name,
		Role:             pulumi.String("roles/iam.workloadIdentityUser"),
		Member: pulumi.String("principalSet://iam.googleapis.com/projects/111122223333/locations/global/" +
			"workloadIdentityPools/github/attribute.repository/shop/reports"),
	})
	return err
}

// GcpWifAttributeCondition accepts the workflows of one organization on GitHub, on its main branches.
func GcpWifAttributeCondition(ctx *pulumi.Context) error {
	_, err := iam.NewWorkloadIdentityPoolProvider(ctx, "github", &iam.WorkloadIdentityPoolProviderArgs{
		WorkloadIdentityPoolId:         pulumi.String("github"),
		WorkloadIdentityPoolProviderId: pulumi.String("actions"),
		Oidc: iam.WorkloadIdentityPoolProviderOidcArgs{
			IssuerUri: pulumi.String("https://token.actions.githubusercontent.com"),
		},
		AttributeMapping: pulumi.StringMap{
			"google.subject":       pulumi.String("assertion.sub"),
			"attribute.repository": pulumi.String("assertion.repository"),
		},
		// The number of the organization: its name could be somebody else's one day.
		AttributeCondition: pulumi.String("assertion.repository_owner_id == '1234567' && assertion.ref == 'refs/heads/main'"),
	})
	return err
}
