package awssecret

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/bundle"
)

// RotatorType is the type token of Rotator.
const RotatorType = "secretstack:aws:Rotator"

// RotatorArgs are what one function needs to rotate a store's secrets.
type RotatorArgs struct {
	// Store is required.
	Store *Store
	// Secrets are those that the function rotates. Ones without Rotation are allowed, and are rotated by nobody.
	Secrets []secret.Spec
	// Targets say where the targets of Secrets are, by the secret's name.
	Targets map[string]target.Args
	// Bundle is the function's code, a zip with the executable bootstrap for arm64, as make lambda writes
	// it. Nil: it is built, by the Go toolchain on this machine, into .secretstack in the program's folder.
	Bundle pulumi.Archive
	// Network is the VPC in which the targets are. Nil: the function is in none, and reaches the internet.
	Network *Network
	// Concurrency is how many secrets can be rotated at once; AWS takes it from the account's concurrency
	// for this function alone, and refuses to where that would leave less than 100 for all others, as in a new
	// account: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html.
	// Zero: what the number of Secrets needs, from 2 to 20. -1: nothing is reserved.
	Concurrency int
	// LogRetention is how long the records of rotations are kept: one of the periods that CloudWatch Logs
	// offers, at least a year. Zero: 400 days.
	LogRetention time.Duration
}

// Network is where a function runs that reaches its targets through a VPC. There it also needs a way to
// Secrets Manager: an interface endpoint or a NAT gateway.
type Network struct {
	VPC     pulumi.StringInput
	Subnets pulumi.StringArrayInput // two or more, in different zones
}

// Rotator is the function that rotates a store's secrets, with all that it needs.
type Rotator struct {
	pulumi.ResourceState

	Role          *iam.Role
	Logs          *cloudwatch.LogGroup
	Jobs          *lambda.LayerVersion // what the function is told of its secrets
	Function      *lambda.Function
	Sweep         *cloudwatch.EventRule // hourly, for the previous values whose grace is over
	SecurityGroup *ec2.SecurityGroup    // lets nothing in; nil without a Network

	name  string
	args  RotatorArgs
	ready []pulumi.Resource // all that must be there before the first rotation
}

const (
	rotatorTimeout = 5 * time.Minute // for the hourly sweep; a step of a rotation takes seconds
	rotatorMemory  = 256             // MiB; also decides the share of a processor
	sweepSuffix    = "-sweep"
	// Of a function, a role and a rule alike, whose name has the suffix too:
	// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
	maxRotatorName = 64 - len(sweepSuffix)
)

var rotatorName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// NewRotator makes the function. Its error lists every mistake in the arguments; then nothing is registered.
func NewRotator(ctx *pulumi.Context, name string, args *RotatorArgs, opts ...pulumi.ResourceOption) (*Rotator, error) {
	if args == nil {
		args = &RotatorArgs{}
	}
	r := &Rotator{name: name, args: *args}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the AWS rotator %q cannot be made:\n%w", name, err)
	}
	if r.args.Bundle == nil {
		path := filepath.Join(ctx.RootDirectory(), ".secretstack", "rotate-lambda.zip")
		if err := bundle.Build(ctx.Context(), ctx.RootDirectory(), path); err != nil {
			return nil, err
		}
		r.args.Bundle = pulumi.NewFileArchive(path)
	}
	if err := ctx.RegisterComponentResource(RotatorType, name, r, opts...); err != nil {
		return nil, err
	}
	for _, part := range []func(*pulumi.Context) error{r.newRole, r.newNetwork, r.newFunction, r.newSweep} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"functionArn": r.Function.Arn})
}

// retentions are what CloudWatch Logs offers, from a year on:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html.
var retentions = []int{365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// check gives all the mistakes, and puts the defaults in.
func (r *Rotator) check() error {
	if r.args.Store == nil {
		return errors.New("  Store is missing")
	}
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf("  "+format, a...)) }
	if !rotatorName.MatchString(r.name) {
		wrong("the name has a character outside letters, digits, - and _, or none")
	}
	if n := len(r.name); n > maxRotatorName {
		wrong("the name has %d characters; the names of all that is made from it allow %d", n, maxRotatorName)
	}
	if r.args.LogRetention == 0 {
		r.args.LogRetention = 400 * day
	}
	if !slices.Contains(retentions, int(r.args.LogRetention/day)) || r.args.LogRetention%day != 0 {
		wrong("LogRetention must be one of %v days, which CloudWatch Logs offers", retentions)
	}
	switch {
	case r.args.Concurrency == 0:
		r.args.Concurrency = min(2+len(r.args.Secrets)/500, 20)
	case r.args.Concurrency < -1:
		wrong("Concurrency must be -1 (nothing is reserved), or how many secrets are rotated at once")
	}
	if n := r.args.Network; n != nil && (n.VPC == nil || n.Subnets == nil) {
		wrong("Network needs VPC and Subnets")
	}
	return errors.Join(append(errs, target.Check(Limits, r.args.Secrets, r.args.Targets)...)...)
}

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
		AssumeRolePolicy: pulumi.String(lambdaAssumes),
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

const lambdaAssumes = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

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

// schedule has Secrets Manager rotate a secret, once everything is there. A generated value is made at
// once; other secrets have a credential already, and keep it until their first turn. Instead the service
// tries the step testSecret with a pending version that has no value, which it takes away again:
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html.
func (r *Rotator) schedule(ctx *pulumi.Context, c *Secret, args *SecretArgs, name string) (err error) {
	rotation := args.Spec.Rotation
	rules := secretsmanager.SecretRotationRotationRulesArgs{}
	switch every := time.Duration(rotation.Every); {
	case args.Schedule != "":
		rules.ScheduleExpression = pulumi.String(args.Schedule)
	case every%day == 0:
		rules.AutomaticallyAfterDays = pulumi.Int(every / day)
	default:
		rules.ScheduleExpression = pulumi.String(fmt.Sprintf("rate(%d hours)", every/time.Hour))
	}
	if args.Window != 0 {
		rules.Duration = pulumi.String(fmt.Sprintf("%dh", args.Window/time.Hour))
	}
	c.Rotation, err = secretsmanager.NewSecretRotation(ctx, name, &secretsmanager.SecretRotationArgs{
		SecretId:          c.Secret.Arn,
		RotationLambdaArn: r.Function.Arn,
		RotationRules:     rules,
		RotateImmediately: pulumi.Bool(rotation.Generated != nil),
	}, pulumi.Parent(c), pulumi.DependsOn(append(slices.Clone(r.ready), c.Policy)))
	return err
}

// scheduled tells whether Secrets Manager rotates the secret by itself.
func (args *SecretArgs) scheduled() bool {
	return args.Spec.Rotation != nil && args.Spec.Rotation.Every != secret.Manual
}

func (args *SecretArgs) checkRotation() (errs []error) {
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf("  "+format, a...)) }
	if err := target.CheckRotator(args.Spec, args.Rotator.of(args.Store)); err != nil {
		errs = append(errs, err)
	}
	switch {
	case args.Schedule != "" && !args.scheduled():
		wrong("Schedule is for a secret with Spec.Rotation that is not manual")
	case args.Schedule != "":
		if err := CheckSchedule(args.Schedule, args.Window); err != nil {
			wrong("Schedule: %w", err)
		}
	case args.Window != 0:
		wrong("Window is for a secret with a Schedule")
	}
	return errs
}

// of is what the secrets of a store have to know of a rotator, which may be nil.
func (r *Rotator) of(store *Store) *target.Rotator {
	if r == nil {
		return nil
	}
	return &target.Rotator{SameStore: r.args.Store == store, Secrets: r.args.Secrets}
}
