package awsprovider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	region        = "eu-west-1"
	replicaRegion = "eu-central-1"
	secretName    = "app/db"
)

// settings are what the test varies between deployments.
type settings struct {
	RolePath string // a new path replaces the role
	Code     string // new code updates the function
}

// program deploys a replicated secret and a function that may read it.
func program(s settings) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		elsewhere, err := aws.NewProvider(ctx, "elsewhere", &aws.ProviderArgs{
			Region: pulumi.String(replicaRegion),
		})
		if err != nil {
			return err
		}
		secret, err := newSecret(ctx, elsewhere)
		if err != nil {
			return err
		}
		return newReader(ctx, s, secret)
	}
}

func newSecret(ctx *pulumi.Context, elsewhere pulumi.ProviderResource) (*secretsmanager.Secret, error) {
	here, err := aws.GetRegion(ctx, nil)
	if err != nil {
		return nil, err
	}
	key, err := kms.NewKey(ctx, "key", &kms.KeyArgs{
		Description:          pulumi.String(here.Name),
		DeletionWindowInDays: pulumi.Int(7),
		EnableKeyRotation:    pulumi.Bool(true),
	})
	if err != nil {
		return nil, err
	}
	// Its name is left to the plugin, which must give it the prefix alias/.
	if _, err := kms.NewAlias(ctx, "key", &kms.AliasArgs{TargetKeyId: key.KeyId}); err != nil {
		return nil, err
	}
	there, err := aws.GetRegion(ctx, nil, pulumi.Provider(elsewhere))
	if err != nil {
		return nil, err
	}
	replicaKey, err := kms.NewKey(ctx, "replica-key", &kms.KeyArgs{
		Description:          pulumi.String(there.Name),
		DeletionWindowInDays: pulumi.Int(7),
	}, pulumi.Provider(elsewhere))
	if err != nil {
		return nil, err
	}

	secret, err := secretsmanager.NewSecret(ctx, "secret", &secretsmanager.SecretArgs{
		Name:                 pulumi.String(secretName),
		KmsKeyId:             key.Arn,
		RecoveryWindowInDays: pulumi.Int(0),
		Tags:                 pulumi.StringMap{"team": pulumi.String("platform")},
		Replicas: secretsmanager.SecretReplicaArray{secretsmanager.SecretReplicaArgs{
			Region:   pulumi.String(replicaRegion),
			KmsKeyId: replicaKey.Arn,
		}},
	})
	if err != nil {
		return nil, err
	}

	caller, err := aws.GetCallerIdentity(ctx, nil)
	if err != nil {
		return nil, err
	}
	partition, err := aws.GetPartition(ctx, nil)
	if err != nil {
		return nil, err
	}
	_, err = secretsmanager.NewSecretPolicy(ctx, "secret", &secretsmanager.SecretPolicyArgs{
		SecretArn:         secret.Arn,
		BlockPublicPolicy: pulumi.Bool(true),
		Policy: pulumi.JSONMarshal(document("secretsmanager:GetSecretValue", map[string]any{
			"Principal": map[string]any{"AWS": "arn:" + partition.Partition + ":iam::" + caller.AccountId + ":root"},
			"Resource":  "*",
		})),
	})
	return secret, err
}

func newReader(ctx *pulumi.Context, s settings, secret *secretsmanager.Secret) error {
	role, err := iam.NewRole(ctx, "reader", &iam.RoleArgs{
		Name: pulumi.String("reader"),
		Path: pulumi.String(s.RolePath),
		AssumeRolePolicy: pulumi.Any(document("sts:AssumeRole", map[string]any{ // an object, not JSON
			"Principal": map[string]any{"Service": "lambda.amazonaws.com"},
		})),
	})
	if err != nil {
		return err
	}
	_, err = iam.NewRolePolicy(ctx, "reader", &iam.RolePolicyArgs{
		Role: role, // a resource in place of its id
		Policy: pulumi.JSONMarshal(document("secretsmanager:GetSecretValue", map[string]any{
			"Resource": secret.Arn,
		})),
	})
	if err != nil {
		return err
	}
	function, err := lambda.NewFunction(ctx, "reader", &lambda.FunctionArgs{
		Role:    role.Arn,
		Runtime: pulumi.String("python3.13"),
		Handler: pulumi.String("index.handler"),
		Code: pulumi.NewAssetArchive(map[string]any{
			"index.py": pulumi.NewStringAsset(s.Code),
		}),
	})
	if err != nil {
		return err
	}
	ctx.Export("code", function.Code) // fails where it comes back as anything but an archive
	return nil
}

// document is an IAM policy of one statement.
func document(action string, statement map[string]any) map[string]any {
	statement["Effect"] = "Allow"
	statement["Action"] = action
	return map[string]any{"Version": "2012-10-17", "Statement": []any{statement}}
}
