package localsecret_test

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// program is a platform team's own Pulumi program; its main is pulumi.Run(program).
func program(ctx *pulumi.Context) error {
	store, err := localsecret.NewStore(ctx, "shop", nil)
	if err != nil {
		return err
	}
	db, err := localsecret.NewSecret(ctx, "orders-db", &localsecret.SecretArgs{
		Store: store,
		Spec:  secret.Spec{Name: "orders-db", Readers: []string{"checkout", "reports"}},
		Readers: map[string]pulumi.StringInput{ // a key for checkout is made on this machine
			"reports": pulumi.String("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZFoaXvPMa8KlYT6ZXJy9pW0EgDIoQHWwbcJmYIFmOr"),
		},
	})
	if err != nil {
		return err
	}
	ctx.Export("ordersDb", db.Reference) // a reference, never a value
	return nil
}

// A database password for two workloads, one of which brings its own key.
func Example() {
	graph, err := plan.Run(context.Background(), program, plan.Options{Project: "shop", Stack: "local"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for _, r := range graph.Resources {
		fmt.Println(r)
	}
	// Output:
	// secretstack:local:Secret orders-db
	// secretstack:local:Entry orders-db
	// secretstack:local:Store shop
	// secretstack:local:Key shop-checkout
}
