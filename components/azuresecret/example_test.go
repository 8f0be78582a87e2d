package azuresecret_test

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/secret"
)

// program makes a secret that two managed identities can read, from one public network.
func program(ctx *pulumi.Context) error {
	store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{
		Vault:           "shop-prod-eu",
		ResourceGroup:   "shop-prod",
		AllowedNetworks: []string{"203.0.113.0/24"},
		Recovery:        90 * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	db, err := azuresecret.NewSecret(ctx, "orders-db", &azuresecret.SecretArgs{
		Store: store,
		Spec:  secret.Spec{Name: "orders-db", Readers: []string{"checkout", "reports"}},
		Readers: map[string]pulumi.StringInput{
			"checkout": pulumi.String("6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f"), // object ids, not client ids
			"reports":  pulumi.String("0d9e8f7a-6b5c-4d3e-9f2a-1b0c9d8e7f6a"),
		},
	})
	if err != nil {
		return err
	}
	ctx.Export("ordersDb", db.URI) // a reference, never a value
	return nil
}

func Example() {
	pulumi.Run(program)
}
