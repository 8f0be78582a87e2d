package gcpsecret_test

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
)

// program makes a secret with replicas in two regions, which two workloads can read.
func program(ctx *pulumi.Context) error {
	store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{
		Prefix:    "shop-prod-",
		Locations: []string{"europe-west1", "europe-west4"},
		Recovery:  14 * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	db, err := gcpsecret.NewSecret(ctx, "orders-db", &gcpsecret.SecretArgs{
		Store: store,
		Spec:  secret.Spec{Name: "orders-db", Description: "Password of the orders database", Readers: []string{"checkout", "reports"}},
		Readers: map[string]pulumi.StringInput{
			"checkout": pulumi.String("serviceAccount:checkout@shop-prod.iam.gserviceaccount.com"),
			"reports": pulumi.String("principal://iam.googleapis.com/projects/123456789012/locations/global/" +
				"workloadIdentityPools/shop-prod.svc.id.goog/subject/ns/shop/sa/reports"),
		},
	})
	if err != nil {
		return err
	}
	ctx.Export("ordersDb", db.Name) // a reference, never a value
	return nil
}

func Example() {
	pulumi.Run(program)
}
