package gcpsecret_test

import (
	"net/netip"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
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

// programWithRotation rotates a database's password, by way of an administrator whose secret nobody else reads, and
// tells somebody of what should not happen.
func programWithRotation(ctx *pulumi.Context) error {
	store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: "shop-prod-", Locations: []string{"europe-west1"}})
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
	rotator, err := gcpsecret.NewRotator(ctx, "shop-rotator", &gcpsecret.RotatorArgs{
		Store:   store,
		Secrets: specs,
		Targets: map[string]target.Args{"orders-db": {Host: pulumi.String("10.20.0.5"), Database: "orders"}},
		Image:   "europe-west1-docker.pkg.dev/shop-prod/secretstack/rotate-run@sha256:9f2b7c1d4e8a6053b1c9d7e2f4a8056c3d1e7f9b2a4c6d8e0f1a3b5c7d9e2f40",
		Network: &gcpsecret.Network{Network: pulumi.String("shop"), Subnetwork: pulumi.String("rotator")},
	})
	if err != nil {
		return err
	}
	var secrets []*gcpsecret.Secret
	for _, spec := range specs {
		s, err := gcpsecret.NewSecret(ctx, spec.Name, &gcpsecret.SecretArgs{
			Store: store, Spec: spec, Rotator: rotator,
			Readers: map[string]pulumi.StringInput{"checkout": pulumi.String("serviceAccount:checkout@shop-prod.iam.gserviceaccount.com")},
		})
		if err != nil {
			return err
		}
		secrets = append(secrets, s)
	}
	_, err = gcpsecret.NewAlerts(ctx, "shop-alerts", &gcpsecret.AlertsArgs{
		Store:   store,
		Secrets: secrets,
		Rotator: rotator,
		Notify:  notify.Args{Email: []string{"oncall@example.com"}, PagerDuty: []pulumi.StringInput{config.RequireSecret(ctx, "pagerduty")}},
		Settings: alert.Settings{
			Deployers: []string{"serviceAccount:deploy@shop-prod.iam.gserviceaccount.com"},
			Networks:  []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}, // the egress of the shop
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
