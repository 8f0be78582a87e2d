// Package azure_test takes the sample stack on Azure through the real Pulumi engine.
package azure_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/e2e/echo"
	"github.com/secretstack/secretstack/e2e/engine"
)

const (
	group  = "azure-native:resources:ResourceGroup"
	vault  = "azure-native:keyvault:Vault"
	secret = "azure-native:keyvault:Secret"
	grant  = "azure-native:authorization/v20220401:RoleAssignment"

	receivers = "azure-native:insights/v20230101:ActionGroup"
	query     = "azure-native:insights/v20231201:ScheduledQueryRule"
	metric    = "azure-native:insights/v20180301:MetricAlert"
	activity  = "azure-native:insights/v20201001:ActivityLogAlert"

	total = 43 + 19 // of these for the alerts
)

var identities = map[string]string{
	"checkout": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
	"reports":  "9b2d1c7e-6a53-4c1f-8d2e-5b7a90c4e1f6",
}

func TestStack(t *testing.T) {
	cloud := echo.Azure(t)
	s := engine.New(t, "azure", cloud.Env())
	t.Parallel()

	s.WantEach(s.Preview, "create", total)
	s.WantEach(s.Up, "create", total)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	echo.WantInOrder(t, cloud.Resources(group), cloud.Resources(vault), cloud.Resources(secret))
	wantRotation(t, cloud, "orders-db", "session-signing-key", "warehouse/api-token")
	wantReaders(t, cloud,
		"orders-db.checkout", "orders-db.reports", "session-signing-key.checkout", "stripe-api-key.checkout",
		"stripe-webhook-key.checkout", "warehouse/api-token.reports")
	wantAlerts(t, cloud)

	// One reader comes, another goes.
	s.Declare("stripe-webhook-key", map[string]any{"readers": []string{"checkout", "reports"}})
	s.Declare("orders-db", map[string]any{"readers": []string{"checkout"}})
	changes := []string{
		"create " + grant + " stripe-webhook-key.reports", "delete " + grant + " orders-db.reports",
		"update " + query + " shop-azure-alerts-read-by-stranger criteria",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	readers := []string{
		"orders-db.checkout", "session-signing-key.checkout", "stripe-api-key.checkout",
		"stripe-webhook-key.checkout", "stripe-webhook-key.reports", "warehouse/api-token.reports",
	}
	wantReaders(t, cloud, readers...)

	// The vault changes, and not one of its secrets.
	s.Declare("orders-db", map[string]any{"description": "Another description"})
	s.Configure(func(config map[string]any) {
		config["secretstack:azure"].(map[string]any)["allowedNetworks"] = []string{"198.51.100.0/24"}
	})
	s.Want(s.Preview, "update "+vault+" shop-azure properties")
	s.Want(s.Up, "update "+vault+" shop-azure properties")
	s.Want(s.Preview)

	// More is usual than was thought, and one alert goes off.
	s.Configure(func(config map[string]any) {
		alerts := config["secretstack:alerts"].(map[string]any)
		alerts["thresholds"] = map[string]int{"read-in-bulk": 5000, "denied-burst": 50}
		alerts["off"] = map[string]string{"read-by-newcomer": "Its readers are new with each deployment"}
	})
	changes = []string{
		"delete " + query + " shop-azure-alerts-read-by-newcomer",
		"update " + metric + " shop-azure-alerts-denied-burst criteria", "update " + query + " shop-azure-alerts-read-in-bulk criteria",
	}
	s.Want(s.Preview, changes...)
	s.Want(s.Up, changes...)
	s.Want(s.Preview)
	s.Want(s.Refresh)
	if text := rule(cloud, "read-in-bulk").Text("criteria.allOf[0].query"); !strings.Contains(text, "5000") {
		t.Errorf("read-in-bulk is not at its threshold:\n%s", text)
	}

	// Somebody silences an alert: refresh finds out, and up puts it right.
	cloud.Set(rule(cloud, "secret-deleted"), "enabled", false)
	s.Want(s.Refresh, "update "+query+" shop-azure-alerts-secret-deleted enabled")
	s.Want(s.Up, "update "+query+" shop-azure-alerts-secret-deleted enabled")
	s.Want(s.Preview)

	// A value is put outside: nothing to do for Pulumi.
	const marker = "no value yet"
	db := func() echo.Resource { return echo.Named(cloud.Resources(secret), "orders-db")[0] }
	if db().Text("properties.value") != marker {
		t.Error("the first value is not the marker")
	}
	canary := "canary-" + rand.Text()
	cloud.Set(db(), "properties.value", canary)
	cloud.Set(db(), "properties.attributes.enabled", true)
	s.Want(s.Preview)
	s.Want(s.Refresh, "update "+secret+" orders-db properties") // it is enabled now
	s.Want(s.Preview)
	s.Want(s.Up)
	if db().Text("properties.value") != canary {
		t.Error("the value is lost")
	}
	s.RequireNowhere(canary)
	if s.StateHas(marker) {
		t.Error("the state has the marker as plain text")
	}

	// Protected: nothing goes.
	before := cloud.Len()
	s.WantRefusal(s.Destroy, "protected")
	s.Declare("stripe-api-key", nil)
	s.WantRefusal(s.Preview, "protected")
	if after := cloud.Len(); after != before {
		t.Fatalf("%d of %d resources are left", after, before)
	}
	s.Declare("stripe-api-key", map[string]any{"readers": []string{"checkout"}})
	s.Configure(func(config map[string]any) { config["secretstack:allowDestroy"] = true })
	s.Want(s.Up, "update "+vault+" shop-azure properties") // asks no more for purge protection
	s.WantEach(s.Destroy, "delete", total-1)
	if n := cloud.Len(); n != 0 {
		t.Errorf("%d resources are left", n)
	}
}

// rule gives the rule of an alert.
func rule(cloud *echo.Cloud, id string) echo.Resource {
	return echo.Named(cloud.Resources(query), "shop-azure-alerts-"+id)[0]
}

// wantAlerts checks that each alert has somebody to call, comes after what it watches, and knows the vault.
func wantAlerts(t *testing.T, cloud *echo.Cloud) {
	t.Helper()
	group, v := cloud.Resources(receivers)[0], cloud.Resources(vault)[0]
	rules, queries := map[string]string{
		metric: "actions[0].actionGroupId", activity: "actions.actionGroups[0].actionGroupId", query: "actions.actionGroups[0]",
	}, cloud.Resources(query)
	for typ, path := range rules {
		for _, r := range cloud.Resources(typ) {
			if r.Text(path) != group.ID {
				t.Errorf("%s calls %q", r.Name, r.Text(path))
			}
		}
	}
	settings := append(cloud.Resources("azure-native:insights/v20210501preview:SubscriptionDiagnosticSetting"),
		echo.Named(cloud.Resources("azure-native:insights/v20210501preview:DiagnosticSetting"), "shop-azure-alerts")...)
	echo.WantInOrder(t, []echo.Resource{v}, []echo.Resource{group}, cloud.Resources(activity))
	echo.WantInOrder(t, settings, cloud.Resources(activity))
	for _, r := range queries {
		about := strings.ToLower(v.ID)
		if strings.Contains(r.Name, "rotation-") {
			about = "shop-azure-rotator" // the job
		}
		if text := r.Text("criteria.allOf[0].query"); !strings.Contains(text, about) && !strings.Contains(text, regexp.QuoteMeta(about)) {
			t.Errorf("the query of %s is not about %s:\n%s", r.Name, about, text)
		}
	}
	for _, identity := range identities {
		if text := rule(cloud, "read-by-stranger").Text("criteria.allOf[0].query"); !strings.Contains(text, identity) {
			t.Errorf("%s is a stranger to:\n%s", identity, text)
		}
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
		if g.Text("scope") != secrets[name].ID || g.Text("principalId") != identities[reader] ||
			!strings.HasSuffix(g.Text("roleDefinitionId"), "/4633458b-17de-408a-b874-0445c86b69e6") { // Key Vault Secrets User
			t.Errorf("%s is %v", g.Name, g.Inputs)
		}
		echo.WantInOrder(t, []echo.Resource{secrets[name]}, []echo.Resource{g})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("readers (-want +got):\n%s", diff)
	}
}

// wantRotation checks that the job is told of these secrets, and no others, and may do what they need.
func wantRotation(t *testing.T, cloud *echo.Cloud, want ...string) {
	t.Helper()
	var got []string
	job := cloud.Resources("azure-native:app/v20240301:Job")[0]
	for i := 3; ; i++ { // after those about the vault
		variable := fmt.Sprintf("template.containers[0].env[%d].", i)
		text := job.Text(variable + "value")
		if text == "" {
			break
		}
		var told struct{ Secret, ID string }
		if err := json.Unmarshal([]byte(text), &told); err != nil || job.Text(variable+"name") != fmt.Sprintf("SECRETSTACK_ROTATION_%d", i-2) {
			t.Errorf("%s is %s: %v", job.Text(variable+"name"), text, err)
		}
		got = append(got, told.Secret)
		secrets, grants := cloud.Resources(secret), cloud.Resources(grant)
		main, companion := echo.Named(secrets, told.Secret)[0], echo.Named(secrets, told.Secret+".rotation")[0]
		if main.Text("secretName") != told.ID || companion.Text("secretName") != told.ID+"--rotation" {
			t.Errorf("%s is %s, its companion %s", told.Secret, main.Text("secretName"), companion.Text("secretName"))
		}
		roles := cloud.Resources("azure-native:authorization:RoleDefinition")
		for _, on := range []echo.Resource{main, companion} {
			r := echo.Named(grants, on.Name+"/rotator")[0]
			echo.WantInOrder(t, roles, []echo.Resource{r})
			if r.Text("scope") != on.ID || !strings.HasSuffix(r.Text("roleDefinitionId"), "/"+roles[0].Text("roleDefinitionId")) ||
				r.Text("principalId") != "00000000-0000-0000-0000-000000000006" {
				t.Errorf("%s is %v", r.Name, r.Inputs)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rotated secrets (-want +got):\n%s", diff)
	}
}
