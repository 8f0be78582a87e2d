package awssecret

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
	"github.com/secretstack/secretstack/components/secret"
)

// SecretArgs are what one secret asks for on AWS.
type SecretArgs struct {
	// Store is required.
	Store *Store
	// Spec is what the secret asks for in each cloud. Without Readers nobody can read it.
	Spec secret.Spec
	// Readers give for each of Spec.Readers the ARN of its IAM role or user, which must exist: AWS refuses
	// a policy that names an unknown one. Entries for others are allowed and grant nothing.
	Readers map[string]pulumi.StringInput
	// Rotator rotates the secret as Spec.Rotation says, or reads it for the rotation of another. It must
	// have been made with this Spec among its Secrets. Nil: the secret has nothing to do with rotation.
	Rotator *Rotator
	// Schedule is when the secret is rotated, in place of Spec.Rotation.Every: a rate() of at least 4
	// hours or a cron() in UTC, as CheckSchedule says. Zero: Every.
	Schedule string
	// Window is how long after the scheduled time AWS may begin the rotation, in whole hours. Zero: until
	// the end of the day (UTC).
	Window time.Duration
	// Tags are on the secret, beside the store's and secretstack:name.
	Tags map[string]string
}

// Secret is one secret and who may read it. It has no value until somebody puts one.
type Secret struct {
	pulumi.ResourceState

	Secret *secretsmanager.Secret
	Policy *secretsmanager.SecretPolicy
	// Rotation is the schedule. Nil: there is none, or a person starts each rotation.
	Rotation *secretsmanager.SecretRotation

	ARN        pulumi.StringOutput
	SecretName pulumi.StringOutput // in AWS: the store's prefix and the name

	args SecretArgs
}

// NewSecret makes a secret. Its error lists every mistake in the arguments; then nothing is registered.
// What is wrong with a reader's ARN that is not known before stops the update at the secret's policy.
func NewSecret(ctx *pulumi.Context, name string, args *SecretArgs, opts ...pulumi.ResourceOption) (*Secret, error) {
	if args == nil {
		args = &SecretArgs{}
	}
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("the AWS secret %q cannot be made:\n%w", name, err)
	}
	c := &Secret{args: *args}
	if err := ctx.RegisterComponentResource(SecretType, name, c, opts...); err != nil {
		return nil, err
	}
	store, spec := args.Store, args.Spec
	awsName, err := secretName(store.args.Prefix, spec.Name)
	if err != nil {
		return nil, err
	}
	var description pulumi.StringPtrInput
	if spec.Description != "" {
		description = pulumi.String(spec.Description)
	}
	tags := map[string]string{}
	maps.Copy(tags, store.args.Tags)
	maps.Copy(tags, args.Tags)
	tags["secretstack:name"] = spec.Name
	var replicas secretsmanager.SecretReplicaArray
	for _, r := range store.args.Replicas {
		replicas = append(replicas, secretsmanager.SecretReplicaArgs{
			Region:   pulumi.String(r.Region),
			KmsKeyId: store.ReplicaKeys[r.Region].Arn,
		})
	}
	if c.Secret, err = secretsmanager.NewSecret(ctx, name, &secretsmanager.SecretArgs{
		Name:                 pulumi.String(awsName),
		Description:          description,
		KmsKeyId:             store.Key.Arn,
		RecoveryWindowInDays: pulumi.Int(store.recoveryDays()),
		Replicas:             replicas,
		Tags:                 pulumi.ToStringMap(tags),
	}, store.protected(c)); err != nil {
		return nil, err
	}
	c.ARN, c.SecretName = c.Secret.Arn, c.Secret.Name
	// Kept on delete: a secret that is deleted, and perhaps recovered, is never without its policy.
	options := []pulumi.ResourceOption{pulumi.Parent(c), pulumi.RetainOnDelete(true)}
	if args.Rotator != nil { // AWS refuses a policy that names a role which is not there
		options = append(options, pulumi.DependsOn([]pulumi.Resource{args.Rotator.Role}))
	}
	if c.Policy, err = secretsmanager.NewSecretPolicy(ctx, name, &secretsmanager.SecretPolicyArgs{
		SecretArn:         c.Secret.Arn,
		Policy:            args.policy(awsName),
		BlockPublicPolicy: pulumi.Bool(true),
	}, options...); err != nil {
		return nil, err
	}
	if args.scheduled() {
		if err := args.Rotator.schedule(ctx, c, args, name); err != nil {
			return nil, err
		}
	}
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"arn": c.ARN, "secretName": c.SecretName})
}

// policy is the text of the secret's policy. A preview shows it already, unless a reader's ARN is unknown.
func (args *SecretArgs) policy(awsName string) pulumi.StringOutput {
	names, store := args.Spec.Readers, args.Store
	inputs := []any{store.partition, store.account, store.region}
	for _, r := range names {
		inputs = append(inputs, args.Readers[r])
	}
	return pulumi.All(inputs...).ApplyT(func(v []any) (string, error) {
		a := args.access(home{v[0].(string), v[1].(string), v[2].(string)}, awsName)
		var errs []error
		for i, r := range names {
			reader := v[i+3].(string)
			a.readers = append(a.readers, reader)
			if err := checkIdentity(reader); err != nil {
				errs = append(errs, fmt.Errorf("reader %s: %s %w", r, reader, err))
			} else if of := accountOf(reader); of != a.account && !slices.Contains(store.args.Accounts, of) {
				errs = append(errs, fmt.Errorf("reader %s: %s is in another account than the secret (%s) and could not decrypt it; "+
					"add %s to StoreArgs.Accounts", r, reader, a.account, of))
			}
		}
		if len(errs) > 0 {
			return "", errors.Join(errs...)
		}
		return a.text()
	}).(pulumi.StringOutput)
}

// access has no readers yet.
func (args *SecretArgs) access(h home, awsName string) access {
	store := args.Store.args
	a := access{
		secret: h.secret(awsName), account: h.account,
		organization: store.Organization, replicated: len(store.Replicas) > 0,
	}
	if args.Rotator != nil {
		a.rotator, a.rotates = args.Rotator.roleARN(h), args.Spec.Rotation != nil
	}
	return a
}

func (args *SecretArgs) check() error {
	if args.Store == nil {
		return errors.New("  Store is missing")
	}
	var errs []error
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf("  "+format, a...)) }
	if err := secret.CheckName(args.Spec.Name); err != nil {
		wrong("Spec.Name %q: %w", args.Spec.Name, err)
	} else if _, err := secretName(args.Store.args.Prefix, args.Spec.Name); err != nil {
		wrong("Spec.Name %q: %w", args.Spec.Name, err)
	}
	if n := len(args.Spec.Description); n > maxDescription {
		wrong("Spec.Description has %d characters; AWS allows %d", n, maxDescription)
	}
	known := args.access(longest, args.Store.args.Prefix+args.Spec.Name)
	errs = append(errs, reader.Check(Limits, args.Spec.Readers, args.Readers)...)
	for _, r := range args.Spec.Readers {
		if arn, plain := args.Readers[r].(pulumi.String); plain {
			known.readers = append(known.readers, string(arn))
		}
	}
	if _, err := known.text(); err != nil {
		wrong("%w", err)
	}
	return errors.Join(append(errs, args.checkRotation()...)...)
}
