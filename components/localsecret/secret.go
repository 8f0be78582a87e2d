package localsecret

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
	"github.com/secretstack/secretstack/components/secret"
)

// The type tokens of [Secret] and [Entry].
const (
	SecretType = "secretstack:local:Secret"
	EntryType  = "secretstack:local:Entry"
)

// SecretArgs are what one secret asks for in the local cloud.
type SecretArgs struct {
	// Store is required.
	Store *Store
	// Spec is what the secret asks for in each cloud. Without Readers it is encrypted to Rotator's key.
	Spec secret.Spec
	// Readers give the public keys ("age1…" or "ssh-ed25519 …") of those of
	// Spec.Readers that have one of their own. For the others the store makes a
	// key on this machine. Entries for readers that are not in Spec.Readers are
	// allowed and grant nothing.
	Readers map[string]pulumi.StringInput
}

// Secret is one secret and who may read it.
type Secret struct {
	pulumi.ResourceState

	Entry *Entry

	// Reference is the file and the secret's name in it, as in "secrets.local.age.yaml#orders-db".
	Reference pulumi.StringOutput
}

// Entry is one secret in the encrypted file.
type Entry struct {
	pulumi.CustomResourceState

	File    pulumi.StringOutput    `pulumi:"file"`
	Name    pulumi.StringOutput    `pulumi:"name"`
	Readers pulumi.StringMapOutput `pulumi:"readers"` // public keys by reader
	Version pulumi.IntOutput       `pulumi:"version"` // how many values the secret has had
	Updated pulumi.StringOutput    `pulumi:"updated"` // when the value last changed (RFC 3339)
}

// NewSecret makes a secret, with a generated value unless it has one.
// The error lists every mistake in the arguments; then nothing is registered.
func NewSecret(ctx *pulumi.Context, name string, args *SecretArgs, opts ...pulumi.ResourceOption) (*Secret, error) {
	if args == nil {
		args = &SecretArgs{}
	}
	if err := args.check(); err != nil {
		return nil, fmt.Errorf("the local secret %q cannot be made:\n%w", name, err)
	}
	store, spec := args.Store, args.Spec
	c := &Secret{Entry: &Entry{}}
	if err := ctx.RegisterComponentResource(SecretType, name, c, opts...); err != nil {
		return nil, err
	}
	recipients, err := store.recipients(ctx, Recipients(spec), args.Readers)
	if err != nil {
		return nil, err
	}
	if err := ctx.RegisterResource(EntryType, name, pulumi.Map{
		"file":         pulumi.String(store.File),
		"name":         pulumi.String(spec.Name),
		"readers":      recipients,
		"project":      pulumi.String(ctx.Project()),
		"stack":        pulumi.String(ctx.Stack()),
		"recoveryDays": pulumi.Int(store.recoveryDays()),
	}, c.Entry, store.protected(c)); err != nil {
		return nil, err
	}
	c.Reference = pulumi.Sprintf("%s#%s", c.Entry.File, c.Entry.Name)
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"reference": c.Reference})
}

func (args *SecretArgs) check() error {
	var m mistakes
	if args.Store == nil {
		m.add("Store is missing")
	}
	spec := args.Spec
	if err := secret.CheckName(spec.Name); err != nil {
		m.add("Spec.Name %q: %w", spec.Name, err)
	} else if _, err := secretName("", spec.Name); err != nil {
		m.add("Spec.Name %q: %w", spec.Name, err)
	}
	m = append(m, reader.Check(Limits, spec.Readers, args.Readers)...)
	return m.err()
}

// mistakes collects what is wrong with a component's arguments, a line each.
type mistakes []error

func (m *mistakes) add(format string, a ...any) { *m = append(*m, fmt.Errorf("  "+format, a...)) }

func (m mistakes) err() error { return errors.Join(m...) }
