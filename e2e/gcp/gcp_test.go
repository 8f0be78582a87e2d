// Package gcp_test takes the sample stack on Google Cloud through the real Pulumi engine.
package gcp_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/e2e/echo"
	"github.com/secretstack/secretstack/e2e/engine"
)

const (
	service  = "gcp:projects/service:Service"
	agent    = "gcp:projects/serviceIdentity:ServiceIdentity"
	ring     = "gcp:kms/keyRing:KeyRing"
	keyGrant = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
	secret   = "gcp:secretmanager/secret:Secret"
	grant    = "gcp:secretmanager/secretIamMember:SecretIamMember"
	clock    = "gcp:cloudscheduler/job:Job"
)

func TestStack(t *testing.T) {
	cloud := echo.Google(t)
	s := engine.New(t, "gcp", cloud.Env())
	t.Parallel()

	s.WantEach(s.Preview, "create", 67)
	s.WantEach(s.Up, "create", 67)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	services := cloud.Resources(service)
	echo.WantInOrder(t, echo.Named(services, "shop-gcp-cloudkms"), cloud.Resources(ring))
	agents := echo.Named(cloud.Resources(agent), "shop-gcp")
	echo.WantInOrder(t, echo.Named(services, "shop-gcp-secretmanager"), agents)
	echo.WantInOrder(t, agents, cloud.Resources(keyGrant), cloud.Resources(secret))
	wantRotation(t, cloud, "orders-db", "session-signing-key", "warehouse/api-token")
	wantReaders(t, cloud,
		"orders-db.checkout", "orders-db.reports", "session-signing-key.checkout", "stripe-api-key.checkout",
		"stripe-webhook-key.checkout", "warehouse/api-token.reports")

	for _, r := range cloud.Resources(secret) {
		for i, location := range []string{"europe-west1", "europe-west4"} {
			replica := fmt.Sprintf("replication.userManaged.replicas[%d].", i)
			name := r.Text(replica + "customerManagedEncryption.kmsKeyName")
			if !strings.HasPrefix(name, "projects/shop-prod/locations/"+location+"/") || r.Text(replica+"location") != location {
				t.Errorf("%s is in %s encrypted with %q", r.Name, location, name)
			}
		}
	}

	// One reader comes, another goes.
	s.Declare("stripe-webhook-key", map[string]any{"readers": []string{"checkout", "reports"}})
	s.Declare("orders-db", map[string]any{"readers": []string{"checkout"}})
	changes := []string{"create " + grant + " stripe-webhook-key.reports", "delete " + grant + " orders-db.reports"}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	readers := []string{
		"orders-db.checkout", "session-signing-key.checkout", "stripe-api-key.checkout",
		"stripe-webhook-key.checkout", "stripe-webhook-key.reports", "warehouse/api-token.reports",
	}
	wantReaders(t, cloud, readers...)

	s.Declare("orders-db", map[string]any{"description": "Another description"})
	s.Want(s.Preview, "update "+secret+" orders-db annotations")
	s.Want(s.Up, "update "+secret+" orders-db annotations")
	s.Want(s.Preview)

	// A value is put outside: nothing to do for Pulumi.
	canary := "canary-" + rand.Text()
	orders := func() echo.Resource { return echo.Named(cloud.Resources(secret), "orders-db")[0] }
	companion := echo.Named(cloud.Resources(secret), "orders-db.rotation")[0]
	cloud.Set(orders(), "value", canary)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	s.Want(s.Up)
	if orders().Text("value") != canary {
		t.Error("the value is lost")
	}

	// A rotation happens: the rotator keeps notes in the companion.
	cloud.Set(companion, "annotations", map[string]any{"secretstack-state": "promoted"})
	s.Want(s.Preview)
	s.Want(s.Refresh, "update "+secret+" orders-db.rotation annotations")
	s.Want(s.Preview)
	s.Want(s.Up)

	// Another period is something that the rotator is told, and nothing else.
	s.Declare("session-signing-key", map[string]any{"rotation": map[string]any{"every": "7d", "generated": map[string]any{"kind": "base64"}}})
	s.Want(s.Up, "update "+secret+" session-signing-key annotations")
	s.Want(s.Preview)

	// Rotation comes to a secret that was there before.
	rotation := map[string]any{"every": "manual", "generated": map[string]any{}}
	s.Declare("stripe-api-key", map[string]any{"rotation": rotation})
	changes = []string{
		"create " + clock + " stripe-api-key.rotation",
		"create " + secret + " stripe-api-key.rotation", "create " + grant + " stripe-api-key/rotator",
		"create " + grant + " stripe-api-key.rotation/rotator", "update " + secret + " stripe-api-key annotations",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	s.Want(s.Preview)

	// Somebody takes a reader's access away: refresh finds out, and up puts it right.
	cloud.Remove(echo.Named(cloud.Resources(grant), "orders-db.checkout")[0].ID)
	s.Want(s.Preview)
	s.Want(s.Refresh, "delete "+grant+" orders-db.checkout")
	s.Want(s.Up, "create "+grant+" orders-db.checkout")
	s.Want(s.Preview)
	wantReaders(t, cloud, readers...)

	// Protected: nothing goes.
	s.RequireNowhere(canary)
	before := cloud.Len()
	s.WantRefusal(s.Destroy, "protected")
	s.Declare("stripe-api-key", nil)
	s.WantRefusal(s.Preview, "protected")
	if after := cloud.Len(); after != before {
		t.Fatalf("%d of %d resources are left", after, before)
	}
	s.Declare("stripe-api-key", map[string]any{
		"readers": []string{"checkout"}, "description": "Charges cards at checkout", "rotation": rotation,
	})
	s.Configure(func(config map[string]any) { config["secretstack:allowDestroy"] = true })
	s.Want(s.Up)
	s.WantEach(s.Destroy, "delete", 71)
	if n := cloud.Len(); n != 0 {
		t.Errorf("%d resources are left", n)
	}
}

// wantReaders checks who can read what: the names are those of secret and reader.
func wantReaders(t *testing.T, cloud *echo.Cloud, want ...string) {
	t.Helper()
	secrets := map[string]echo.Resource{}
	for _, s := range cloud.Resources(secret) {
		secrets[s.Name] = s
	}
	var got []string
	for _, g := range cloud.Resources(grant) {
		if strings.HasSuffix(g.Name, "/rotator") {
			continue // see wantRotation
		}
		name, reader, _ := strings.Cut(g.Name, ".")
		got = append(got, g.Name)
		if g.Text("secretId") != secrets[name].Text("secretId") || g.Text("role") != "roles/secretmanager.secretAccessor" ||
			g.Text("member") != "serviceAccount:"+reader+"@shop-prod.iam.gserviceaccount.com" {
			t.Errorf("%s is %v", g.Name, g.Inputs)
		}
		echo.WantInOrder(t, []echo.Resource{secrets[name]}, []echo.Resource{g})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readers (-want +got):\n%s", diff)
	}
}

// wantRotation checks that these secrets, and no others, have a clock, that it starts when all is there, and
// who may do what for it.
func wantRotation(t *testing.T, cloud *echo.Cloud, want ...string) {
	t.Helper()
	secrets := cloud.Resources(secret)
	var got []string
	for _, c := range secrets {
		name, is := strings.CutSuffix(c.Name, ".rotation")
		if !is {
			continue
		}
		got = append(got, name)
		main := echo.Named(secrets, name)[0]
		if c.Text("secretId") != main.Text("secretId")+"--rotation" {
			t.Errorf("the companion of %s is %v", name, c.Inputs)
		}
		clocks := echo.Named(cloud.Resources(clock), c.Name)
		if clocks[0].Text("pubsubTarget.attributes.secretId") != c.ID || !strings.HasSuffix(clocks[0].Text("schedule"), " * * * *") {
			t.Errorf("the clock of %s is %v", name, clocks[0].Inputs)
		}
		if !strings.Contains(main.Text("annotations.secretstack-rotation"), `"id":"projects/shop-prod/secrets/`+main.Text("secretId")+`"`) {
			t.Errorf("the rotator is told of %s: %s", name, main.Text("annotations.secretstack-rotation"))
		}
		grants := cloud.Resources(grant)
		roles := cloud.Resources("gcp:projects/iAMCustomRole:IAMCustomRole")
		for role, on := range map[string]echo.Resource{"shop-gcp-rotator": main, "shop-gcp-rotator-companion": c} {
			r := echo.Named(grants, on.Name+"/rotator")[0]
			if r.Text("secretId") != on.Text("secretId") || r.Text("role") != echo.Named(roles, role)[0].ID ||
				r.Text("member") != "serviceAccount:shop-gcp-rotator@shop-prod.iam.gserviceaccount.com" {
				t.Errorf("%s is %v", r.Name, r.Inputs)
			}
		}
		for _, before := range []string{
			"gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember", "gcp:pubsub/topicIAMMember:TopicIAMMember",
			"gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
		} {
			echo.WantInOrder(t, cloud.Resources(before), clocks)
		}
		echo.WantInOrder(t, append(echo.Named(grants, main.Name+"/rotator"), echo.Named(grants, c.Name+"/rotator")...), clocks)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rotated secrets (-want +got):\n%s", diff)
	}
}
