package awssecret

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// keyAdministration is what the account's administrators may do with a key: everything but use it.
// kms:CreateGrant is left out because a grant is a way to use it.
var keyAdministration = []string{
	"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
	"kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
	"kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations",
	"kms:ListResourceTags", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
	"kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias",
	"kms:UpdateKeyDescription",
}

// home is where a key or a secret is.
type home struct{ partition, account, region string }

// longest is a home whose ARNs are the longest.
var longest = home{"aws-us-gov", "123456789012", "us-gov-west-1"}

// secret is the ARN of a secret there, with a ? for each of the six characters that AWS adds to it:
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html.
func (h home) secret(name string) string {
	return h.secrets() + name + "-??????"
}

// secrets begins the ARN of each secret there.
func (h home) secrets() string {
	return "arn:" + h.partition + ":secretsmanager:" + h.region + ":" + h.account + ":secret:"
}

func (h home) logGroup(name string) string {
	return "arn:" + h.partition + ":logs:" + h.region + ":" + h.account + ":log-group:" + name
}

// dnsSuffix ends the names of services as principals.
func (h home) dnsSuffix() string {
	if h.partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

func (h home) root(account string) string { return "arn:" + h.partition + ":iam::" + account + ":root" }

// keyPolicy lets nobody use a key but through Secrets Manager, which then asks the secret's own policy.
// So it stays the same however many secrets and readers there are. What the service calls is in
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html (kms:Encrypt: for
// a replica, https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html).
// The service's name ends in .amazonaws.com in each partition:
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service.
//
// Besides, CloudWatch Logs encrypts log groups with it whose names begin with logPrefix; "": none.
func keyPolicy(h home, accounts []string, logPrefix string) policy {
	service := "secretsmanager." + h.region + ".amazonaws.com"
	p := policy{Version: policyVersion, Statement: []statement{{
		Sid:       "AccountAdministers",
		Effect:    "Allow",
		Principal: awsPrincipals{[]string{h.root(h.account)}},
		Action:    keyAdministration,
		Resource:  "*", // in a key's policy: this key
	}, {
		Sid:       "AccountUsesThroughSecretsManager",
		Effect:    "Allow",
		Principal: "*",
		Action:    []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"},
		Resource:  "*",
		Condition: condition{"StringEquals": {"kms:CallerAccount": h.account, "kms:ViaService": service}},
	}}}
	if logPrefix != "" {
		p.Statement = append(p.Statement, logsUseKey("LogsOfTheStore", h, logPrefix+"*"))
	}
	others := awsPrincipals{}
	for _, a := range accounts {
		if a != h.account {
			others.AWS = append(others.AWS, h.root(a))
		}
	}
	if len(others.AWS) > 0 {
		p.Statement = append(p.Statement, statement{
			Sid:       "OtherAccountsReadThroughSecretsManager",
			Effect:    "Allow",
			Principal: others,
			Action:    []string{"kms:Decrypt", "kms:DescribeKey"},
			Resource:  "*",
			Condition: condition{"StringEquals": {"kms:ViaService": service}},
		})
	}
	return p
}

// logsUseKey lets CloudWatch Logs encrypt log groups with these names:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html.
func logsUseKey(sid string, h home, groups string) statement {
	return statement{
		Sid:       sid,
		Effect:    "Allow",
		Principal: awsService{"logs." + h.region + "." + h.dnsSuffix()},
		Action: []string{
			"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
			"kms:ReEncryptFrom", "kms:ReEncryptTo",
		},
		Resource:  "*",
		Condition: condition{"ArnLike": {"kms:EncryptionContext:aws:logs:arn": h.logGroup(groups)}},
	}
}

// newKey makes the store's key in one region; logPrefix is as in keyPolicy.
func (s *Store) newKey(ctx *pulumi.Context, name, logPrefix string, region pulumi.StringInput, opts ...pulumi.ResourceOption) (*kms.Key, error) {
	document := pulumi.All(s.partition, s.account, region).ApplyT(func(v []any) (string, error) {
		return keyPolicy(home{v[0].(string), v[1].(string), v[2].(string)}, s.args.Accounts, logPrefix).text()
	}).(pulumi.StringOutput)
	return kms.NewKey(ctx, name, &kms.KeyArgs{
		Description:          pulumi.String("Encrypts the secrets of " + s.name),
		Policy:               document,
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(s.keyDeletionDays()),
		Tags:                 pulumi.ToStringMap(s.args.Tags),
	}, append(opts, s.protected(s))...)
}

// keyDeletionDays is how long a deleted key can be recovered: 30 days, AWS's maximum, or in a throw-away
// stack the minimum, 7, but never less than its secrets, which are unreadable without it.
func (s *Store) keyDeletionDays() int {
	if !s.args.AllowDestroy {
		return 30
	}
	return max(7, s.recoveryDays())
}

func (s *Store) recoveryDays() int {
	return int(secret.RecoveryOrDefault(s.args.Recovery, s.args.AllowDestroy) / day)
}

var notInAlias = regexp.MustCompile(`[^A-Za-z0-9/_-]`)

// aliasOf is the prefix in the characters that an alias may have; without a prefix, the store's name.
func aliasOf(prefix, name string) string {
	base := strings.Trim(prefix, "/_+=.@-")
	if base == "" {
		base = name
	}
	return "alias/" + notInAlias.ReplaceAllString(base, "-")
}

// logPrefix begins the names of the store's log groups.
func (s *Store) logPrefix() string { return "/secretstack/" + s.plainName() + "/" }

// plainName is the store's name in characters that every name and description in AWS may have.
func (s *Store) plainName() string { return notInAlias.ReplaceAllString(s.name, "-") }
