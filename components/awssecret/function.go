package awssecret

import (
	"encoding/json"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/target"
)

const (
	rotatorTimeout = 15 * time.Minute // the most that Lambda has, for the hourly sweep; a step of a rotation takes seconds
	rotatorMemory  = 256              // MiB; also decides the share of a processor
	sweepSuffix    = "-sweep"
)

// roleARN is known in a preview already, so that a secret's policy is.
func (r *Rotator) roleARN(h home) string {
	return "arn:" + h.partition + ":iam::" + h.account + ":role/" + r.name
}

// logGroup is below the name that the store's key lets CloudWatch Logs use it for.
func (r *Rotator) logGroup() string { return r.args.Store.logPrefix() + r.name }

func (r *Rotator) newRole(ctx *pulumi.Context) (err error) {
	store := r.args.Store
	tags := pulumi.ToStringMap(store.args.Tags)
	if r.Logs, err = cloudwatch.NewLogGroup(ctx, r.name, &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(r.logGroup()),
		KmsKeyId:        store.Key.Arn,
		RetentionInDays: pulumi.Int(r.args.LogRetention / day),
		Tags:            tags,
	}, store.protected(r)); err != nil {
		return err
	}
	if r.Role, err = iam.NewRole(ctx, r.name, &iam.RoleArgs{
		Name:             pulumi.String(r.name),
		Description:      pulumi.String("Rotates the secrets of " + store.plainName() + "; what it may do with each is in the secret's own policy"),
		AssumeRolePolicy: pulumi.Sprintf(lambdaAssumes, store.account),
		Tags:             tags,
	}, pulumi.Parent(r)); err != nil {
		return err
	}
	document := pulumi.All(store.partition, store.account, store.region).ApplyT(func(v []any) (string, error) {
		return r.rolePolicy(home{v[0].(string), v[1].(string), v[2].(string)}).text()
	}).(pulumi.StringOutput)
	policy, err := iam.NewRolePolicy(ctx, r.name, &iam.RolePolicyArgs{Role: r.Role.Name, Policy: document}, pulumi.Parent(r))
	r.ready = append(r.ready, r.Logs, policy)
	return err
}

// lambdaAssumes lets the service take the role on behalf of the account's own functions only.
const lambdaAssumes = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},` +
	`"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"%s"}}}]}`

// rolePolicy lets the function write its records, and nothing else: what it may do with a secret is in the
// policy of that secret, so the role does not grow with their number. In one account either of them is enough:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html.
//
// With a network, the service needs what it says in https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
// and connects the function with the role. The code does not need it, and only its requests have the key
// lambda:SourceFunctionArn: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html.
func (r *Rotator) rolePolicy(h home) policy {
	p := policy{Version: policyVersion, Statement: []statement{{
		Sid:      "WritesItsRecords",
		Effect:   "Allow",
		Action:   []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: h.logGroup(r.logGroup()) + ":*",
	}}}
	if r.args.Network != nil {
		function := "arn:" + h.partition + ":lambda:" + h.region + ":" + h.account + ":function:" + r.name
		p.Statement = append(p.Statement, statement{
			Sid:    "LambdaConnectsNetwork",
			Effect: "Allow",
			Action: []string{
				"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
				"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
			},
			Resource: "*",
		}, statement{
			Sid:       "CodeCannotChangeNetwork",
			Effect:    "Deny",
			Action:    "ec2:*",
			Resource:  "*",
			Condition: condition{"ArnEquals": {"lambda:SourceFunctionArn": function}},
		})
	}
	return p
}

// newNetwork gives the function its place in the VPC. Nothing can connect to it; it can connect to what its
// targets' own security groups let in.
func (r *Rotator) newNetwork(ctx *pulumi.Context) (err error) {
	if r.args.Network == nil {
		return nil
	}
	r.SecurityGroup, err = ec2.NewSecurityGroup(ctx, r.name, &ec2.SecurityGroupArgs{
		Description: pulumi.String("The function that rotates the secrets of " + r.args.Store.plainName()),
		VpcId:       r.args.Network.VPC,
		Egress: ec2.SecurityGroupEgressArray{ec2.SecurityGroupEgressArgs{
			Description: pulumi.String("The targets, and Secrets Manager"),
			Protocol:    pulumi.String("tcp"), FromPort: pulumi.Int(0), ToPort: pulumi.Int(65535),
			CidrBlocks: pulumi.StringArray{pulumi.String("0.0.0.0/0")}, Ipv6CidrBlocks: pulumi.StringArray{pulumi.String("::/0")},
		}},
		Tags: pulumi.ToStringMap(r.args.Store.args.Tags),
	}, pulumi.Parent(r))
	return err
}

func (r *Rotator) newFunction(ctx *pulumi.Context) (err error) {
	store := r.args.Store
	if r.Jobs, err = lambda.NewLayerVersion(ctx, r.name, &lambda.LayerVersionArgs{
		LayerName:   pulumi.String(r.name),
		Description: pulumi.String("What " + r.name + " is told of its secrets"),
		Code:        r.jobs(),
	}, pulumi.Parent(r)); err != nil {
		return err
	}
	var network lambda.FunctionVpcConfigPtrInput
	if n := r.args.Network; n != nil {
		network = lambda.FunctionVpcConfigArgs{SubnetIds: n.Subnets, SecurityGroupIds: pulumi.StringArray{r.SecurityGroup.ID()}}
	}
	if r.Function, err = lambda.NewFunction(ctx, r.name, &lambda.FunctionArgs{
		Name:                         pulumi.String(r.name),
		Description:                  pulumi.String("Rotates the secrets of " + store.plainName()),
		Runtime:                      pulumi.String("provided.al2023"),
		Handler:                      pulumi.String("bootstrap"),
		Architectures:                pulumi.StringArray{pulumi.String("arm64")},
		Code:                         r.args.Bundle,
		Layers:                       pulumi.StringArray{r.Jobs.Arn},
		Role:                         r.Role.Arn,
		Timeout:                      pulumi.Int(rotatorTimeout / time.Second),
		MemorySize:                   pulumi.Int(rotatorMemory),
		ReservedConcurrentExecutions: pulumi.Int(r.args.Concurrency),
		LoggingConfig: lambda.FunctionLoggingConfigArgs{
			LogFormat: pulumi.String("JSON"),
			LogGroup:  r.Logs.Name,
		},
		VpcConfig: network,
		Tags:      pulumi.ToStringMap(store.args.Tags),
	}, pulumi.Parent(r), pulumi.DependsOn(r.ready)); err != nil {
		return err
	}
	invoke, err := lambda.NewPermission(ctx, r.name, &lambda.PermissionArgs{
		Function:      r.Function.Name,
		Action:        pulumi.String("lambda:InvokeFunction"),
		Principal:     pulumi.String("secretsmanager.amazonaws.com"),
		SourceAccount: store.account,
	}, pulumi.Parent(r))
	r.ready = append(r.ready, r.Function, invoke)
	return err
}

// jobs is a folder with the jobs in one file, by the names of the secrets in AWS.
func (r *Rotator) jobs() pulumi.ArchiveOutput {
	jobs := pulumi.StringMap{}
	prefix := r.args.Store.args.Prefix
	for name, job := range target.Jobs(r.args.Secrets, r.args.Targets, func(name string) pulumi.StringInput { return pulumi.String(prefix + name) }) {
		jobs[prefix+name] = job
	}
	return jobs.ToStringMapOutput().ApplyT(func(jobs map[string]string) (pulumi.Archive, error) {
		raw := map[string]json.RawMessage{}
		for name, job := range jobs {
			raw[name] = json.RawMessage(job)
		}
		text, err := json.MarshalIndent(raw, "", "  ")
		return pulumi.NewAssetArchive(map[string]any{"rotations.json": pulumi.NewStringAsset(string(text))}), err
	}).(pulumi.ArchiveOutput)
}

// newSweep ends the grace of previous values: Secrets Manager calls a function for a rotation only.
func (r *Rotator) newSweep(ctx *pulumi.Context) (err error) {
	name := r.name + sweepSuffix
	if r.Sweep, err = cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Name:               pulumi.String(name),
		Description:        pulumi.String("Has " + r.name + " retire the previous values whose grace is over"),
		ScheduleExpression: pulumi.String("rate(1 hour)"),
		Tags:               pulumi.ToStringMap(r.args.Store.args.Tags),
	}, pulumi.Parent(r)); err != nil {
		return err
	}
	permission, err := lambda.NewPermission(ctx, name, &lambda.PermissionArgs{
		Function:  r.Function.Name,
		Action:    pulumi.String("lambda:InvokeFunction"),
		Principal: pulumi.String("events.amazonaws.com"),
		SourceArn: r.Sweep.Arn,
	}, pulumi.Parent(r))
	if err != nil {
		return err
	}
	target, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{
		Rule:  r.Sweep.Name,
		Arn:   r.Function.Arn,
		Input: pulumi.String(`{"step":"retire"}`),
	}, pulumi.Parent(r), pulumi.DependsOn([]pulumi.Resource{permission}))
	r.ready = append(r.ready, target)
	return err
}
