package awssecret_test

import (
	"net/netip"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
)

// program makes a secret that two roles can read, one of them in another account.
func program(ctx *pulumi.Context) error {
	store, err := awssecret.NewStore(ctx, "shop", &awssecret.StoreArgs{
		Prefix:       "shop/prod/",
		Recovery:     14 * 24 * time.Hour,
		Organization: "o-a1b2c3d4e5",
		Accounts:     []string{"222222222222"},
		Replicas:     []awssecret.Replica{{Region: "eu-central-1"}},
	})
	if err != nil {
		return err
	}
	db, err := awssecret.NewSecret(ctx, "orders-db", &awssecret.SecretArgs{
		Store: store,
		Spec:  secret.Spec{Name: "orders-db", Description: "Password of the orders database", Readers: []string{"checkout", "reports"}},
		Readers: map[string]pulumi.StringInput{
			"checkout": pulumi.String("arn:aws:iam::111111111111:role/checkout"),
			"reports":  pulumi.String("arn:aws:iam::222222222222:role/reports"),
		},
	})
	if err != nil {
		return err
	}
	ctx.Export("ordersDb", db.ARN) // a reference, never a value
	return nil
}

// watch has somebody hear of what happens to secrets.
func watch(ctx *pulumi.Context, store *awssecret.Store, secrets []*awssecret.Secret, rotator *awssecret.Rotator, slack pulumi.StringInput) error {
	_, err := awssecret.NewAlerts(ctx, "shop-alerts", &awssecret.AlertsArgs{
		Store:     store,
		Secrets:   secrets,
		Rotators:  []*awssecret.Rotator{rotator},
		TrailLogs: "audit/management-events", // of the account's own trail
		Notify: notify.Args{
			Email: []string{"oncall@example.com"},
			Slack: []pulumi.StringInput{slack}, // such as config.RequireSecret gives
		},
		Settings: alert.Settings{
			Deployers: []string{"arn:aws:iam::111111111111:role/deploy"},
			Networks:  []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
		},
	})
	return err
}

func Example() {
	pulumi.Run(program)
}
