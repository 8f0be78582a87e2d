package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/signer"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AwsLambdaEnvNoHardcodedSecret is for aws-lambda-env-no-hardcoded-secret.
func AwsLambdaEnvNoHardcodedSecret(ctx *pulumi.Context) error {
	password, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "orders", &lambda.FunctionArgs{
		Role:    pulumi.String(functionRole),
		Runtime: pulumi.String("provided.al2023"),
		Handler: pulumi.String("bootstrap"),
		Code:    pulumi.NewFileArchive("orders.zip"),
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			"DB_SECRET_ARN": password.Arn, // the function reads the value itself
		}},
	})
	return err
}

// AwsLambdaEnvCmk is for aws-lambda-env-cmk.
func AwsLambdaEnvCmk(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "orders", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "orders", &lambda.FunctionArgs{
		Role:      pulumi.String(functionRole),
		Runtime:   pulumi.String("provided.al2023"),
		Handler:   pulumi.String("bootstrap"),
		Code:      pulumi.NewFileArchive("orders.zip"),
		KmsKeyArn: key.Arn,
		Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{
			"DB_HOST": pulumi.String("orders-db.example.com"),
		}},
	})
	return err
}

// AwsLambdaPermissionNotPublic is for aws-lambda-permission-not-public.
func AwsLambdaPermissionNotPublic(ctx *pulumi.Context) error {
	_, err := lambda.NewPermission(ctx, "rotator", &lambda.PermissionArgs{
		Function:      pulumi.String("orders-rotator"),
		Action:        pulumi.String("lambda:InvokeFunction"),
		Principal:     pulumi.String("secretsmanager.amazonaws.com"),
		SourceAccount: pulumi.String(account),
	})
	return err
}

// AwsLambdaPermissionSourceScoped is for aws-lambda-permission-source-scoped.
func AwsLambdaPermissionSourceScoped(ctx *pulumi.Context) error {
	_, err := lambda.NewPermission(ctx, "rotator", &lambda.PermissionArgs{
		Function:      pulumi.String("orders-rotator"),
		Action:        pulumi.String("lambda:InvokeFunction"),
		Principal:     pulumi.String("secretsmanager.amazonaws.com"),
		SourceAccount: pulumi.String(account), // or SourceArn, for one secret
	})
	return err
}

// AwsLambdaNoPublicUrl is for aws-lambda-no-public-url.
func AwsLambdaNoPublicUrl(ctx *pulumi.Context) error {
	_, err := lambda.NewFunctionUrl(ctx, "orders", &lambda.FunctionUrlArgs{
		FunctionName:      pulumi.String("orders"),
		AuthorizationType: pulumi.String("AWS_IAM"),
		Cors: lambda.FunctionUrlCorsArgs{
			AllowOrigins: pulumi.ToStringArray([]string{"https://shop.example.com"}),
		},
	})
	return err
}

// AwsLambdaFailureDestination is for aws-lambda-failure-destination.
func AwsLambdaFailureDestination(ctx *pulumi.Context) error {
	failed, err := sqs.NewQueue(ctx, "sweep-failed", nil)
	if err != nil {
		return err
	}
	sweep, err := lambda.NewFunction(ctx, "sweep", &lambda.FunctionArgs{
		Role:    pulumi.String(functionRole),
		Runtime: pulumi.String("provided.al2023"),
		Handler: pulumi.String("bootstrap"),
		Code:    pulumi.NewFileArchive("sweep.zip"),
	})
	if err != nil {
		return err
	}
	if _, err := lambda.NewPermission(ctx, "sweep", &lambda.PermissionArgs{
		Function:  sweep.Name,
		Action:    pulumi.String("lambda:InvokeFunction"),
		Principal: pulumi.String("events.amazonaws.com"),
		SourceArn: pulumi.String("arn:aws:events:eu-west-1:" + account + ":rule/sweep"),
	}); err != nil {
		return err
	}
	_, err = lambda.NewFunctionEventInvokeConfig(ctx, "sweep", &lambda.FunctionEventInvokeConfigArgs{
		FunctionName: sweep.Name,
		DestinationConfig: lambda.FunctionEventInvokeConfigDestinationConfigArgs{
			OnFailure: lambda.FunctionEventInvokeConfigDestinationConfigOnFailureArgs{Destination: failed.Arn},
		},
	})
	return err
}

// AwsLambdaReservedConcurrency is for aws-lambda-reserved-concurrency.
func AwsLambdaReservedConcurrency(ctx *pulumi.Context) error {
	_, err := lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{
		Role:                         pulumi.String(functionRole),
		Runtime:                      pulumi.String("provided.al2023"),
		Handler:                      pulumi.String("bootstrap"),
		Code:                         pulumi.NewFileArchive("rotator.zip"),
		ReservedConcurrentExecutions: pulumi.Int(2),
	})
	return err
}

// AwsLambdaInVpc is for aws-lambda-in-vpc.
func AwsLambdaInVpc(ctx *pulumi.Context) error {
	rotator, err := lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{
		Role:    pulumi.String(functionRole),
		Runtime: pulumi.String("provided.al2023"),
		Handler: pulumi.String("bootstrap"),
		Code:    pulumi.NewFileArchive("rotator.zip"),
		VpcConfig: lambda.FunctionVpcConfigArgs{
			SubnetIds:        pulumi.ToStringArray([]string{"subnet-0a1b2c3d", "subnet-4e5f6a7b"}),
			SecurityGroupIds: pulumi.ToStringArray([]string{"sg-0a1b2c3d"}),
		},
	})
	if err != nil {
		return err
	}
	secret, err := secretsmanager.NewSecret(ctx, "orders-db", nil)
	if err != nil {
		return err
	}
	_, err = secretsmanager.NewSecretRotation(ctx, "orders-db", &secretsmanager.SecretRotationArgs{
		SecretId:          secret.Arn,
		RotationLambdaArn: rotator.Arn,
		RotationRules:     secretsmanager.SecretRotationRotationRulesArgs{AutomaticallyAfterDays: pulumi.Int(30)},
	})
	return err
}

// AwsLambdaTracing is for aws-lambda-tracing.
func AwsLambdaTracing(ctx *pulumi.Context) error {
	_, err := lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{
		Role:          pulumi.String(functionRole),
		Runtime:       pulumi.String("provided.al2023"),
		Handler:       pulumi.String("bootstrap"),
		Code:          pulumi.NewFileArchive("rotator.zip"),
		TracingConfig: lambda.FunctionTracingConfigArgs{Mode: pulumi.String("Active")},
	})
	return err
}

// AwsLambdaCodeSigning is for aws-lambda-code-signing.
func AwsLambdaCodeSigning(ctx *pulumi.Context) error {
	profile, err := signer.NewSigningProfile(ctx, "rotator", &signer.SigningProfileArgs{
		PlatformId: pulumi.String("AWSLambda-SHA384-ECDSA"),
	})
	if err != nil {
		return err
	}
	signed, err := lambda.NewCodeSigningConfig(ctx, "rotator", &lambda.CodeSigningConfigArgs{
		AllowedPublishers: lambda.CodeSigningConfigAllowedPublishersArgs{
			SigningProfileVersionArns: pulumi.StringArray{profile.VersionArn},
		},
		Policies: lambda.CodeSigningConfigPoliciesArgs{UntrustedArtifactOnDeployment: pulumi.String("Enforce")},
	})
	if err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{
		Role:                 pulumi.String(functionRole),
		Runtime:              pulumi.String("provided.al2023"),
		Handler:              pulumi.String("bootstrap"),
		S3Bucket:             pulumi.String("signed-artifacts"),
		S3Key:                pulumi.String("rotator.zip"),
		CodeSigningConfigArn: signed.Arn,
	})
	return err
}

// AwsLambdaRuntimeSupported is for aws-lambda-runtime-supported.
func AwsLambdaRuntimeSupported(ctx *pulumi.Context) error {
	_, err := lambda.NewFunction(ctx, "rotator", &lambda.FunctionArgs{
		Role:    pulumi.String(functionRole),
		Runtime: pulumi.String("provided.al2023"), // an executable: Go, Rust
		Handler: pulumi.String("bootstrap"),
		Code:    pulumi.NewFileArchive("rotator.zip"),
	})
	return err
}

// AwsLambdaRoleLeastPrivilege is for aws-lambda-role-least-privilege.
func AwsLambdaRoleLeastPrivilege(ctx *pulumi.Context) error {
	role, err := iam.NewRole(ctx, "orders-rotator", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`),
	})
	if err != nil {
		return err
	}
	rotates, err := iam.NewPolicy(ctx, "orders-rotator", &iam.PolicyArgs{
		Policy: pulumi.String(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [
			"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
			"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
			"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-db-??????"}]}`),
	})
	if err != nil {
		return err
	}
	if _, err := iam.NewRolePolicyAttachment(ctx, "orders-rotator", &iam.RolePolicyAttachmentArgs{
		Role: role.Name, PolicyArn: rotates.Arn,
	}); err != nil {
		return err
	}
	logs, err := cloudwatch.NewLogGroup(ctx, "orders-rotator", &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(400)})
	if err != nil {
		return err
	}
	if _, err := iam.NewRolePolicy(ctx, "orders-rotator-logs", &iam.RolePolicyArgs{
		Role: role.Name,
		Policy: pulumi.Sprintf(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "%s:*"}]}`, logs.Arn),
	}); err != nil {
		return err
	}
	_, err = lambda.NewFunction(ctx, "orders-rotator", &lambda.FunctionArgs{
		Role:          role.Arn,
		Runtime:       pulumi.String("provided.al2023"),
		Handler:       pulumi.String("bootstrap"),
		Code:          pulumi.NewFileArchive("rotator.zip"),
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("JSON"), LogGroup: logs.Name},
	})
	return err
}
