package azuresecret_test

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
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

// programWithRotation rotates a database's password, by way of an administrator whose secret nobody else reads, and
// watches both.
func programWithRotation(ctx *pulumi.Context) error {
	store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-prod-eu", ResourceGroup: "shop-prod"})
	if err != nil {
		return err
	}
	specs := []secret.Spec{
		{Name: "orders-db", Readers: []string{"checkout"}, Rotation: &secret.Rotation{
			Every:    secret.Every(30 * 24 * time.Hour),
			Postgres: &secret.Database{Users: []string{"orders_a", "orders_b"}, Admin: "orders-db-admin"},
		}},
		{Name: "orders-db-admin"},
	}
	rotator, err := azuresecret.NewRotator(ctx, "shop-rotator", &azuresecret.RotatorArgs{
		Store:   store,
		Secrets: specs,
		Targets: map[string]target.Args{"orders-db": {Host: pulumi.String("orders.postgres.database.azure.com"), Database: "orders"}},
		Image:   "shopprod.azurecr.io/secretstack/rotate-job@sha256:9f2b7c1d4e8a6053b1c9d7e2f4a8056c3d1e7f9b2a4c6d8e0f1a3b5c7d9e2f40",
		Subnet: pulumi.String("/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/shop-prod/providers/" +
			"Microsoft.Network/virtualNetworks/shop/subnets/rotator"),
	})
	if err != nil {
		return err
	}
	var made []*azuresecret.Secret
	for _, spec := range specs {
		s, err := azuresecret.NewSecret(ctx, spec.Name, &azuresecret.SecretArgs{
			Store: store, Spec: spec, Rotator: rotator,
			Readers: map[string]pulumi.StringInput{"checkout": pulumi.String("6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f")},
		})
		if err != nil {
			return err
		}
		made = append(made, s)
	}
	_, err = azuresecret.NewAlerts(ctx, "shop-alerts", &azuresecret.AlertsArgs{
		Store: store, Secrets: made, Rotator: rotator,
		Notify: notify.Args{
			Email:     []string{"oncall@example.com"},
			PagerDuty: []pulumi.StringInput{config.RequireSecret(ctx, "pagerduty")},
		},
		Settings: alert.Settings{
			Deployers:  []string{"0c8a4f7e-2f0b-4d5e-9c1a-6b3f8e7d2a90"}, // their changes are not reported
			Thresholds: map[alert.ID]int{alert.ReadInBulk: 2000},
			Off:        map[alert.ID]string{alert.ReadByNewcomer: "Readers have new addresses with each deployment"},
		},
	})
	return err
}

func ExampleNewRotator() {
	pulumi.Run(programWithRotation)
}

func ExampleNewAlerts() {
	pulumi.Run(programWithRotation)
}
