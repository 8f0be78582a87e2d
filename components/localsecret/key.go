package localsecret

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// KeyType is the type token of [Key].
const KeyType = "secretstack:local:Key"

// Key is a reader's age private key on this machine, in the user's configuration
// folder. An existing key is adopted; none is ever replaced, or removed with the
// resource.
type Key struct {
	pulumi.CustomResourceState

	Recipient pulumi.StringOutput `pulumi:"recipient"` // the public key, age1…
}

func newKey(ctx *pulumi.Context, name, reader string, opts ...pulumi.ResourceOption) (*Key, error) {
	k := &Key{}
	return k, ctx.RegisterResource(KeyType, name, pulumi.Map{
		"project": pulumi.String(ctx.Project()),
		"stack":   pulumi.String(ctx.Stack()),
		"reader":  pulumi.String(reader),
	}, k, opts...)
}
