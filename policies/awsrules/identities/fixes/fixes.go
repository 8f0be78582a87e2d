// Package fixes has an example for each rule on identities: the shortest program that passes it.
package fixes

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// All are the examples, by rule.
var All = map[string]pulumi.RunFunc{
	"aws-iam-no-admin-statement":         AwsIamNoAdminStatement,
	"aws-iam-no-admin-managed-policy":    AwsIamNoAdminManagedPolicy,
	"aws-iam-no-action-wildcard":         AwsIamNoActionWildcard,
	"aws-iam-no-resource-wildcard":       AwsIamNoResourceWildcard,
	"aws-iam-no-unconstrained-write":     AwsIamNoUnconstrainedWrite,
	"aws-iam-no-allow-not-action":        AwsIamNoAllowNotAction,
	"aws-iam-secret-read-scoped":         AwsIamSecretReadScoped,
	"aws-iam-kms-decrypt-scoped":         AwsIamKmsDecryptScoped,
	"aws-iam-passrole-scoped":            AwsIamPassroleScoped,
	"aws-iam-no-credential-minting":      AwsIamNoCredentialMinting,
	"aws-iam-no-privilege-escalation":    AwsIamNoPrivilegeEscalation,
	"aws-iam-role-no-public-trust":       AwsIamRoleNoPublicTrust,
	"aws-iam-role-no-account-root-trust": AwsIamRoleNoAccountRootTrust,
	"aws-iam-role-confused-deputy":       AwsIamRoleConfusedDeputy,
	"aws-iam-oidc-subject-pinned":        AwsIamOidcSubjectPinned,
	"aws-iam-no-user-attached-policy":    AwsIamNoUserAttachedPolicy,
	"aws-iam-no-long-lived-access-key":   AwsIamNoLongLivedAccessKey,
	"aws-iam-no-policy-mgmt-conflict":    AwsIamNoPolicyMgmtConflict,
}

// AwsIamNoAdminStatement allows what a service needs.
func AwsIamNoAdminStatement(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "checkout", &iam.RolePolicyArgs{
		Role: pulumi.String("checkout"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
				"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/orders-db-??????"
			}]
		}`),
	})
	return err
}

// AwsIamNoAdminManagedPolicy attaches a policy that is not for administrators.
func AwsIamNoAdminManagedPolicy(ctx *pulumi.Context) error {
	_, err := iam.NewGroupPolicyAttachment(ctx, "auditors", &iam.GroupPolicyAttachmentArgs{
		Group:     pulumi.String("auditors"),
		PolicyArn: pulumi.String("arn:aws:iam::aws:policy/SecurityAudit"),
	})
	return err
}

// AwsIamNoActionWildcard lists actions.
func AwsIamNoActionWildcard(ctx *pulumi.Context) error {
	_, err := iam.NewPolicy(ctx, "rotates-orders-db", &iam.PolicyArgs{
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": ["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
				"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/orders-db-??????"
			}]
		}`),
	})
	return err
}

// AwsIamNoResourceWildcard has a statement of its own for what has no resource.
func AwsIamNoResourceWildcard(ctx *pulumi.Context) error {
	_, err := iam.NewGroupPolicy(ctx, "operators", &iam.GroupPolicyArgs{
		Group: pulumi.String("operators"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [
				{"Effect": "Allow", "Action": ["secretsmanager:ListSecrets", "logs:DescribeLogGroups"], "Resource": "*"},
				{"Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": "arn:aws:logs:eu-west-1:111122223333:log-group:/shop/*"}
			]
		}`),
	})
	return err
}

// AwsIamNoUnconstrainedWrite writes to one group of records.
func AwsIamNoUnconstrainedWrite(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "rotator", &iam.RolePolicyArgs{
		Role: pulumi.String("rotator"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
				"Resource": "arn:aws:logs:eu-west-1:111122223333:log-group:/shop/rotator:*"
			}]
		}`),
	})
	return err
}

// AwsIamNoAllowNotAction denies what is to be taken from a permission.
func AwsIamNoAllowNotAction(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "support", &iam.RolePolicyArgs{
		Role: pulumi.String("support"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [
				{"Effect": "Allow", "Action": ["secretsmanager:Describe*", "secretsmanager:List*"], "Resource": "*"},
				{"Effect": "Deny", "NotAction": ["secretsmanager:Describe*", "secretsmanager:List*"], "Resource": "*"}
			]
		}`),
	})
	return err
}

// AwsIamSecretReadScoped lets a service read one secret.
func AwsIamSecretReadScoped(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "checkout", &iam.RolePolicyArgs{
		Role: pulumi.String("checkout"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": "secretsmanager:GetSecretValue",
				"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/orders-db-??????"
			}]
		}`),
	})
	return err
}

// AwsIamKmsDecryptScoped lets a service decrypt with the keys of one alias, through Secrets Manager.
func AwsIamKmsDecryptScoped(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "checkout", &iam.RolePolicyArgs{
		Role: pulumi.String("checkout"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": "kms:Decrypt",
				"Resource": "arn:aws:kms:eu-west-1:111122223333:key/*",
				"Condition": {
					"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/shop"},
					"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
				}
			}]
		}`),
	})
	return err
}

// AwsIamPassroleScoped lets a deployer hand one role to functions.
func AwsIamPassroleScoped(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "deployer", &iam.RolePolicyArgs{
		Role: pulumi.String("deployer"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": "iam:PassRole",
				"Resource": "arn:aws:iam::111122223333:role/shop-rotator",
				"Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
			}]
		}`),
	})
	return err
}

// AwsIamNoCredentialMinting lets a user manage the keys of his own.
func AwsIamNoCredentialMinting(ctx *pulumi.Context) error {
	_, err := iam.NewUserPolicy(ctx, "own-keys", &iam.UserPolicyArgs{
		User: pulumi.String("scanner"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Action": ["iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys"],
				"Resource": "arn:aws:iam::111122223333:user/${aws:username}"
			}]
		}`),
	})
	return err
}

// AwsIamNoPrivilegeEscalation lets a deployer change one function, and pass one role.
func AwsIamNoPrivilegeEscalation(ctx *pulumi.Context) error {
	_, err := iam.NewRolePolicy(ctx, "deployer", &iam.RolePolicyArgs{
		Role: pulumi.String("deployer"),
		Policy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [
				{
					"Effect": "Allow",
					"Action": ["lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:InvokeFunction"],
					"Resource": "arn:aws:lambda:eu-west-1:111122223333:function:shop-*"
				},
				{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/shop-rotator"}
			]
		}`),
	})
	return err
}

// AwsIamRoleNoPublicTrust has a role for one organization.
func AwsIamRoleNoPublicTrust(ctx *pulumi.Context) error {
	_, err := iam.NewRole(ctx, "catalog", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "*"},
				"Action": "sts:AssumeRole",
				"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
			}]
		}`),
	})
	return err
}

// AwsIamRoleNoAccountRootTrust has a role for a vendor.
func AwsIamRoleNoAccountRootTrust(ctx *pulumi.Context) error {
	_, err := iam.NewRole(ctx, "scanner", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::444455556666:root"},
				"Action": "sts:AssumeRole",
				"Condition": {"StringEquals": {"sts:ExternalId": "shop-7c1f0e52"}}
			}]
		}`),
	})
	return err
}

// AwsIamRoleConfusedDeputy has a role for functions of the account.
func AwsIamRoleConfusedDeputy(ctx *pulumi.Context) error {
	_, err := iam.NewRole(ctx, "rotator", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"Service": "lambda.amazonaws.com"},
				"Action": "sts:AssumeRole",
				"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}
			}]
		}`),
	})
	return err
}

// AwsIamOidcSubjectPinned has a role for the builds of one branch.
func AwsIamOidcSubjectPinned(ctx *pulumi.Context) error {
	_, err := iam.NewRole(ctx, "build", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
				"Action": "sts:AssumeRoleWithWebIdentity",
				"Condition": {"StringEquals": {
					"token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
					"token.actions.githubusercontent.com:sub": "repo:example/shop:ref:refs/heads/main"
				}}
			}]
		}`),
	})
	return err
}

// AwsIamNoUserAttachedPolicy attaches a policy to a group.
func AwsIamNoUserAttachedPolicy(ctx *pulumi.Context) error {
	_, err := iam.NewPolicyAttachment(ctx, "auditors", &iam.PolicyAttachmentArgs{
		PolicyArn: pulumi.String("arn:aws:iam::111122223333:policy/reads-records"),
		Groups:    pulumi.Array{pulumi.String("auditors")},
	})
	return err
}

// AwsIamNoLongLivedAccessKey makes a key whose secret only its owner can read, for a machine that can take no role.
func AwsIamNoLongLivedAccessKey(ctx *pulumi.Context) error {
	user, err := iam.NewUser(ctx, "appliance", nil)
	if err != nil {
		return err
	}
	if _, err := iam.NewUserPolicyAttachment(ctx, "appliance", &iam.UserPolicyAttachmentArgs{
		User:      user.Name,
		PolicyArn: pulumi.String("arn:aws:iam::111122223333:policy/sends-records"),
	}); err != nil {
		return err
	}
	_, err = iam.NewAccessKey(ctx, "appliance", &iam.AccessKeyArgs{
		User:   user.Name,
		PgpKey: pulumi.String("keybase:operations"),
	})
	return err
}

// AwsIamNoPolicyMgmtConflict attaches a policy, and says that there is no other.
func AwsIamNoPolicyMgmtConflict(ctx *pulumi.Context) error {
	policy := pulumi.String("arn:aws:iam::111122223333:policy/reads-orders-db")
	role, err := iam.NewRole(ctx, "checkout", &iam.RoleArgs{
		AssumeRolePolicy: pulumi.String(`{
			"Version": "2012-10-17",
			"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
		}`),
	})
	if err != nil {
		return err
	}
	if _, err := iam.NewRolePolicyAttachment(ctx, "checkout", &iam.RolePolicyAttachmentArgs{Role: role.Name, PolicyArn: policy}); err != nil {
		return err
	}
	_, err = iam.NewRolePolicyAttachmentsExclusive(ctx, "checkout", &iam.RolePolicyAttachmentsExclusiveArgs{
		RoleName:   role.Name,
		PolicyArns: pulumi.StringArray{policy},
	})
	return err
}
