package stack

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/secretstack/secretstack/components/awssecret"
)

// accounts are the AWS accounts in which this stack's readers live.
func (s *Stack) accounts() []string {
	accounts := map[string]bool{}
	for _, reader := range s.Declaration.Readers() {
		if parts := strings.Split(s.Config.Identities[reader], ":"); len(parts) > 4 && parts[0] == "arn" {
			accounts[parts[4]] = true // arn:aws:iam::account:role/name
		}
	}
	return slices.Sorted(maps.Keys(accounts))
}

// replicas gives each replica region a provider that signs in as the stack's own does. The engine
// hands the aws configuration to the default provider alone.
func (s *Stack) replicas(ctx *pulumi.Context) ([]awssecret.Replica, error) {
	var replicas []awssecret.Replica
	for _, region := range s.Config.AWS.Replicas {
		args := &aws.ProviderArgs{Region: pulumi.String(region)}
		if profile := config.Get(ctx, "aws:profile"); profile != "" {
			args.Profile = pulumi.String(profile)
		}
		var accounts []string
		if config.GetObject(ctx, "aws:allowedAccountIds", &accounts) == nil {
			args.AllowedAccountIds = pulumi.ToStringArray(accounts)
		}
		var role struct{ RoleArn, ExternalID, SessionName string }
		if config.GetObject(ctx, "aws:assumeRole", &role) == nil && role.RoleArn != "" {
			args.AssumeRole = &aws.ProviderAssumeRoleArgs{
				RoleArn: pulumi.String(role.RoleArn), ExternalId: text(role.ExternalID), SessionName: text(role.SessionName),
			}
		}
		provider, err := aws.NewProvider(ctx, region, args)
		if err != nil {
			return nil, err
		}
		replicas = append(replicas, awssecret.Replica{Region: region, Provider: provider})
	}
	return replicas, nil
}

func text(s string) pulumi.StringPtrInput {
	if s == "" {
		return nil
	}
	return pulumi.String(s)
}
