package fixes

import (
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudfunctionsv2"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// GcpFunctionNoPublic lets one service account call a function.
func GcpFunctionNoPublic(ctx *pulumi.Context) error {
	_, err := cloudfunctionsv2.NewFunctionIamMember(ctx, "rotate", &cloudfunctionsv2.FunctionIamMemberArgs{
		Location:      pulumi.String("europe-west1"),
		CloudFunction: pulumi.String("rotate"),
		Role:          pulumi.String("roles/cloudfunctions.invoker"),
		Member:        pulumi.String("serviceAccount:rotations@shop.iam.gserviceaccount.com"),
	})
	return err
}

// GcpFunctionIngress makes a function that takes requests from inside only.
func GcpFunctionIngress(ctx *pulumi.Context) error {
	_, err := cloudfunctionsv2.NewFunction(ctx, "rotate", &cloudfunctionsv2.FunctionArgs{
		Location: pulumi.String("europe-west1"),
		ServiceConfig: cloudfunctionsv2.FunctionServiceConfigArgs{
			IngressSettings: pulumi.String("ALLOW_INTERNAL_ONLY"),
		},
	})
	return err
}

// GcpFunctionEnvNoSecret gives a function its password from Secret Manager.
func GcpFunctionEnvNoSecret(ctx *pulumi.Context) error {
	_, err := cloudfunctionsv2.NewFunction(ctx, "checkout", &cloudfunctionsv2.FunctionArgs{
		Location: pulumi.String("europe-west1"),
		ServiceConfig: cloudfunctionsv2.FunctionServiceConfigArgs{
			EnvironmentVariables: pulumi.StringMap{"DB_HOST": pulumi.String("orders.example.com")},
			SecretEnvironmentVariables: cloudfunctionsv2.FunctionServiceConfigSecretEnvironmentVariableArray{
				cloudfunctionsv2.FunctionServiceConfigSecretEnvironmentVariableArgs{
					Key:       pulumi.String("DB_PASSWORD"),
					ProjectId: pulumi.String("shop"),
					Secret:    pulumi.String("orders-db"),
					Version:   pulumi.String("latest"),
				},
			},
		},
	})
	return err
}

// GcpRunNoPublic lets one service account call a service.
func GcpRunNoPublic(ctx *pulumi.Context) error {
	_, err := cloudrunv2.NewServiceIamMember(ctx, "rotate", &cloudrunv2.ServiceIamMemberArgs{
		Location: pulumi.String("europe-west1"),
		Name:     pulumi.String("rotate"),
		Role:     pulumi.String("roles/run.invoker"),
		Member:   pulumi.String("serviceAccount:rotations@shop.iam.gserviceaccount.com"),
	})
	return err
}
