package gcpsecret

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudscheduler"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// SecretArgs describe a Secret. Store and Spec are required.
type SecretArgs struct {
	Store *Store

	// Spec is what the secret asks for in each cloud. Without Readers nobody can read it.
	Spec secret.Spec

	// Readers give the identity of each reader in Spec: a service account or a single principal of a
	// workload identity pool. Identities of others are left alone.
	Readers map[string]pulumi.StringInput

	// Rotator rotates the secret as Spec.Rotation says, or reads it for the rotation of another. It must
	// have been made with this Spec among its Secrets. Nil: the secret has nothing to do with rotation.
	Rotator *Rotator
}

// Secret is one secret without a value, and who may read it.
type Secret struct {
	pulumi.ResourceState

	Secret  *secretmanager.Secret
	Readers map[string]*secretmanager.SecretIamMember // by the reader's name

	// Companion is a second secret, which only the rotator reads, and Clock says when to look what is due.
	// Nil: there is no rotation.
	Companion *secretmanager.Secret
	Clock     *cloudscheduler.Job
	Rotator   *secretmanager.SecretIamMember // of the rotator's account on Secret, or nil

	// Name is the resource name, projects/PROJECT/secrets/SECRET, by which an application reads.
	Name pulumi.StringOutput

	args SecretArgs
}

// NewSecret makes a Secret. Its error has all the mistakes in args.
func NewSecret(ctx *pulumi.Context, name string, args *SecretArgs, opts ...pulumi.ResourceOption) (*Secret, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("the Google Cloud secret %q cannot be made:\n%w", name, err)
	}
	s := &Secret{Readers: map[string]*secretmanager.SecretIamMember{}, args: *args}
	if err := ctx.RegisterComponentResource(SecretType, name, s, opts...); err != nil {
		return nil, err
	}
	store := args.Store
	id, err := Limits.SecretName(store.args.Prefix, args.Spec.Name)
	if err != nil {
		return nil, err
	}
	s.Secret, err = secretmanager.NewSecret(ctx, name, &secretmanager.SecretArgs{
		SecretId:          pulumi.String(id),
		Replication:       store.replication(),
		VersionDestroyTtl: store.args.destroyTTL(),
		Annotations:       args.annotations(),
	}, store.protected(s), pulumi.DependsOn(store.grants()))
	if err != nil {
		return nil, err
	}
	for _, reader := range args.Spec.Readers {
		s.Readers[reader], err = s.read(ctx, name+"."+reader, args.Readers[reader])
		if err != nil {
			return nil, err
		}
	}
	if args.Rotator != nil {
		if err := s.letRotate(ctx, name, args, id); err != nil {
			return nil, err
		}
	}
	s.Name = s.Secret.Name
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"name": s.Name})
}
