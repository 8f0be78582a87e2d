package azuresecret_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	receiversType = "azure-native:insights/v20230101:ActionGroup"
	queryType     = "azure-native:insights/v20231201:ScheduledQueryRule"
	metricType    = "azure-native:insights/v20180301:MetricAlert"
	activityType  = "azure-native:insights/v20201001:ActivityLogAlert"
	exportType    = "azure-native:insights/v20210501preview:SubscriptionDiagnosticSetting"

	deployer  = "44444444-2222-4333-8444-55555555555A"
	hook      = "https://hooks.example.com/canary-3b1f"
	ops       = "/subscriptions/" + subscription + "/resourceGroups/ops/providers/Microsoft.OperationalInsights/workspaces/ops"
	receivers = "/" + receiversType + "/shop"
	audit     = "/" + workspaceType + "/shop"
)

// watching makes secrets with the addresses of their targets, their rotator, and alerts; change, unless nil, has the
// last word on their arguments.
func watching(specs []secret.Spec, at map[string]target.Args, change func(*azuresecret.AlertsArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowedNetworks: []string{"203.0.113.7"}})
		if err != nil {
			return err
		}
		rotator, err := azuresecret.NewRotator(ctx, "shop-rotator", &azuresecret.RotatorArgs{Store: store, Secrets: specs, Targets: at, Image: image})
		if err != nil {
			return err
		}
		args := &azuresecret.AlertsArgs{
			Store: store, Rotator: rotator, Notify: notify.Args{Email: []string{"oncall@example.com"}},
			Settings: alert.Settings{Deployers: []string{deployer}, Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
		}
		for _, spec := range specs {
			s := &azuresecret.SecretArgs{Store: store, Spec: spec, Readers: identities}
			if spec.Rotation != nil || spec.Name == "orders-admin" {
				s.Rotator = rotator
			}
			made, err := azuresecret.NewSecret(ctx, spec.Name, s)
			if err != nil {
				return err
			}
			args.Secrets = append(args.Secrets, made)
		}
		if change != nil {
			change(args)
		}
		_, err = azuresecret.NewAlerts(ctx, "shop", args)
		return err
	}
}

// watchers are all that fires alerts.
func watchers(g *plan.Graph) []plan.Resource {
	return slices.Concat(g.Of(queryType), g.Of(metricType), g.Of(activityType))
}

func TestAlertsGraph(t *testing.T) {
	g := run(t, watching(rotated, addresses, nil))
	var got []string
	for _, r := range g.Children(named(t, g, azuresecret.AlertsType, "shop").URN) {
		got = append(got, r.String())
	}
	want := []string{
		metricType + " shop-denied-burst",
		activityType + " shop-audit-changed",
		activityType + " shop-audit-changed-2",
		settingType + " shop",
		exportType + " shop",
		receiversType + " shop",
		queryType + " shop-audit-changed",
		queryType + " shop-listed-in-bulk",
		queryType + " shop-read-burst",
		queryType + " shop-read-by-newcomer",
		queryType + " shop-read-by-stranger",
		queryType + " shop-read-from-elsewhere",
		queryType + " shop-read-in-bulk",
		queryType + " shop-rotation-failed",
		queryType + " shop-rotation-overdue",
		queryType + " shop-secret-changed",
		queryType + " shop-secret-deleted",
		workspaceType + " shop",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if r := named(t, g, workspaceType, "shop"); !r.Protect {
		t.Errorf("%s, which has the audit log, is not protected", r)
	}

	// What is off is not there, and what a stack has already.
	g = record(t, watching(rotated[1:2], nil, func(args *azuresecret.AlertsArgs) {
		args.Rotator, args.Workspace = nil, pulumi.String(ops)
		args.Settings = alert.Settings{Off: map[alert.ID]string{alert.DeniedBurst: "A test denies itself", alert.ReadBurst: "Read in a loop"}}
	}))
	got = nil
	for _, r := range append(watchers(g), g.Of(exportType)...) {
		got = append(got, r.Name)
	}
	want = []string{
		"shop-audit-changed", "shop-listed-in-bulk", "shop-read-by-newcomer", "shop-read-by-stranger", "shop-read-in-bulk", "shop-secret-changed",
		"shop-secret-deleted", "shop-audit-changed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what watches (-want +got):\n%s", diff)
	}
	if got := secrettest.Show(named(t, g, activityType, "shop-audit-changed").Inputs.Get("scopes")); got != "[/vaults/shop-vault]" {
		t.Errorf("what may be in another subscription is watched: %s", got)
	}
	if got := secrettest.Show(named(t, g, queryType, "shop-secret-changed").Inputs.Get("scopes")); got != "["+ops+"]" {
		t.Errorf("the queries are of %s", got)
	}
	if n := len(g.Of(workspaceType)); n != 1 {
		t.Errorf("there are %d workspaces, want the rotator's only", n)
	}
}

func TestAudit(t *testing.T) {
	g := record(t, watching(rotated, addresses, nil))
	for _, tt := range []struct{ typ, want string }{
		{workspaceType, "{resourceGroupName: shop-vault, retentionInDays: 730, sku: {name: PerGB2018}, workspaceName: shop-vault-alerts}"},
		{settingType, "{logAnalyticsDestinationType: Dedicated, logs: [{category: AuditEvent, enabled: true}], name: shop-vault-alerts, " +
			"resourceUri: /vaults/shop-vault, workspaceId: " + audit + "}"},
		{exportType, "{logs: [{category: Administrative, enabled: true}], name: shop-vault-alerts, workspaceId: " + audit + "}"},
	} {
		if diff := cmp.Diff(tt.want, secrettest.Show(property.New(named(t, g, tt.typ, "shop").Inputs))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.typ, diff)
		}
	}
}

func TestReceivers(t *testing.T) {
	g := record(t, watching(rotated, addresses, func(args *azuresecret.AlertsArgs) {
		args.Notify.Webhooks = []pulumi.StringInput{pulumi.String(hook + "-1"), pulumi.String(hook + "-2")}
		args.Notify.PagerDuty = []pulumi.StringInput{pulumi.String(hook)}
	}))
	webhook := func(name, url string) string {
		return "{name: " + name + ", serviceUri: secret " + url + ", useCommonAlertSchema: true}"
	}
	want := "{actionGroupName: shop-vault-alerts, emailReceivers: [{emailAddress: oncall@example.com, name: oncall@example.com, useCommonAlertSchema: true}], " +
		"enabled: true, groupShortName: shop-vault, location: Global, resourceGroupName: shop-vault, webhookReceivers: [" +
		webhook("webhook-1", hook+"-1") + ", " + webhook("webhook-2", hook+"-2") + ", " + webhook("pagerduty-1", hook) + "]}"
	if diff := cmp.Diff(want, show(t, g, receiversType)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, w := range watchers(g) {
		if text := secrettest.Show(property.New(w.Inputs)); !strings.Contains(text, receivers) {
			t.Errorf("%s tells nobody:\n%s", w, text)
		}
	}
	data, err := json.Marshal(g)
	if err != nil || strings.Contains(string(data), hook) {
		t.Errorf("the plan shows a webhook's URL: %v", err)
	}

	g = record(t, watching(rotated, addresses, func(args *azuresecret.AlertsArgs) { args.Notify = notify.Args{Nobody: "A trial for a day"} }))
	if n := len(g.Of(receiversType)); n > 0 {
		t.Errorf("there are %d action groups for nobody", n)
	}
	for _, w := range watchers(g) {
		if actions := secrettest.Show(w.Inputs.Get("actions")); strings.Contains(actions, "Id") || strings.Contains(actions, "/") {
			t.Errorf("%s tells somebody: %s", w, actions)
		}
	}
}

// What Azure takes for the windows and frequencies of rules:
// https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/monitor_scheduled_query_rules_alert_v2.
var (
	windows     = []string{"PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D", "P2D"}
	frequencies = []string{"PT5M", "PT15M"} // of those that it takes, the ones that docs/azure.md has prices for
)

func TestQueryRules(t *testing.T) {
	g := record(t, watching(rotated, addresses, nil))
	for _, r := range g.Of(queryType) {
		text := func(name string) string { return secrettest.Show(r.Inputs.Get(name)) }
		al := alert.ByID(alert.ID(strings.TrimPrefix(r.Name, "shop-")))
		scope, severity := audit, map[alert.Severity]string{alert.Critical: "0", alert.High: "1", alert.Medium: "2"}[al.Severity]
		if al.AboutRotation() {
			scope = "/" + workspaceType + "/shop-rotator"
		}
		for name, want := range map[string]string{
			"scopes": "[" + scope + "]", "severity": severity, "enabled": "true", "skipQueryValidation": "true", "autoMitigate": "true",
			"resourceGroupName": "shop-vault", "ruleName": "shop-vault-" + string(al.ID), "actions": "{actionGroups: [" + receivers + "]}",
			"displayName": al.Title + " (shop-vault)",
		} {
			if text(name) != want {
				t.Errorf("%s: %s is %s, want %s", r, name, text(name), want)
			}
		}
		if !slices.Contains(windows, text("windowSize")) || !slices.Contains(frequencies, text("evaluationFrequency")) {
			t.Errorf("%s looks %s back every %s", r, text("windowSize"), text("evaluationFrequency"))
		}
		wantDescription(t, r, *al, 4096)
		dimension := func(name string) string { return "{name: " + name + ", operator: Include, values: [*]}" }
		criteria := r.Inputs.Get("criteria").AsMap().Get("allOf").AsArray().Get(0).AsMap()
		query := criteria.Get("query").AsString()
		const want = "{failingPeriods: {minFailingPeriodsToAlert: 1, numberOfEvaluationPeriods: 1}, operator: GreaterThan, threshold: 0, timeAggregation: Count}"
		if diff := cmp.Diff(want, secrettest.Show(property.New(criteria.Delete("query", "dimensions")))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r, diff)
		}
		dimensions := "[" + dimension("Secret") + ", " + dimension("Who") + ", " + dimension("From") + "]"
		if diff := cmp.Diff(dimensions, secrettest.Show(criteria.Get("dimensions"))); diff != "" {
			t.Errorf("%s says (-want +got):\n%s", r, diff)
		}
		for _, column := range []string{azurealert.Secret, azurealert.Who, azurealert.From} {
			if !strings.Contains(query, column+` = iff(isempty(`+column+`), "-", `+column+`)`) {
				t.Errorf("%s can have the empty dimension %s:\n%s", r, column, query)
			}
		}
		if r.Inputs.Len() != 13 {
			t.Errorf("%s has %d inputs, and this test knows 13", r, r.Inputs.Len())
		}
	}
}

func wantDescription(t *testing.T, r plan.Resource, al alert.Alert, most int) {
	t.Helper()
	text := secrettest.Show(r.Inputs.Get("description"))
	for _, want := range []string{al.Title, al.Do, al.Runbook()} {
		if !strings.Contains(text, want) || len(text) > most {
			t.Errorf("%s says in %d characters %q, without %q", r, len(text), text, want)
		}
	}
}

// queryOf gives the query of a rule.
func queryOf(t *testing.T, g *plan.Graph, id alert.ID) string {
	t.Helper()
	criteria := named(t, g, queryType, "shop-"+string(id)).Inputs.Get("criteria").AsMap().Get("allOf").AsArray().Get(0).AsMap()
	return criteria.Get("query").AsString()
}

// The queries know what the stack knows: its readers and the rotator, also where identities are written in upper case.
func TestQueriesKnowTheStore(t *testing.T) {
	g := record(t, watching(rotated, addresses, func(args *azuresecret.AlertsArgs) {
		args.Settings.Thresholds = map[alert.ID]int{alert.ReadInBulk: 54321}
	}))
	for id, want := range map[alert.ID][]string{
		alert.ReadByStranger: {
			checkout, principal, `"orders--sdb":`, `"orders--sdb--rotation":`, `"alone":`, "/resourcegroups/shop-vault/providers/microsoft.keyvault/vaults/shop-vault",
		},
		alert.SecretChanged: {strings.ToLower(deployer), principal, "/subscriptions/" + subscription + "/"},
		alert.AuditChanged: {
			strings.ToLower(deployer), "rewire", strings.ToLower(audit), "/subscriptions/" + subscription + `/providers/microsoft\.insights/diagnosticsettings/shop-vault-alerts`,
		},
		alert.ReadFromElsewhere: {"203.0.113.0/24"},
		alert.ReadInBulk:        {"54321"},
		alert.RotationFailed:    {"shop-rotator"},
		alert.RotationOverdue:   {"shop-rotator"},
	} {
		for _, w := range want {
			if query := queryOf(t, g, id); !strings.Contains(query, w) {
				t.Errorf("the query of %s does not know %s:\n%s", id, w, query)
			}
		}
	}
}

func TestBursts(t *testing.T) {
	specs := slices.Clone(rotated)
	specs[1].Alerts.Burst = 76543
	if query := queryOf(t, record(t, watching(specs, addresses, nil)), alert.ReadBurst); !strings.Contains(query, `"alone":76543`) {
		t.Errorf("the query does not know what is usual for a secret:\n%s", query)
	}
}

func TestDeniedBurst(t *testing.T) {
	g := record(t, watching(rotated, addresses, func(args *azuresecret.AlertsArgs) {
		args.Settings.Thresholds = map[alert.ID]int{alert.DeniedBurst: 7}
	}))
	r := named(t, g, metricType, "shop-denied-burst")
	wantDescription(t, r, *alert.ByID(alert.DeniedBurst), 2048)
	const want = "{actions: [{actionGroupId: " + receivers + "}], autoMitigate: true, criteria: {allOf: [{criterionType: StaticThresholdCriterion, " +
		"dimensions: [{name: StatusCode, operator: Include, values: [403]}], metricName: ServiceApiResult, metricNamespace: Microsoft.KeyVault/vaults, " +
		"name: denied-burst, operator: GreaterThan, threshold: 7, timeAggregation: Count}], " +
		"odataType: Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria}, enabled: true, evaluationFrequency: PT1M, location: global, " +
		"resourceGroupName: shop-vault, ruleName: shop-vault-denied-burst, scopes: [/vaults/shop-vault], severity: 1, windowSize: PT5M}"
	if diff := cmp.Diff(want, secrettest.Show(property.New(r.Inputs.Delete("description")))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAuditChanged(t *testing.T) {
	g := record(t, watching(rotated, addresses, nil))
	for name, want := range map[string]struct{ scopes, more string }{
		"shop-audit-changed":   {"[/vaults/shop-vault, " + audit + "]", ""},
		"shop-audit-changed-2": {"[/subscriptions/" + subscription + "]", ", {equals: shop, field: resourceId}"},
	} {
		r := named(t, g, activityType, name)
		wantDescription(t, r, *alert.ByID(alert.AuditChanged), 2048)
		all := secrettest.Show(r.Inputs.Get("condition"))
		begin, end := "{allOf: [{containsAny: [Administrative], field: category}, {containsAny: [", "], field: operationName}, {containsAny: [Succeeded], field: status}"
		middle, ok := strings.CutPrefix(all, begin)
		operations, ends := strings.CutSuffix(middle, end+want.more+"]}")
		if got := secrettest.Show(r.Inputs.Get("scopes")); got != want.scopes || !ok || !ends {
			t.Errorf("%s watches %s in %s", r, all, got)
		}
		if !slices.Contains(r.Dependencies, named(t, g, settingType, "shop").URN) {
			t.Errorf("%s does not wait for the setting, and so reports it", r)
		}
		if want := strings.Join(azurealert.ActivityOperations(alert.Blind), ", "); operations != want {
			t.Errorf("%s watches %s, want %s", r, operations, want)
		}
	}
}

// Whoever deletes what watches, or the receivers, is reported, which goes by their names.
func TestWatchersAreWatched(t *testing.T) {
	specs := many(1000) // some rules are several
	g := record(t, watching(specs, nil, nil))
	store := &azurealert.Store{Subscription: subscription, ResourceGroup: "shop-vault", Vault: "shop-vault"}
	store.Index()
	for _, r := range append(watchers(g), g.Of(receiversType)...) {
		name := ""
		for _, property := range []string{"ruleName", "activityLogAlertName", "actionGroupName"} {
			if v := r.Inputs.Get(property); v.IsString() {
				name = v.AsString()
			}
		}
		kind := strings.ToLower(r.Type[strings.LastIndex(r.Type, ":")+1:]) + "s"
		e, err := store.Decode(fmt.Appendf(nil, `{"category": "Administrative", "time": "2026-11-02T08:00:00Z", "operationName": "Microsoft.Insights/%s/delete",
			"resultType": "Success", "resourceId": "/subscriptions/%s/resourceGroups/shop-vault/providers/Microsoft.Insights/%[1]s/%[3]s"}`, kind, subscription, name))
		if err != nil || e.Action != alert.Rewire {
			t.Errorf("deleting %s (%s) is %q: %v", r, name, e.Action, err)
		}
	}
}

func TestNewAlertsMistakes(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := azuresecret.NewAlerts(ctx, "shop", nil)
		wantMistakes(t, err, `the Azure alerts "shop" cannot be made`, "Store: is missing")

		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault"})
		if err != nil {
			return err
		}
		other, err := azuresecret.NewStore(ctx, "other", &azuresecret.StoreArgs{Vault: "other-vault"})
		if err != nil {
			return err
		}
		rotator := func(name string, of *azuresecret.Store) *azuresecret.Rotator {
			r, err := azuresecret.NewRotator(ctx, name, &azuresecret.RotatorArgs{
				Store: of, Secrets: rotated, Targets: addresses, Image: image, Subnet: pulumi.String(subnet),
			})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		made := func(name string, args azuresecret.SecretArgs) *azuresecret.Secret {
			s, err := azuresecret.NewSecret(ctx, name, &args)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		emails := make([]string, 1001)
		for i := range emails {
			emails[i] = fmt.Sprintf("oncall-%d@example.com", i)
		}
		emails[3] = strings.Repeat("o", 60) + "@example.com"
		hooks := slices.Repeat([]pulumi.StringInput{pulumi.String(hook)}, 6)
		_, err = azuresecret.NewAlerts(ctx, "shop", &azuresecret.AlertsArgs{
			Store: store, Rotator: rotator("other", other), Workspace: pulumi.String("ops"),
			Secrets: []*azuresecret.Secret{
				nil,
				made("elsewhere", azuresecret.SecretArgs{Store: other, Spec: secret.Spec{Name: "elsewhere"}}),
				made("by-hand", azuresecret.SecretArgs{Store: store, Spec: rotated[3], Rotator: rotator("mine", store)}),
			},
			Notify: notify.Args{
				Email: emails, Webhooks: hooks, PagerDuty: hooks,
				Slack: []pulumi.StringInput{pulumi.String(hook)}, Teams: []pulumi.StringInput{pulumi.String(hook)},
			},
			Settings: alert.Settings{
				Off: map[alert.ID]string{alert.ReadBurst: "why?"}, Thresholds: map[alert.ID]int{alert.SecretDeleted: 3}, Deployers: []string{"ci"},
			},
		})
		wantMistakes(t, err, `the Azure alerts "shop" cannot be made`, "Rotator: is of another store", "Secrets[0]: is nil",
			"Secrets[1]: elsewhere is of another store", "Secrets[2]: by-hand has another rotator", "Workspace: must be the resource id",
			"Settings.Deployers[0]: must be the object id", "Settings.Off[read-burst]: say why", "Settings.Thresholds[secret-deleted]: the alert does not count",
			"Notify.Slack: Slack's incoming webhooks do not understand", "Notify.Teams: the incoming webhooks of Teams do not understand",
			"Notify.Email[3]: has 72 characters", "Notify.Email: has 1001 addresses", "Notify.Webhooks: there are 12")
		if strings.Contains(err.Error(), hook) {
			t.Errorf("the error has a webhook's URL:\n%v", err)
		}
		return nil
	})
	if alerts := g.Of(azuresecret.AlertsType); len(alerts) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", alerts)
	}
}

// many are secrets that two readers read and the rotator rotates.
func many(n int) (specs []secret.Spec) {
	for i := range n {
		specs = append(specs, secret.Spec{
			Name: fmt.Sprintf("service-%04d/database-password", i), Readers: []string{"checkout", "reports"},
			Rotation: &secret.Rotation{Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{}},
		})
	}
	return specs
}

// What is made for how many secrets, and what it costs in a month, is in the documentation, with what is assumed here:
// where the prices are from, and how many records a secret has.
func TestManySecrets(t *testing.T) {
	const (
		records, size = 2880, 1500.0     // of a secret in a month, in bytes
		taken, kept   = 2.99e-9, 0.13e-9 // dollars for a byte
		months        = 23               // that are paid for of two years
	)
	table := "| secrets | resources without alerts | of the alerts | rules | log, taken in | log, kept | together |\n|---:|---:|---:|---:|---:|---:|---:|\n"
	for _, n := range []int{1, 10, 100, 1000} {
		g := record(t, watching(many(n), nil, nil))
		alerts := len(g.Children(named(t, g, azuresecret.AlertsType, "shop").URN)) + 1
		if few := 20 + n/10; alerts > few {
			t.Errorf("%d secrets have %d resources for their alerts, want %d at most", n, alerts, few)
		}
		rules, bytes := cost(t, g), float64(n)*records*size
		table += fmt.Sprintf("| %d | %d | %d | $%.2f | $%.2f | $%.2f | $%.2f |\n",
			n, len(g.Resources)-alerts, alerts, rules, bytes*taken, bytes*months*kept, rules+bytes*(taken+months*kept))
		wantEach(t, g, many(n))
	}
	golden.Section(t, "../../docs/azure.md", "alerts", table)
}

// cost is what the rules cost in a month, in dollars.
func cost(t *testing.T, g *plan.Graph) (dollars float64) {
	t.Helper()
	prices := map[string]float64{"PT5M": 1.50, "PT15M": 0.50}
	for _, r := range g.Of(queryType) {
		price, ok := prices[secrettest.Show(r.Inputs.Get("evaluationFrequency"))]
		if !ok {
			t.Errorf("%s has no price", r)
		}
		dollars += price
	}
	return dollars + 0.10*float64(len(g.Of(metricType)))
}

// wantEach checks that each secret is in exactly one of the queries which name the secrets.
func wantEach(t *testing.T, g *plan.Graph, specs []secret.Spec) {
	t.Helper()
	var queries string
	for _, r := range g.Of(queryType) {
		if strings.Contains(r.Name, string(alert.ReadByStranger)) {
			query := r.Inputs.Get("criteria").AsMap().Get("allOf").AsArray().Get(0).AsMap().Get("query").AsString()
			if size := len(secrettest.Show(property.New(r.Inputs))); size > 64<<10 {
				t.Errorf("%s has %d bytes; Azure takes 64 KB", r, size)
			}
			queries += query
		}
	}
	for _, s := range specs {
		for _, id := range []string{secret.Escape(s.Name, ""), secret.Escape(s.Name, "") + secret.CompanionSuffix} {
			if n := strings.Count(queries, `"`+id+`":`); n != 1 {
				t.Errorf("%s is in the queries %d times", id, n)
			}
		}
	}
}
