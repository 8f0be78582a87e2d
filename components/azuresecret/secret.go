package azuresecret

import (
	"fmt"

	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// SecretArgs describe a Secret. Store and Spec are required.
type SecretArgs struct {
	Store *Store

	// Spec is what the secret asks for in each cloud. Without Readers nobody can read it. Its
	// Description is not written to Azure, which keeps such texts on a single version of a secret.
	Spec secret.Spec

	// Readers give the identity of each reader in Spec: the object id of a managed identity or service
	// principal. Identities of others are left alone.
	Readers map[string]pulumi.StringInput

	// Rotator rotates the secret as Spec.Rotation says, or reads it for the rotation of another. It must
	// have been made with this Spec among its Secrets. Nil: the secret has nothing to do with rotation.
	Rotator *Rotator
}

// Secret is one secret, and who may read it. Azure cannot make a secret without a value, so its first
// version is a marker, and disabled: until somebody puts a value, reading it is an error
// (SecretDisabled) and nobody takes the marker for a value.
//
// Pulumi makes that version and never another. Each update through Azure Resource Manager writes a
// new version with the value in Pulumi's state, which would put the marker in place of the live value;
// so all that an update could carry is ignored. Where a secret of this name exists already, Azure's
// provider refuses to create it.
type Secret struct {
	pulumi.ResourceState

	Secret  *keyvault.Secret
	Readers map[string]*authorization.RoleAssignment // by the reader's name

	// Companion is a second secret, which only the rotator reads: it keeps what Key Vault has no place
	// for, the value that is not current yet and where a rotation stands. Nil: there is no rotation.
	Companion *keyvault.Secret
	Rotator   *authorization.RoleAssignment // of the rotator's identity on Secret, or nil

	// URI is where an application reads the current version:
	// https://VAULT.vault.azure.net/secrets/NAME.
	URI pulumi.StringOutput

	args SecretArgs
	id   string // the secret's name in the vault
}

const marker = "no value yet"

// NewSecret makes a Secret. Its error has all the mistakes in args.
func NewSecret(ctx *pulumi.Context, name string, args *SecretArgs, opts ...pulumi.ResourceOption) (*Secret, error) {
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("the Azure secret %q cannot be made:\n%w", name, err)
	}
	s := &Secret{Readers: map[string]*authorization.RoleAssignment{}, args: *args}
	if err := ctx.RegisterComponentResource(SecretType, name, s, opts...); err != nil {
		return nil, err
	}
	var err error
	if s.id, err = Limits.SecretName("", args.Spec.Name); err != nil {
		return nil, err
	}
	if s.Secret, err = s.withoutValue(ctx, name, s.id); err != nil {
		return nil, err
	}
	for _, reader := range args.Spec.Readers {
		if s.Readers[reader], err = s.read(ctx, name+"."+reader, args.Readers[reader]); err != nil {
			return nil, err
		}
	}
	if args.Spec.Rotation != nil {
		if s.Companion, err = s.withoutValue(ctx, companionName(name), s.id+secret.CompanionSuffix); err != nil {
			return nil, err
		}
	}
	if args.Rotator != nil {
		if err := s.letRotate(ctx, name, args.Rotator); err != nil {
			return nil, err
		}
	}
	s.URI = pulumi.All(s.Secret.ID(), s.args.Store.URI).ApplyT(func(v []any) string {
		return fmt.Sprintf("%ssecrets/%s", v[1], s.id)
	}).(pulumi.StringOutput)
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"uri": s.URI})
}

// withoutValue makes a secret in the vault whose only version is the marker.
func (s *Secret) withoutValue(ctx *pulumi.Context, name, id string) (*keyvault.Secret, error) {
	return keyvault.NewSecret(ctx, name, &keyvault.SecretArgs{
		ResourceGroupName: pulumi.String(s.args.Store.group()),
		VaultName:         pulumi.String(s.args.Store.args.Vault),
		SecretName:        pulumi.String(id),
		Properties: keyvault.SecretPropertiesArgs{
			Attributes: keyvault.SecretAttributesArgs{Enabled: pulumi.Bool(false)},
			Value:      pulumi.ToSecret(pulumi.String(marker)).(pulumi.StringOutput), // Azure's SDK does not mark it
		},
	}, s.args.Store.protected(s), pulumi.DependsOn([]pulumi.Resource{s.args.Store.Vault}),
		pulumi.IgnoreChanges([]string{"properties", "tags"}),
		// Deleting a single secret goes through the vault's firewall; deleting the vault does not.
		pulumi.DeletedWith(s.args.Store.Vault))
}
