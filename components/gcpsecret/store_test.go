package gcpsecret_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	secretType = "gcp:secretmanager/secret:Secret"
	memberType = "gcp:secretmanager/secretIamMember:SecretIamMember"
	keyType    = "gcp:kms/cryptoKey:CryptoKey"
	grantType  = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
)

var identities = map[string]pulumi.StringInput{
	"checkout": pulumi.String("serviceAccount:checkout@shop.iam.gserviceaccount.com"),
	"reports":  pulumi.String("serviceAccount:reports@shop.iam.gserviceaccount.com"),
}

// shop makes the secrets orders-db, for checkout and reports, and stripe-api-key, for checkout.
func shop(args gcpsecret.StoreArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &args)
		if err != nil {
			return err
		}
		for _, s := range []secret.Spec{
			{Name: "orders-db", Description: "For orders", Readers: []string{"checkout", "reports"}},
			{Name: "stripe-api-key", Readers: []string{"checkout"}},
		} {
			if _, err := gcpsecret.NewSecret(ctx, s.Name, &gcpsecret.SecretArgs{Store: store, Spec: s, Readers: identities}); err != nil {
				return err
			}
		}
		return nil
	}
}

// named gives the one resource of a type and name.
func named(t *testing.T, g *plan.Graph, typ, name string) plan.Resource {
	t.Helper()
	for _, r := range g.Of(typ) {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no %s %s", typ, name)
	return plan.Resource{}
}

func run(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	return secrettest.MustRecord(t, program, map[string]string{"gcp:project": "shop"})
}

func TestGraph(t *testing.T) {
	want := []string{
		"secretstack:gcp:Secret orders-db",
		secretType + " orders-db",
		memberType + " orders-db.checkout",
		memberType + " orders-db.reports",
		"secretstack:gcp:Secret stripe-api-key",
		secretType + " stripe-api-key",
		memberType + " stripe-api-key.checkout",
		"secretstack:gcp:Store shop",
		keyType + " shop-global",
		grantType + " shop-global",
		"gcp:kms/keyRing:KeyRing shop-global",
		"gcp:projects/service:Service shop-cloudkms",
		"gcp:projects/service:Service shop-secretmanager",
		"gcp:projects/serviceIdentity:ServiceIdentity shop",
	}
	if diff := cmp.Diff(want, secrettest.Names(run(t, shop(gcpsecret.StoreArgs{})))); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

func TestServicesStayEnabled(t *testing.T) {
	for _, r := range run(t, shop(gcpsecret.StoreArgs{})).Of("gcp:projects/service:Service") {
		if v := r.Inputs.Get("disableOnDestroy"); !v.IsBool() || v.AsBool() {
			t.Errorf("%s would be disabled when the stack is destroyed", r)
		}
	}
}

// Each step needs the one before it. Nothing may depend on a component: the SDK would turn that into
// a dependency on each of its descendants.
func TestOrder(t *testing.T) {
	g := run(t, shop(gcpsecret.StoreArgs{Locations: []string{"europe-west4", "europe-west1"}}))
	after := func(r plan.Resource, types ...string) {
		t.Helper()
		var got []string
		for _, urn := range r.Dependencies {
			d, _ := g.Get(urn)
			if !d.Custom {
				t.Errorf("%s depends on the component %s", r, d)
			}
			got = append(got, d.String())
		}
		slices.Sort(got)
		if diff := cmp.Diff(types, got); diff != "" {
			t.Errorf("%s depends on (-want +got):\n%s", r, diff)
		}
	}
	after(named(t, g, "gcp:projects/serviceIdentity:ServiceIdentity", "shop"), "gcp:projects/service:Service shop-secretmanager")
	after(named(t, g, "gcp:kms/keyRing:KeyRing", "shop-europe-west1"), "gcp:projects/service:Service shop-cloudkms")
	after(named(t, g, keyType, "shop-europe-west1"), "gcp:kms/keyRing:KeyRing shop-europe-west1")
	after(named(t, g, grantType, "shop-europe-west1"),
		keyType+" shop-europe-west1", "gcp:projects/serviceIdentity:ServiceIdentity shop")
	after(named(t, g, secretType, "orders-db"),
		keyType+" shop-europe-west1", keyType+" shop-europe-west4", grantType+" shop-europe-west1", grantType+" shop-europe-west4")
	after(named(t, g, memberType, "orders-db.checkout"), secretType+" orders-db")
}

// created gives resources ids that tell where they come from.
func created(r plan.Resource) (string, property.Map) {
	outputs := map[string]property.Value{}
	if r.Type == "gcp:projects/serviceIdentity:ServiceIdentity" {
		outputs["member"] = property.New("serviceAccount:agent")
	}
	return "id:" + r.String(), property.NewMap(outputs)
}

func TestEncryption(t *testing.T) {
	for _, test := range []struct {
		locations []string
		want      string // the replication
	}{
		{nil, `{auto: {customerManagedEncryption: {kmsKeyName: key-global}}}`},
		{
			[]string{"europe-west4", "europe-west1"}, `{userManaged: {replicas: [` +
				`{customerManagedEncryption: {kmsKeyName: key-europe-west1}, location: europe-west1}, ` +
				`{customerManagedEncryption: {kmsKeyName: key-europe-west4}, location: europe-west4}]}}`,
		},
	} {
		g, err := plan.Run(t.Context(), shop(gcpsecret.StoreArgs{Locations: test.locations}), plan.Options{Create: created})
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(test.want, "kmsKeyName: key-", "kmsKeyName: id:"+keyType+" shop-")
		for _, s := range g.Of(secretType) {
			if got := secrettest.Show(s.Inputs.Get("replication")); got != want {
				t.Errorf("with %v %s has the replication\n%s, want\n%s", test.locations, s, got, want)
			}
		}
		for _, k := range g.Of(keyType) {
			if got := secrettest.Show(k.Inputs.Get("rotationPeriod")); got != "7776000s" {
				t.Errorf("%s rotates after %s, want 90 days", k, got)
			}
			if _, named := k.Inputs.GetOk("name"); named {
				t.Errorf("%s has a fixed name, under which it could not be made again", k)
			}
		}
		for _, grant := range g.Of(grantType) {
			want := "{cryptoKeyId: id:" + keyType + " " + grant.Name +
				", member: serviceAccount:agent, role: roles/cloudkms.cryptoKeyEncrypterDecrypter}"
			if got := secrettest.Show(property.New(grant.Inputs)); got != want {
				t.Errorf("%s is %s, want %s", grant, got, want)
			}
		}
	}
}

func TestReaders(t *testing.T) {
	g := run(t, shop(gcpsecret.StoreArgs{Prefix: "shop-"}))
	var got []string
	for _, r := range g.Of(memberType) {
		got = append(got, secrettest.Show(property.New(r.Inputs)))
	}
	want := []string{
		"{member: serviceAccount:checkout@shop.iam.gserviceaccount.com, role: roles/secretmanager.secretAccessor, secretId: shop-orders-db}",
		"{member: serviceAccount:reports@shop.iam.gserviceaccount.com, role: roles/secretmanager.secretAccessor, secretId: shop-orders-db}",
		"{member: serviceAccount:checkout@shop.iam.gserviceaccount.com, role: roles/secretmanager.secretAccessor, secretId: shop-stripe-api-key}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	for _, name := range secrettest.Names(g) {
		if strings.Contains(name, "Binding") || strings.Contains(name, "Policy") || strings.Contains(name, "SecretVersion") {
			t.Errorf("%s is none of ours: it holds a value or removes the grants of others", name)
		}
	}
}

func TestRecovery(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		args    gcpsecret.StoreArgs
		ttl     string // zero: none
		protect bool
	}{
		{gcpsecret.StoreArgs{}, "2592000s", true},
		{gcpsecret.StoreArgs{Recovery: 7 * day}, "604800s", true},
		{gcpsecret.StoreArgs{AllowDestroy: true}, "", false},
		{gcpsecret.StoreArgs{AllowDestroy: true, Recovery: day}, "86400s", false},
	} {
		g := run(t, shop(test.args))
		for _, s := range g.Of(secretType) {
			ttl, has := s.Inputs.GetOk("versionDestroyTtl")
			if has != (test.ttl != "") || has && secrettest.Show(ttl) != test.ttl {
				t.Errorf("%+v: %s keeps versions for %s, want %q", test.args, s, secrettest.Show(ttl), test.ttl)
			}
		}
		for _, r := range append(g.Of(secretType), g.Of(keyType)...) {
			if r.Protect != test.protect {
				t.Errorf("%+v: %s is protected: %v, want %v", test.args, r, r.Protect, test.protect)
			}
		}
	}
}

// The caller's options are for the component, whose children inherit them.
func TestOptions(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{AllowDestroy: true}, pulumi.Protect(true))
		return err
	})
	for _, r := range g.Resources {
		if !r.Protect {
			t.Errorf("%s does not inherit the option", r)
		}
	}
}

func TestNewStoreMistakes(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := gcpsecret.NewStore(ctx, "the shop", &gcpsecret.StoreArgs{
			Prefix: "shop/", Locations: []string{"global", "europe-west1", "europe-west1"}, Recovery: time.Hour,
		})
		want := []string{`the Google Cloud store "the shop" cannot be made`, "name:", "Prefix:", "Locations[0]:", "Locations[2]:", "Recovery:"}
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("the error %v does not have %q", err, w)
			}
		}
		_, err = gcpsecret.NewStore(ctx, strings.Repeat("s", 32), &gcpsecret.StoreArgs{Locations: []string{"northamerica-northeast2"}})
		if err == nil || !strings.Contains(err.Error(), "it can have 31") {
			t.Errorf("the error for a long name is %v", err)
		}
		return nil
	})
	if len(g.Resources) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", secrettest.Names(g))
	}
}

func TestNewSecretMistakes(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := gcpsecret.NewSecret(ctx, "orders", &gcpsecret.SecretArgs{
			Spec: secret.Spec{Name: "orders db", Readers: []string{"a", "a", "b", "c", "d"}},
			Readers: map[string]pulumi.StringInput{
				"a": identities["checkout"], "b": pulumi.String("allUsers"), "d": identities["checkout"],
			},
		})
		want := []string{
			`the Google Cloud secret "orders" cannot be made`, "Store:", "Spec.Name:", "Spec.Readers[1]: names a twice",
			"Readers[b]: must be one workload", "Readers: has no identity for c", "Readers[d]: is the identity of a too",
		}
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("the error %v does not have %q", err, w)
			}
		}
		if _, err := gcpsecret.NewSecret(ctx, "orders", nil); err == nil {
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
		store, err := gcpsecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		_, err = gcpsecret.NewSecret(ctx, "orders-db", &gcpsecret.SecretArgs{
			Store:   store,
			Spec:    secret.Spec{Name: "orders-db", Readers: []string{"checkout"}},
			Readers: map[string]pulumi.StringInput{"checkout": pulumi.String("allUsers").ToStringOutput()},
		})
		return err
	}, plan.Options{})
	if err == nil || !strings.Contains(err.Error(), "must be one workload") {
		t.Errorf("the error is %v", err)
	}
}

func TestExample(t *testing.T) {
	g := run(t, program)
	s := named(t, g, secretType, "orders-db")
	if got := secrettest.Show(s.Inputs.Get("secretId")); got != "shop-prod-orders-db" {
		t.Errorf("the secret's id is %q", got)
	}
	if got := secrettest.Show(s.Inputs.Get("annotations")); got != "{description: Password of the orders database}" {
		t.Errorf("the annotations are %s", got)
	}
	if !g.Outputs.Get("ordersDb").IsComputed() {
		t.Errorf("the output is %s", secrettest.Show(g.Outputs.Get("ordersDb")))
	}
}
