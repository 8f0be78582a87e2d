package awssecret

import (
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

// maxRotatorName is for a function, a role and a rule alike, whose name has the suffix too:
// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
const maxRotatorName = 64 - len(sweepSuffix)

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
