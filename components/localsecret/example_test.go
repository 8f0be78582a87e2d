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

// A database password that two workloads on this machine may read, and a
// colleague with an SSH key.
func Example() {
	program := func(ctx *pulumi.Context) error {
		store, err := localsecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		password, err := localsecret.NewSecret(ctx, "orders-db", &localsecret.SecretArgs{
			Store: store,
			Spec:  secret.Spec{Name: "orders-db", Readers: []string{"checkout", "reports", "alice"}},
			Readers: map[string]pulumi.StringInput{
				"alice": pulumi.String("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZFoaXvPMa8KlYT6ZXJy9pW0EgDIoQHWwbcJmYIFmOr"),
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("password", password.Reference)
		return nil
	}
	// A program of its own would call pulumi.Run(program).
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
	// secretstack:local:Key shop-reports
}
