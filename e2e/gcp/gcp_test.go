// Package gcp_test takes the sample stack on Google Cloud through the real Pulumi engine.
package gcp_test

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
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
	policy   = "gcp:monitoring/alertPolicy:AlertPolicy"
	metric   = "gcp:logging/metric:Metric"
	audit    = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
)

func TestStack(t *testing.T) {
	cloud := echo.Google(t)
	s := engine.New(t, "gcp", cloud.Env())
	t.Parallel()

	s.WantEach(s.Preview, "create", 90)
	s.WantEach(s.Up, "create", 90)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	services := cloud.Resources(service)
	echo.WantInOrder(t, echo.Named(services, "shop-gcp-cloudkms"), cloud.Resources(ring))
	agents := echo.Named(cloud.Resources(agent), "shop-gcp")
	echo.WantInOrder(t, echo.Named(services, "shop-gcp-secretmanager"), agents)
	echo.WantInOrder(t, agents, cloud.Resources(keyGrant), cloud.Resources(secret))
	wantRotation(t, cloud, "orders-db", "session-signing-key", "warehouse/api-token")
	wantAlerts(t, cloud)
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
	changes := []string{
		"create " + grant + " stripe-webhook-key.reports", "delete " + grant + " orders-db.reports",
		"update " + policy + " shop-gcp-alerts-read-by-stranger conditions",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	wantReader(t, cloud, "checkout", "shop-gcp-orders-db")
	wantReader(t, cloud, "reports", "shop-gcp-stripe-webhook-key")
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
		"update " + policy + " shop-gcp-alerts-read-by-stranger conditions",
		"update " + policy + " shop-gcp-alerts-rotation-overdue conditions documentation", // one more to be heard of
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	s.Want(s.Preview)

	// This stack has more reads than others, and fewer of something else.
	s.Configure(func(config map[string]any) {
		alerts := config["secretstack:alerts"].(map[string]any)
		alerts["thresholds"] = map[string]any{"read-in-bulk": 2000}
		alerts["off"] = map[string]any{"listed-in-bulk": "an inventory lists them each minute"}
	})
	changes = []string{
		"delete " + metric + " shop-gcp-alerts-listed-in-bulk", "delete " + policy + " shop-gcp-alerts-listed-in-bulk",
		"update " + policy + " shop-gcp-alerts-audit-changed conditions", // which watched these two
		"update " + policy + " shop-gcp-alerts-read-in-bulk conditions documentation",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	s.Want(s.Preview)

	// Somebody silences an alert: refresh finds out, and up puts it right.
	cloud.Set(echo.Named(cloud.Resources(policy), "shop-gcp-alerts-secret-deleted")[0], "notificationChannels", []any{})
	s.Want(s.Refresh, "update "+policy+" shop-gcp-alerts-secret-deleted notificationChannels")
	s.Want(s.Up, "update "+policy+" shop-gcp-alerts-secret-deleted notificationChannels")
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
	s.WantEach(s.Destroy, "delete", 92)
	if n := cloud.Len(); n != 1 || len(cloud.Resources(audit)) != 1 {
		t.Errorf("%d resources are left, want the audit configuration, which is the project's", n)
	}
}

// wantAlerts checks that each alert tells the one channel, that the log is on before somebody watches it, and that
// Pulumi was patient where a metric was too new to be known.
func wantAlerts(t *testing.T, cloud *echo.Cloud) {
	t.Helper()
	policies, channels := cloud.Resources(policy), cloud.Resources("gcp:monitoring/notificationChannel:NotificationChannel")
	if len(policies) != 13 || len(channels) != 1 || channels[0].Text("labels.email_address") != "oncall@example.com" {
		t.Errorf("there are %d policies, want 13, and the channels %v", len(policies), channels)
	}
	echo.WantInOrder(t, slices.Concat(cloud.Resources(audit), channels), policies)
	for _, p := range policies {
		if p.Text("notificationChannels[0]") != channels[0].ID {
			t.Errorf("%s tells %v", p.Name, p.Inputs["notificationChannels"])
		}
		counted := echo.Named(cloud.Resources(metric), p.Name)
		if len(counted) > 0 {
			echo.WantInOrder(t, counted, []echo.Resource{p})
		}
		filter := p.Text("conditions[0].conditionMatchedLog.filter")
		if len(counted) == 1 {
			filter = counted[0].Text("filter")
		}
		if !strings.Contains(filter, `logName="projects/shop-prod/logs/`) {
			t.Errorf("%s reads %s", p.Name, filter)
		}
	}
	if n := cloud.Refused(); n != 5 {
		t.Errorf("%d policies came too early and were made again, want all 5 that count", n)
	}
	wantReader(t, cloud, "reports", "shop-gcp-warehouse--sapi-token")
	watcher := echo.Named(policies, "shop-gcp-alerts-audit-changed")[0]
	for _, d := range slices.Concat(cloud.Resources(metric), policies) {
		if d.ID != watcher.ID && !strings.Contains(watcher.Text("conditions[0].conditionMatchedLog.filter"), "s/"+d.Name+"|") {
			t.Errorf("nobody hears when %s is changed", d.Name)
		}
	}
	keys := echo.Named(policies, "shop-gcp-alerts-key-changed")[0].Text("conditions[0].conditionMatchedLog.filter")
	for _, key := range cloud.Resources("gcp:kms/cryptoKey:CryptoKey") {
		if !strings.Contains(keys, strings.TrimPrefix(key.ID, "projects/shop-prod/")) { // or by the project's number
			t.Errorf("the key %s is not watched: %s", key.ID, keys)
		}
	}
}

// wantReader checks that the reads of a secret by a reader are not those of a stranger.
func wantReader(t *testing.T, cloud *echo.Cloud, reader, id string) {
	t.Helper()
	filter := echo.Named(cloud.Resources(policy), "shop-gcp-alerts-read-by-stranger")[0].Text("conditions[0].conditionMatchedLog.filter")
	prefix, name := "shop-gcp-", strings.TrimPrefix(id, "shop-gcp-")
	readers := regexp.MustCompile(`secrets/` + prefix + `(?:\([^)]*\b` + name + `\b[^)]*\)|` + name + `)\(/\|\$\)" AND protoPayload[.]authenticationInfo[.]principalEmail=\(?([^)]*)`)
	m := readers.FindStringSubmatch(filter)
	if m == nil || !strings.Contains(m[1], `"`+reader+`@shop-prod.iam.gserviceaccount.com"`) {
		t.Errorf("%s is no reader of %s (%q) in %s", reader, id, m, filter)
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
