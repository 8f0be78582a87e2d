package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// AwsSsmParameterSecureString makes an encrypted parameter, whose value is an encrypted setting of the stack.
func AwsSsmParameterSecureString(ctx *pulumi.Context) error {
	key, err := kms.NewKey(ctx, "shop", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true)})
	if err != nil {
		return err
	}
	_, err = ssm.NewParameter(ctx, "smtp-password", &ssm.ParameterArgs{
		Name:  pulumi.String("/shop/smtp/password"),
		Type:  pulumi.String("SecureString"),
		KeyId: key.Arn,
		Value: config.GetSecret(ctx, "smtpPassword"),
	})
	return err
}

// AwsSsmParameterNoHardcodedSecret tells an application where its secret is, and not what it is.
func AwsSsmParameterNoHardcodedSecret(ctx *pulumi.Context) error {
	secret, err := secretsmanager.NewSecret(ctx, "smtp-password", nil)
	if err != nil {
		return err
	}
	_, err = ssm.NewParameter(ctx, "smtp-password-arn", &ssm.ParameterArgs{
		Name:  pulumi.String("/shop/smtp/password-arn"),
		Type:  pulumi.String("String"),
		Value: secret.Arn,
	})
	return err
}
