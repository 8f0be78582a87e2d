package secrettest_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

func TestLocal(t *testing.T) { secrettest.Run(t, local) }

var local = secrettest.Cloud{
	Cloud: localsecret.Limits,
	Build: func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error {
		store, err := localsecret.NewStore(ctx, "shop", &localsecret.StoreArgs{AllowDestroy: allowDestroy})
		if err != nil {
			return err
		}
		readers := inputs(identities)
		for _, s := range specs {
			if _, err := localsecret.NewSecret(ctx, s.Name, &localsecret.SecretArgs{Store: store, Spec: s, Readers: readers}); err != nil {
				return err
			}
		}
		return nil
	},
	// Public keys whose private ones nobody has.
	Identity: func(reader string) string {
		return map[string]string{
			"checkout": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
			"reports":  "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg",
			"stranger": "age1yubikey-is-not-among-the-readers",
		}[reader]
	},
	Create: func(r plan.Resource) (string, property.Map) { return r.Name, property.Map{} },

	SecretType: localsecret.EntryType,
	OwnKey:     func(*plan.Graph, plan.Resource) bool { return false },
	// What a secret is encrypted to is the whole grant.
	CanRead: func(_ *plan.Graph, s plan.Resource, identity string) bool {
		for _, recipient := range s.Inputs.Get("readers").AsMap().All {
			if recipient.AsString() == identity {
				return true
			}
		}
		return false
	},
	Recoverable: func(_ *plan.Graph, s plan.Resource) bool { return s.Inputs.Get("recoveryDays").AsNumber() > 0 },
	Gaps: map[secrettest.Promise]string{
		secrettest.RotationReady: "nothing rotates by itself on a developer's machine: up and run say what is due, and " +
			"secretstack rotate --due does it",
		secrettest.Watched: "nothing runs on a developer's machine that could tell; up, run and audit say what is overdue or failed",
		secrettest.Heard:   "nothing is sent from a developer's machine; secretstack audit shows what would be an alert",
		secrettest.OwnKey:  "each value is encrypted to its readers' own keys; there is no key of the store",
	},
}
