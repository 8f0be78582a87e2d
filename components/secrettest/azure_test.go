package secrettest_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

var azure = secrettest.Cloud{
	Cloud: azuresecret.Limits,
	Build: func(ctx *pulumi.Context, specs []secret.Spec, identities map[string]string, allowDestroy bool) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowDestroy: allowDestroy})
		if err != nil {
			return err
		}
		rotator, err := azuresecret.NewRotator(ctx, "shop-rotator", &azuresecret.RotatorArgs{
			Store: store, Secrets: specs, Image: image, Subnet: pulumi.String(azureSubnet),
		})
		if err != nil {
			return err
		}
		readers := inputs(identities)
		alerts := &azuresecret.AlertsArgs{
			Store: store, Rotator: rotator, Notify: notify.Args{Email: []string{secrettest.OnCall}},
			Settings: alert.Settings{Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		}
		for _, s := range specs {
			args := &azuresecret.SecretArgs{Store: store, Spec: s, Readers: readers}
			if s.Rotation != nil {
				args.Rotator = rotator
			}
			c, err := azuresecret.NewSecret(ctx, s.Name, args)
			if err != nil {
				return err
			}
			alerts.Secrets = append(alerts.Secrets, c)
		}
		_, err = azuresecret.NewAlerts(ctx, "shop", alerts)
		return err
	},
	Config: map[string]string{
		"azure-native:subscriptionId": "11111111-2222-4333-8444-555555555555",
		"azure-native:tenantId":       "66666666-7777-4888-8999-aaaaaaaaaaaa",
	},
	Identity: func(reader string) string { return uuid.NewSHA1(uuid.Nil, []byte(reader)).String() },
	Create: func(r plan.Resource) (string, property.Map) {
		if r.Type == azureVault {
			uri := "https://" + input(r, "vaultName") + ".vault.azure.net/"
			return azureID(r), property.NewMap(map[string]property.Value{
				"properties": property.New(map[string]property.Value{"vaultUri": property.New(uri)}),
			})
		}
		return azureID(r), property.Map{}
	},
	SecretType:    azureSecret,
	ValueProperty: []string{"properties", "value"},
	Marker:        "no value yet",
	OwnKey:        func(*plan.Graph, plan.Resource) bool { return false },
	CanRead:       azureCanRead,
	Recoverable:   azureRecoverable,
	WatcherTypes: []string{
		"azure-native:insights/v20231201:ScheduledQueryRule", "azure-native:insights/v20180301:MetricAlert",
		"azure-native:insights/v20201001:ActivityLogAlert",
	},
	Hears:     azureHears,
	AlertGaps: azurealert.Gaps,
	Gaps: map[secrettest.Promise]string{
		secrettest.OwnKey: azuresecret.CustomerKey.Reason,
		secrettest.RotationReady: "one job, hourly, serves all secrets, and is there before the last of them; what it may not read yet, " +
			"as role assignments take minutes, it reports and tries again an hour later",
	},
}

const (
	azureVault  = "azure-native:keyvault:Vault"
	azureSecret = "azure-native:keyvault:Secret"
	azureSubnet = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/shop/subnets/rotator"
)

func azureID(r plan.Resource) string {
	group := "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/" + input(r, "resourceGroupName")
	switch r.Type {
	case "azure-native:resources:ResourceGroup":
		return group
	case azureVault:
		return group + "/providers/Microsoft.KeyVault/vaults/" + input(r, "vaultName")
	case azureSecret:
		return group + "/providers/Microsoft.KeyVault/vaults/" + input(r, "vaultName") + "/secrets/" + input(r, "secretName")
	}
	return "id of " + r.URN
}

// azureCanRead takes each role assignment, of whatever role, for one that lets its principal read all
// that is at or below its scope; and a vault that does not ask for roles for one that everybody reads.
func azureCanRead(g *plan.Graph, s plan.Resource, identity string) bool {
	return slices.ContainsFunc(g.Resources, func(r plan.Resource) bool {
		switch {
		case r.Type == azureVault:
			rbac := r.Inputs.Get("properties").AsMap().Get("enableRbacAuthorization")
			return !rbac.IsBool() || !rbac.AsBool()
		case strings.HasSuffix(r.Type, ":RoleAssignment"):
			return input(r, "principalId") == identity && strings.HasPrefix(azureID(s)+"/", input(r, "scope")+"/")
		}
		return false
	})
}

// azureRecoverable tells whether a deleted secret stays in the vault, where nobody can purge it.
func azureRecoverable(g *plan.Graph, s plan.Resource) bool {
	return slices.ContainsFunc(g.Of(azureVault), func(vault plan.Resource) bool {
		properties := vault.Inputs.Get("properties").AsMap()
		on := func(name string) bool { v := properties.Get(name); return v.IsBool() && v.AsBool() }
		return input(vault, "vaultName") == input(s, "vaultName") && on("enableSoftDelete") && on("enablePurgeProtection")
	})
}

// azureHears takes the addresses of the action groups that a watcher's actions name.
func azureHears(g *plan.Graph, watcher plan.Resource) (all []string) {
	for _, group := range g.Of("azure-native:insights/v20230101:ActionGroup") {
		if !strings.Contains(secrettest.Show(watcher.Inputs.Get("actions")), azureID(group)) {
			continue
		}
		for _, email := range group.Inputs.Get("emailReceivers").AsArray().All {
			all = append(all, email.AsMap().Get("emailAddress").AsString())
		}
	}
	return all
}

func TestAzure(t *testing.T) { secrettest.Run(t, azure) }
