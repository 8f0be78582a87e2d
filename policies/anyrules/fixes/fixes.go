// Package fixes has, for each rule that is the same in each cloud, the shortest program that passes it: the examples of
// the documentation.
package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// All are the programs, by rule.
var All = map[string]pulumi.RunFunc{
	"no-hardcoded-provider-credential": NoHardcodedProviderCredential,
	"no-hardcoded-secret-in-inputs":    NoHardcodedSecretInInputs,
	"no-secret-in-environment":         NoSecretInEnvironment,
	"no-secret-in-stack-output":        NoSecretInStackOutput,
	"no-secret-over-http":              NoSecretOverHttp,
	"secret-resource-protected":        SecretResourceProtected,
	"secret-value-marked-secret":       SecretValueMarkedSecret,
}

// NoHardcodedProviderCredential has a provider that finds its credential in the environment.
func NoHardcodedProviderCredential(ctx *pulumi.Context) error {
	// The credential is that of the environment, and short-lived: the CI's, by federation, or a person's login.
	_, err := aws.NewProvider(ctx, "shop", &aws.ProviderArgs{
		Region: pulumi.String("eu-west-1"),
		AssumeRole: aws.ProviderAssumeRoleArgs{
			RoleArn: pulumi.String("arn:aws:iam::111122223333:role/deploy"),
		},
	})
	return err
}

// NoHardcodedSecretInInputs tells a function where its secret is.
func NoHardcodedSecretInInputs(ctx *pulumi.Context) error {
	db, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "checkout", &lambda.FunctionArgs{
		Code:    pulumi.NewFileArchive("checkout.zip"),
		Role:    pulumi.String("arn:aws:iam::111122223333:role/shop/checkout"),
		Runtime: pulumi.String("provided.al2023"),
		Handler: pulumi.String("bootstrap"),
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			"DB_SECRET_ARN": db.Arn, // the function reads the value when it starts
		}},
	})
	return err
}

// NoSecretInEnvironment has ECS read a secret for a container.
func NoSecretInEnvironment(ctx *pulumi.Context) error {
	db, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = ecs.NewTaskDefinition(ctx, "checkout", &ecs.TaskDefinitionArgs{
		Family: pulumi.String("checkout"),
		ContainerDefinitions: pulumi.JSONMarshal([]any{map[string]any{
			"name":    "checkout",
			"image":   "111122223333.dkr.ecr.eu-west-1.amazonaws.com/checkout:1",
			"secrets": []any{map[string]any{"name": "DB_PASSWORD", "valueFrom": db.Arn}}, // ECS fills it in
		}}),
	})
	return err
}

// NoSecretInStackOutput exports where a secret is.
func NoSecretInStackOutput(ctx *pulumi.Context) error {
	db, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	ctx.Export("ordersDBSecretArn", db.Arn)
	return nil
}

// NoSecretOverHttp sends a key in a header, over TLS.
func NoSecretOverHttp(ctx *pulumi.Context) error {
	warehouse, err := cloudwatch.NewEventConnection(ctx, "warehouse", &cloudwatch.EventConnectionArgs{
		AuthorizationType: pulumi.String("API_KEY"),
		AuthParameters: cloudwatch.EventConnectionAuthParametersArgs{ApiKey: cloudwatch.EventConnectionAuthParametersApiKeyArgs{
			Key:   pulumi.String("X-Api-Key"), // a header
			Value: config.GetSecret(ctx, "warehouseKey"),
		}},
	})
	if err != nil {
		return err
	}
	_, err = cloudwatch.NewEventApiDestination(ctx, "warehouse", &cloudwatch.EventApiDestinationArgs{
		ConnectionArn:      warehouse.Arn,
		HttpMethod:         pulumi.String("POST"),
		InvocationEndpoint: pulumi.String("https://warehouse.example.com/orders"),
	})
	return err
}

// SecretResourceProtected protects a secret.
func SecretResourceProtected(ctx *pulumi.Context) error {
	_, err := secretsmanager.NewSecret(ctx, "orders-db", nil, pulumi.Protect(true))
	return err
}

// SecretValueMarkedSecret takes the value of a secret from configuration that is encrypted.
func SecretValueMarkedSecret(ctx *pulumi.Context) error {
	_, err := keyvault.NewSecret(ctx, "warehouse-token", &keyvault.SecretArgs{
		ResourceGroupName: pulumi.String("shop"),
		VaultName:         pulumi.String("shop-secrets"),
		Properties: keyvault.SecretPropertiesArgs{
			Value: config.GetSecret(ctx, "warehouseToken"), // of `pulumi config set --secret`
		},
	})
	return err
}
