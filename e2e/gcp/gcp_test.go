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
)

func TestStack(t *testing.T) {
	cloud := echo.Google(t)
	s := engine.New(t, "gcp", cloud.Env())
	t.Parallel()

	s.WantEach(s.Preview, "create", 28)
	s.WantEach(s.Up, "create", 28)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	services := cloud.Resources(service)
	echo.WantInOrder(t, services[:1], cloud.Resources(ring)) // the service is Cloud KMS
	echo.WantInOrder(t, services[1:], cloud.Resources(agent))
	echo.WantInOrder(t, cloud.Resources(agent), cloud.Resources(keyGrant), cloud.Resources(secret))
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
	cloud.Set(cloud.Resources(secret)[0], "value", canary)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	s.Want(s.Up)
	if cloud.Resources(secret)[0].Text("value") != canary {
		t.Error("the value is lost")
	}

	// Somebody takes a reader's access away: refresh finds out, and up puts it right.
	cloud.Remove(cloud.Resources(grant)[0].ID)
	s.Want(s.Preview)
	s.Want(s.Refresh, "delete "+grant+" orders-db.checkout")
	s.Want(s.Up, "create "+grant+" orders-db.checkout")
	s.Want(s.Preview)
	wantReaders(t, cloud, readers...)

	// Protected: nothing goes.
	s.RequireNowhere(canary)
	before := cloud.Len()
	s.WantRefusal(s.Destroy, "protected")
	s.Declare("orders-db", nil)
	s.WantRefusal(s.Preview, "protected")
	if after := cloud.Len(); after != before {
		t.Fatalf("%d of %d resources are left", after, before)
	}
	s.Declare("orders-db", map[string]any{"readers": []string{"checkout"}, "description": "Another description"})
	s.Configure(func(config map[string]any) { config["secretstack:allowDestroy"] = true })
	s.Want(s.Up)
	s.WantEach(s.Destroy, "delete", 28)
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
		got = append(got, g.Name)
		name, reader, _ := strings.Cut(g.Name, ".")
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
