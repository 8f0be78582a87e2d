package awssecret

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func (h home) bus() string {
	return "arn:" + h.partition + ":events:" + h.region + ":" + h.account + ":event-bus/default"
}

// forward sends what happens to the replicas, and to their keys, to the store's region, where the rules are: an event stays
// in its region. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
func (a *Alerts) forward(ctx *pulumi.Context) error {
	store := a.args.Store
	if len(store.args.Replicas) == 0 {
		return nil
	}
	name := a.name + "-forward"
	role, err := iam.NewRole(ctx, name, &iam.RoleArgs{
		Name:             pulumi.String(name),
		Description:      pulumi.String("Sends what happens to the replicas of " + store.plainName() + " to its own region"),
		AssumeRolePolicy: pulumi.String(eventsAssumes),
		Tags:             pulumi.ToStringMap(store.args.Tags),
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	policy, err := iam.NewRolePolicy(ctx, name, &iam.RolePolicyArgs{
		Role: role.Name,
		Policy: store.there(func(h home) (string, error) {
			return policy{Version: policyVersion, Statement: []statement{{
				Sid: "SendsEvents", Effect: "Allow", Action: "events:PutEvents", Resource: h.bus(),
			}}}.text()
		}),
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	for _, replica := range store.args.Replicas {
		name, there := name+"-"+replica.Region, pulumi.Provider(store.replicaProviders[replica.Region])
		rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
			Name:         pulumi.String(name),
			Description:  pulumi.String("What happens to the replicas of " + store.plainName()),
			EventPattern: a.ofReplicas(replica.Region),
			State:        pulumi.String(seesReads),
			Tags:         pulumi.ToStringMap(store.args.Tags),
		}, pulumi.Parent(a), there)
		if err != nil {
			return err
		}
		if _, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
			Rule:     rule.Name,
			TargetId: pulumi.String("store"),
			Arn:      store.there(func(h home) (string, error) { return h.bus(), nil }),
			RoleArn:  role.Arn,
		}, pulumi.Parent(a), there, pulumi.DependsOn([]pulumi.Resource{policy})); err != nil {
			return err
		}
	}
	return nil
}

// ofReplicas is the pattern of what happens to secrets and keys in a region.
func (a *Alerts) ofReplicas(region string) pulumi.StringOutput {
	store := a.args.Store
	return pulumi.All(store.partition, store.account, store.ReplicaKeys[region].Arn).ApplyT(func(v []any) (string, error) {
		ids := []any{map[string]bool{"exists": true}}
		if prefix := store.args.Prefix; prefix != "" {
			arns := home{v[0].(string), v[1].(string), region}.secrets()
			ids = []any{map[string]string{"prefix": prefix}, map[string]string{"prefix": arns + prefix}}
		}
		return marshal(map[string]any{"$or": []any{
			map[string]any{
				"source": []string{"aws.secretsmanager"},
				"detail": map[string]any{"requestParameters": map[string]any{"secretId": ids}},
			},
			map[string]any{
				"source": []string{"aws.kms"},
				"detail": map[string]any{
					"readOnly":  []bool{false},
					"resources": map[string]any{"ARN": []any{v[2]}},
				},
			},
		}})
	}).(pulumi.StringOutput)
}
