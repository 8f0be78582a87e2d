package azuresecret_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	groupType      = "azure-native:resources:ResourceGroup"
	vaultType      = "azure-native:keyvault:Vault"
	secretType     = "azure-native:keyvault:Secret"
	assignmentType = "azure-native:authorization/v20220401:RoleAssignment"

	checkout = "6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f"
	reports  = "0d9e8f7a-6b5c-4d3e-9f2a-1b0c9d8e7f6a"

	subscription = "11111111-2222-4333-8444-555555555555"
)

var identities = map[string]pulumi.StringInput{"checkout": pulumi.String(checkout), "reports": pulumi.String(reports)}

// shop makes the secrets orders_db, for checkout and reports, and stripe-api-key, for checkout.
func shop(args azuresecret.StoreArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &args)
		if err != nil {
			return err
		}
		for _, s := range []secret.Spec{
			{Name: "orders_db", Description: "For orders", Readers: []string{"checkout", "reports"}},
			{Name: "stripe-api-key", Readers: []string{"checkout"}},
		} {
			c, err := azuresecret.NewSecret(ctx, s.Name, &azuresecret.SecretArgs{Store: store, Spec: s, Readers: identities})
			if err != nil {
				return err
			}
			ctx.Export(s.Name, c.URI)
		}
		return nil
	}
}

var stackConfig = map[string]string{"azure-native:subscriptionId": subscription, "azure-native:tenantId": "the-tenant"}

func run(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	return secrettest.MustRecord(t, program, stackConfig)
}

func TestGraph(t *testing.T) {
	want := []string{
		"secretstack:azure:Secret orders_db",
		assignmentType + " orders_db.checkout",
		assignmentType + " orders_db.reports",
		secretType + " orders_db",
		"secretstack:azure:Secret stripe-api-key",
		assignmentType + " stripe-api-key.checkout",
		secretType + " stripe-api-key",
		"secretstack:azure:Store shop",
		vaultType + " shop",
		groupType + " shop",
	}
	g := run(t, shop(azuresecret.StoreArgs{Vault: "shop-vault"}))
	if diff := cmp.Diff(want, secrettest.Names(g)); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if got := secrettest.Show(property.New(g.Of(groupType)[0].Inputs)); got != "{resourceGroupName: shop-vault}" {
		t.Errorf("the resource group is %s", got)
	}

	g = run(t, shop(azuresecret.StoreArgs{Vault: "shop-vault", ResourceGroup: "shop-prod"}))
	if groups := g.Of(groupType); len(groups) > 0 {
		t.Errorf("%s is made beside the one that exists", groups[0])
	}
	for _, r := range append(g.Of(vaultType), g.Of(secretType)...) {
		if got := secrettest.Show(r.Inputs.Get("resourceGroupName")); got != "shop-prod" {
			t.Errorf("%s is in the resource group %s", r, got)
		}
	}
}

func TestVault(t *testing.T) {
	const fixed = ", enableRbacAuthorization: true, enableSoftDelete: true, networkAcls: {bypass: None, defaultAction: Deny, ipRules: "
	const rest = ", sku: {family: A, name: standard}, softDeleteRetentionInDays: "
	for name, test := range map[string]struct {
		args    azuresecret.StoreArgs
		want    string
		protect bool
	}{
		"zero": {
			azuresecret.StoreArgs{},
			"{enablePurgeProtection: true" + fixed + "[]}, publicNetworkAccess: Disabled" + rest + "30, tenantId: the-tenant}", true,
		},
		"networks": {
			azuresecret.StoreArgs{AllowedNetworks: []string{"203.0.113.0/24", "198.51.100.7"}, Recovery: 90 * 24 * time.Hour},
			"{enablePurgeProtection: true" + fixed + "[{value: 203.0.113.0/24}, {value: 198.51.100.7}]}, publicNetworkAccess: Enabled" +
				rest + "90, tenantId: the-tenant}", true,
		},
		"throw-away": { // without enablePurgeProtection, which Azure never takes back and refuses to hear false for
			azuresecret.StoreArgs{AllowDestroy: true},
			"{" + strings.TrimPrefix(fixed, ", ") + "[]}, publicNetworkAccess: Disabled" +
				rest + "7, tenantId: the-tenant}", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.args.Vault = "shop-vault"
			g := run(t, shop(test.args))
			vault := g.Of(vaultType)[0]
			if diff := cmp.Diff(test.want, secrettest.Show(vault.Inputs.Get("properties"))); diff != "" {
				t.Errorf("properties (-want +got):\n%s", diff)
			}
			for _, typ := range []string{vaultType, secretType, groupType} {
				for _, r := range g.Of(typ) {
					if r.Protect != test.protect {
						t.Errorf("%s is protected: %v, want %v", r, r.Protect, test.protect)
					}
				}
			}
		})
	}
}

// The secret is made once, with a marker that nobody can read, and an update of it cannot be.
func TestSecret(t *testing.T) {
	g := run(t, shop(azuresecret.StoreArgs{Vault: "shop-vault"}))
	for _, s := range g.Of(secretType) {
		id := strings.ReplaceAll(s.Name, "_", "--u")
		want := "{properties: {attributes: {enabled: false}, value: secret no value yet}, resourceGroupName: shop-vault, " +
			"secretName: " + id + ", vaultName: shop-vault}"
		if diff := cmp.Diff(want, secrettest.Show(property.New(s.Inputs))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
		// What else it has as inputs is where it is, and makes another secret.
		if diff := cmp.Diff([]string{"properties", "tags"}, s.IgnoreChanges); diff != "" {
			t.Errorf("%s ignores changes to (-want +got):\n%s", s, diff)
		}
		if diff := cmp.Diff([]string{g.Of(vaultType)[0].URN}, s.Dependencies); diff != "" {
			t.Errorf("%s depends on (-want +got):\n%s", s, diff)
		}
	}
	for name, uri := range g.Outputs.All {
		if !uri.IsComputed() || uri.Secret() {
			t.Errorf("the URI of %s is %s before it exists", name, secrettest.Show(uri))
		}
	}
}

// deletions records with what each resource is deleted, which a plan does not show.
type deletions struct{ byName sync.Map }

func (d *deletions) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.TypeToken == secretType {
		d.byName.Store(args.Name, args.RegisterRPC.GetDeletedWith())
	}
	return args.Name, args.Inputs, nil
}

func (d *deletions) Call(pulumi.MockCallArgs) (resource.PropertyMap, error) { return nil, nil }

// Who may delete the vault need not reach through its firewall to delete each secret first.
func TestDeletedWithVault(t *testing.T) {
	got := &deletions{}
	if err := pulumi.RunErr(shop(azuresecret.StoreArgs{Vault: "shop-vault"}), pulumi.WithMocks("project", "stack", got)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"orders_db", "stripe-api-key"} {
		if with, _ := got.byName.Load(name); !strings.Contains(fmt.Sprint(with), vaultType) {
			t.Errorf("%s is deleted with %v, want the vault", name, with)
		}
	}
}

// created gives resources the ids and outputs that Azure gives.
func created(r plan.Resource) (string, property.Map) {
	outputs := property.NewMap(map[string]property.Value{})
	switch r.Type {
	case vaultType:
		vault := "https://" + secrettest.Show(r.Inputs.Get("vaultName")) + ".vault.azure.net/"
		outputs = outputs.Set("properties", property.New(map[string]property.Value{"vaultUri": property.New(vault)}))
		return "/vaults/" + secrettest.Show(r.Inputs.Get("vaultName")), outputs
	case secretType:
		return "/vaults/" + secrettest.Show(r.Inputs.Get("vaultName")) + "/secrets/" + secrettest.Show(r.Inputs.Get("secretName")), outputs
	}
	return r.Name, outputs
}

func TestReaders(t *testing.T) {
	record := func() *plan.Graph {
		g, err := plan.Run(t.Context(), shop(azuresecret.StoreArgs{Vault: "shop-vault"}), plan.Options{Config: stackConfig, Create: created})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	const role = "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"
	grant := func(guid, principal, secret string) string {
		return "{principalId: " + principal + ", principalType: ServicePrincipal, roleAssignmentName: " + guid +
			", roleDefinitionId: " + role + ", scope: /vaults/shop-vault/secrets/" + secret + "}"
	}
	// The GUIDs are for ever: others would be other assignments, for grants that Azure already has.
	want := []string{
		grant("81b8821f-4be4-541b-9a88-6a94a3f12ff2", checkout, "orders--udb"),
		grant("f5df3734-0c71-5275-bb34-11ac2dd7e19f", reports, "orders--udb"),
		grant("9c93d6f4-f30e-59e4-a19c-0fe128c3d08c", checkout, "stripe-api-key"),
	}
	g := record()
	var got []string
	for _, r := range g.Of(assignmentType) {
		got = append(got, secrettest.Show(property.New(r.Inputs)))
		if _, err := uuid.Parse(secrettest.Show(r.Inputs.Get("roleAssignmentName"))); err != nil {
			t.Errorf("the name of %s is no GUID: %v", r, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	if uri := secrettest.Show(g.Outputs.Get("orders_db")); uri != "https://shop-vault.vault.azure.net/secrets/orders--udb" {
		t.Errorf("the URI is %s", uri)
	}
	// A preview knows the names too, where identities are plain text.
	for i, r := range run(t, shop(azuresecret.StoreArgs{Vault: "shop-vault"})).Of(assignmentType) {
		if name := secrettest.Show(r.Inputs.Get("roleAssignmentName")); !strings.Contains(got[i], name) {
			t.Errorf("a preview names %s %s", r, name)
		}
	}
}

// The caller's options are for the component, whose children inherit them.
func TestOptions(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowDestroy: true}, pulumi.Protect(true))
		return err
	})
	for _, r := range g.Resources {
		if !r.Protect {
			t.Errorf("%s does not inherit the option", r)
		}
	}
}

func TestNewStoreMistakes(t *testing.T) {
	tooMany := make([]string, 1001)
	for i := range tooMany {
		tooMany[i] = "203.0.113.7"
	}
	for _, test := range []struct {
		args azuresecret.StoreArgs
		want []string
	}{
		{azuresecret.StoreArgs{}, []string{`the Azure store "shop" cannot be made`, "Vault:"}},
		{azuresecret.StoreArgs{Vault: "1-shop"}, []string{"Vault:"}},
		{azuresecret.StoreArgs{Vault: "shop--vault"}, []string{"Vault:"}},
		{azuresecret.StoreArgs{Vault: "shop-"}, []string{"Vault:"}},
		{azuresecret.StoreArgs{Vault: "a-name-of-25-characters-x"}, []string{"Vault:"}},
		{
			azuresecret.StoreArgs{
				Vault: "s", Recovery: time.Hour,
				AllowedNetworks: []string{"10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "203.0.113.7/24", "office", "198.51.100.7", "198.51.100.7"},
			},
			[]string{
				"Vault:", "Recovery:", "AllowedNetworks[0]: must be", "AllowedNetworks[1]: must be", "AllowedNetworks[2]: must be",
				"AllowedNetworks[3]: must be", "AllowedNetworks[4]: must be", "AllowedNetworks[6]: names 198.51.100.7 twice",
			},
		},
		{azuresecret.StoreArgs{Vault: "shop", AllowedNetworks: tooMany}, []string{"AllowedNetworks: has 1001 entries"}},
	} {
		g := run(t, func(ctx *pulumi.Context) error {
			_, err := azuresecret.NewStore(ctx, "shop", &test.args)
			for _, w := range test.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("the error %v does not have %q", err, w)
				}
			}
			return nil
		})
		if len(g.Resources) > 0 {
			t.Errorf("%v are registered in spite of the mistakes", secrettest.Names(g))
		}
	}
}

func TestNewSecretMistakes(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := azuresecret.NewSecret(ctx, "orders", &azuresecret.SecretArgs{
			Spec: secret.Spec{Name: "orders db", Readers: []string{"a", "a", "b", "c", "d"}},
			Readers: map[string]pulumi.StringInput{
				"a": pulumi.String(checkout), "b": pulumi.String("checkout"), "d": pulumi.String(strings.ToUpper(checkout)),
			},
		})
		want := []string{
			`the Azure secret "orders" cannot be made`, "Store:", "Spec.Name:", "Spec.Readers[1]: names a twice",
			"Readers[b]: must be the object id", "Readers: has no identity for c", "Readers[d]: is the identity of a too",
		}
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("the error %v does not have %q", err, w)
			}
		}
		if _, err := azuresecret.NewSecret(ctx, "orders", nil); err == nil {
			t.Error("no args are no error")
		}
		return nil
	})
	if len(g.Resources) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", secrettest.Names(g))
	}
}

// An identity that another resource makes is known too late for the list of mistakes, but not too late.
func TestIdentityOfAnotherResource(t *testing.T) {
	_, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault"})
		if err != nil {
			return err
		}
		_, err = azuresecret.NewSecret(ctx, "orders-db", &azuresecret.SecretArgs{
			Store:   store,
			Spec:    secret.Spec{Name: "orders-db", Readers: []string{"checkout"}},
			Readers: map[string]pulumi.StringInput{"checkout": pulumi.String("checkout").ToStringOutput()},
		})
		return err
	}, plan.Options{Config: stackConfig})
	if err == nil || !strings.Contains(err.Error(), "must be the object id") {
		t.Errorf("the error is %v", err)
	}
}

func TestExample(t *testing.T) {
	g := run(t, program)
	if got := secrettest.Show(g.Of(vaultType)[0].Inputs.Get("vaultName")); got != "shop-prod-eu" {
		t.Errorf("the vault is %q", got)
	}
	if got := len(g.Of(assignmentType)); got != 2 {
		t.Errorf("%d readers have a grant, want 2", got)
	}
}
