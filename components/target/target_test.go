package target_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/testcert"
)

var (
	cloud = secret.Cloud{Name: "test", MinEvery: time.Hour, MaxEvery: 1000 * time.Hour}

	byHand   = secret.Spec{Name: "by-hand", Readers: []string{"checkout"}}
	signing  = secret.Spec{Name: "signing-key", Rotation: &secret.Rotation{Generated: &secret.Generated{}}}
	ordersDB = secret.Spec{Name: "orders-db", Rotation: &secret.Rotation{
		Every: secret.Every(48 * time.Hour), Postgres: &secret.Database{Users: []string{"a", "b"}, Admin: "admin"},
	}}
	token = secret.Spec{Name: "token", Rotation: &secret.Rotation{Webhook: &secret.Webhook{Key: "key"}}}
)

func TestCheck(t *testing.T) {
	later := pulumi.String("not known in a preview").ToStringOutput()
	for name, c := range map[string]struct {
		specs   []secret.Spec
		targets map[string]target.Args
		want    []string
	}{
		"nothing": {},
		"all well": {
			[]secret.Spec{byHand, signing, ordersDB, token},
			map[string]target.Args{
				"orders-db": {Host: pulumi.String("db.example.com"), CA: pulumi.String(testcert.PEM(t))},
				"token":     {URL: pulumi.String("https://issuer.example.com")},
			},
			nil,
		},
		"known later": {
			[]secret.Spec{ordersDB, token},
			map[string]target.Args{"orders-db": {Host: later, CA: later}, "token": {URL: later}},
			nil,
		},
		"known later in part": {
			[]secret.Spec{ordersDB},
			map[string]target.Args{"orders-db": {Host: later, Port: 70000, TLS: "on"}},
			[]string{"  Targets[orders-db].tls: must be verify or off", "  Targets[orders-db].port: must be 1 to 65535"},
		},
		"all wrong": {
			[]secret.Spec{
				byHand, signing, ordersDB, token,
				{Name: "seldom", Rotation: &secret.Rotation{Every: secret.Every(1001 * time.Hour), Generated: &secret.Generated{Length: 1}}},
				{Name: "nothing", Rotation: &secret.Rotation{}},
			},
			map[string]target.Args{
				"orders-db":   {URL: pulumi.String("https://db.example.com")},
				"signing-key": {Port: 1},
				"by-hand":     {},
				"order-db":    {Host: pulumi.String("db.example.com")},
			},
			[]string{
				"  Targets[signing-key]: has no use: a generated value has no target; take it away",
				"  Targets[orders-db].url: does not belong to a postgres target; take it away",
				"  Targets[orders-db].host: is missing; give the name or address of the database's server",
				"  Targets: has none for token, which is rotated at one",
				"  Secrets[seldom].Rotation.generated.length: must be 8 to 256 characters, not 1",
				"  Secrets[seldom].Rotation.every: must be 1h to 1000h on test, or manual, not 1001h",
				"  Secrets[nothing].Rotation: does not say how: give generated (generated: {} has defaults), postgres, mysql or webhook",
				"  Targets[by-hand]: is for no secret that is rotated here",
				"  Targets[order-db]: is for no secret that is rotated here",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range target.Check(cloud, c.specs, c.targets) {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// jobs gives what is registered with the jobs as inputs, where the output of a resource is a database's host.
func jobs(t *testing.T, host string, preview bool) (property.Map, error) {
	t.Helper()
	create := func(r plan.Resource) (string, property.Map) {
		return r.Name, property.NewMap(map[string]property.Value{"host": property.New(host)})
	}
	if preview {
		create = nil
	}
	g, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
		var db struct {
			pulumi.CustomResourceState
			Host pulumi.StringOutput `pulumi:"host"`
		}
		if err := ctx.RegisterResource("test:index:Database", "db", nil, &db); err != nil {
			return err
		}
		targets := map[string]target.Args{
			"orders-db": {Host: db.Host, Database: "orders"},
			"token":     {URL: pulumi.String("https://issuer.example.com")},
		}
		inputs := pulumi.Map{}
		id := func(name string) pulumi.StringInput { return pulumi.String("shop/dev/" + name) }
		for name, job := range target.Jobs([]secret.Spec{byHand, signing, ordersDB, token}, targets, id) {
			inputs[name] = job
		}
		return ctx.RegisterResource("test:index:Rotator", "rotator", inputs, &pulumi.CustomResourceState{})
	}, plan.Options{Project: "shop", Stack: "test", Create: create})
	if err != nil {
		return property.Map{}, err
	}
	return g.Of("test:index:Rotator")[0].Inputs, nil
}

func TestJobs(t *testing.T) {
	inputs, err := jobs(t, "db.example.com", false)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]secret.Job{}
	for name, v := range inputs.All {
		var job secret.Job
		if err := json.Unmarshal([]byte(v.AsString()), &job); err != nil {
			t.Fatal(err)
		}
		got[name] = job
	}
	want := map[string]secret.Job{
		"signing-key": {Secret: "signing-key", ID: "shop/dev/signing-key", Rotation: *signing.Rotation},
		"orders-db": {
			Secret: "orders-db", ID: "shop/dev/orders-db", Rotation: *ordersDB.Rotation,
			Address: secret.Address{Host: "db.example.com", Database: "orders"}, Reads: map[string]string{"admin": "shop/dev/admin"},
		},
		"token": {
			Secret: "token", ID: "shop/dev/token", Rotation: *token.Rotation,
			Address: secret.Address{URL: "https://issuer.example.com"}, Reads: map[string]string{"key": "shop/dev/key"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJobsInPreview: what depends on another resource is unknown, and nothing else.
func TestJobsInPreview(t *testing.T) {
	inputs, err := jobs(t, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if !inputs.Get("orders-db").IsComputed() || !inputs.Get("token").IsString() || !inputs.Get("signing-key").IsString() {
		t.Errorf("the jobs are %v", inputs)
	}
}

func TestJobsOfWrongHost(t *testing.T) {
	_, err := jobs(t, "db.example.com:5432", false)
	if err == nil || !strings.Contains(err.Error(), `the target of the secret "orders-db".host: must be the name or the address of a server alone`) {
		t.Errorf("the error is %v", err)
	}
}

func TestAt(t *testing.T) {
	a := secret.Address{Host: "db", Port: 1, Database: "d", TLS: "off", CA: "c", URL: "u"}
	want := target.Args{
		Host: pulumi.String("db"), Port: 1, Database: "d", TLS: "off", CA: pulumi.String("c"), URL: pulumi.String("u"),
	}
	if got := target.At(a); got != want {
		t.Errorf("%+v is %+v", a, got)
	}
	if got := target.At(secret.Address{}); got != (target.Args{}) {
		t.Errorf("no address is %+v", got)
	}
}

func TestCheckImage(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for reference, ok := range map[string]bool{
		"europe-west1-docker.pkg.dev/shop/secretstack/rotator" + digest: true,
		"registry.example.com:5000/rotator:v1" + digest:                 true,
		"shop.azurecr.io/rotator:v1":                                    false,
		"shop.azurecr.io/rotator":                                       false,
		"rotator" + digest:                                              false,
		"shop.azurecr.io/rotator@sha256:0a":                             false,
		"https://shop.azurecr.io/rotator" + digest:                      false,
		"shop.azurecr.io/rotator" + digest + "\n":                       false,
		"": false,
	} {
		if err := target.CheckImage(reference); (err == nil) != ok {
			t.Errorf("%q: %v", reference, err)
		}
	}
}
