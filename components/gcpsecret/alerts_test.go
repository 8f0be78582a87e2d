package gcpsecret_test

import (
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
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/notify"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
)

const (
	policyType  = "gcp:monitoring/alertPolicy:AlertPolicy"
	metricType  = "gcp:logging/metric:Metric"
	channelType = "gcp:monitoring/notificationChannel:NotificationChannel"
	auditType   = "gcp:projects/iAMAuditConfig:IAMAuditConfig"

	pagerDuty = "https://events.pagerduty.com/integration/0123456789abcdef0123456789abcdef/enqueue"
)

// watching makes some secrets, the rotator of those that have rotation, and their alerts; change, unless nil, has the
// last word on the alerts' arguments.
func watching(specs []secret.Spec, change func(*gcpsecret.AlertsArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: "shop-", Locations: []string{"europe-west1"}})
		if err != nil {
			return err
		}
		args := &gcpsecret.AlertsArgs{Store: store, Notify: notify.Args{Email: []string{"oncall@example.com"}}}
		if slices.ContainsFunc(specs, func(s secret.Spec) bool { return s.Rotation != nil }) {
			rotator := &gcpsecret.RotatorArgs{Store: store, Secrets: specs, Image: image}
			if slices.ContainsFunc(specs, func(s secret.Spec) bool { return s.Name == "orders/db" }) {
				rotator.Targets = addresses
			}
			args.Rotator, err = gcpsecret.NewRotator(ctx, "shop-rotator", rotator)
			if err != nil {
				return err
			}
		}
		for _, s := range specs {
			secretArgs := &gcpsecret.SecretArgs{Store: store, Spec: s, Readers: identities}
			if s.Rotation != nil || s.Name == "orders-admin" {
				secretArgs.Rotator = args.Rotator
			}
			made, err := gcpsecret.NewSecret(ctx, s.Name, secretArgs)
			if err != nil {
				return err
			}
			args.Secrets = append(args.Secrets, made)
		}
		if change != nil {
			change(args)
		}
		_, err = gcpsecret.NewAlerts(ctx, "shop-alerts", args)
		return err
	}
}

// alerting gives what Google gives to alerts, too.
func alerting(r plan.Resource) (string, property.Map) {
	id, outputs := google(r)
	switch r.Type {
	case channelType:
		outputs = outputs.Set("name", property.New("projects/shop/notificationChannels/channel-"+r.Name))
	case policyType:
		id = "projects/shop/alertPolicies/" + r.Name
	case apiType:
		outputs = outputs.Set("project", property.New("shop"))
	case keyType:
		id = "projects/shop/locations/europe-west1/keyRings/ring/cryptoKeys/" + r.Name
	}
	return id, outputs
}

func recordAlerts(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	g, err := plan.Run(t.Context(), program, plan.Options{Config: map[string]string{"gcp:project": "shop"}, Create: alerting})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func nearby(args *gcpsecret.AlertsArgs) {
	args.Settings.Networks = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
}

// children gives the names of a component's resources.
func children(t *testing.T, g *plan.Graph) (names []string) {
	t.Helper()
	for _, r := range g.Children(named(t, g, gcpsecret.AlertsType, "shop-alerts").URN) {
		names = append(names, r.String())
	}
	return names
}

func TestAlertsGraph(t *testing.T) {
	want := []string{
		apiType + " shop-alerts-logging",
		apiType + " shop-alerts-monitoring",
		auditType + " shop-alerts",
		channelType + " shop-alerts.oncall@example.com",
	}
	for _, a := range alert.Catalogue {
		if a.ID == alert.ReadByNewcomer {
			continue
		}
		want = append(want, policyType+" shop-alerts-"+string(a.ID))
		if a.Count != nil || a.Quiet > 0 {
			want = append(want, metricType+" shop-alerts-"+string(a.ID))
		}
	}
	got := children(t, recordAlerts(t, watching(rotated, nearby)))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

// A policy waits for its metric and for the log; and nothing waits for a component.
func TestAlertsOrder(t *testing.T) {
	g := recordAlerts(t, watching(rotated, nearby))
	for _, r := range g.Resources {
		for _, urn := range r.Dependencies {
			if d, _ := g.Get(urn); !d.Custom {
				t.Errorf("%s depends on the component %s", r, d)
			}
		}
	}
	metrics := map[string]bool{}
	for _, m := range g.Of(metricType) {
		metrics[m.Name] = true
		if !before(g, m)[apiType+" shop-alerts-logging"] {
			t.Errorf("%s is there before its API", m)
		}
	}
	for _, p := range g.Of(policyType) {
		needed := []string{apiType + " shop-alerts-monitoring", auditType + " shop-alerts", grantType + " shop-europe-west1", channelType + " shop-alerts.oncall@example.com"}
		if metrics[p.Name] {
			needed = append(needed, metricType+" "+p.Name)
		}
		for _, n := range needed {
			if all := before(g, p); !all[n] {
				t.Errorf("%s is there before %s", p, n)
			}
		}
	}
}

// condition gives the one condition of a policy.
func condition(t *testing.T, p plan.Resource) property.Map {
	t.Helper()
	all := p.Inputs.Get("conditions").AsArray()
	if all.Len() != 1 {
		t.Fatalf("%s has %d conditions, and may have one", p, all.Len())
	}
	return all.Get(0).AsMap()
}

func TestMatchPolicy(t *testing.T) {
	p := named(t, recordAlerts(t, watching(rotated, nil)), policyType, "shop-alerts-read-by-stranger")
	for name, want := range map[string]string{
		"alertStrategy":        "{autoClose: 86400s, notificationRateLimit: {period: 3600s}}",
		"combiner":             "OR",
		"notificationChannels": "[projects/shop/notificationChannels/channel-shop-alerts.oncall@example.com]",
		"severity":             "CRITICAL",
		"userLabels":           "{alert: read-by-stranger}",
	} {
		if got := secrettest.Show(p.Inputs.Get(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	match := condition(t, p).Get("conditionMatchedLog").AsMap()
	for _, part := range []string{
		`"^projects/(shop|123456789012)/secrets/shop-(alone|by-hand|by-hand--rotation|orders--sdb|orders--sdb--rotation|orders-admin|signing-key|signing-key--rotation)(/|$)"`,
		`secrets/shop-signing-key(/|$)" AND protoPayload.authenticationInfo.principalEmail=("checkout@shop.iam.gserviceaccount.com" OR "shop-rotator@shop.iam.gserviceaccount.com")`,
		`secrets/shop-alone(/|$)" AND protoPayload.authenticationInfo.principalEmail="checkout@shop.iam.gserviceaccount.com"`,
	} {
		if filter := match.Get("filter").AsString(); !strings.Contains(filter, part) {
			t.Errorf("the filter has no %s:\n%s", part, filter)
		}
	}
	for label := range match.Get("labelExtractors").AsMap().All {
		if content := documentation(p, "content"); !strings.Contains(content, "${log.extracted_label."+label+"}") {
			t.Errorf("the message does not tell %s:\n%s", label, content)
		}
	}
}

// What a filter says beyond the readers.
func TestFilters(t *testing.T) {
	g := recordAlerts(t, watching(rotated, func(args *gcpsecret.AlertsArgs) {
		nearby(args)
		args.Settings.Deployers = []string{"user:Ann@example.com"}
	}))
	for id, parts := range map[alert.ID][]string{
		alert.SecretChanged:     {`NOT protoPayload.authenticationInfo.principalEmail="ann@example.com"`, `"shop-rotator@shop.iam.gserviceaccount.com"`},
		alert.ReadFromElsewhere: {`"203.0.113.0/24"`},
		alert.KeyChanged:        {"locations/europe-west1/keyRings/ring/cryptoKeys/shop-europe-west1"},
		alert.RotationFailed:    {`resource.labels.service_name="shop-rotator"`},
		alert.RotationAbandoned: {`resource.labels.service_name="shop-rotator"`, "jsonPayload.attempt>=10"},
	} {
		filter := condition(t, named(t, g, policyType, "shop-alerts-"+string(id))).Get("conditionMatchedLog").AsMap().Get("filter").AsString()
		for _, part := range parts {
			if !strings.Contains(filter, part) {
				t.Errorf("the filter of %s has no %s:\n%s", id, part, filter)
			}
		}
	}
}

// What watches the store is watched itself, but for the policy that does.
func TestDetectors(t *testing.T) {
	g := recordAlerts(t, watching(rotated, nearby))
	watcher := named(t, g, policyType, "shop-alerts-audit-changed")
	filter := condition(t, watcher).Get("conditionMatchedLog").AsMap().Get("filter").AsString()
	names := []string{"notificationChannels/channel-shop-alerts[.]oncall@example[.]com"}
	for _, m := range g.Of(metricType) {
		names = append(names, "metrics/"+m.Name)
	}
	for _, p := range g.Of(policyType) {
		if p.Name != watcher.Name {
			names = append(names, "alertPolicies/"+p.Name)
		}
	}
	slices.Sort(names)
	if want := `"^projects/(shop|123456789012)/(` + strings.Join(names, "|") + `)$"`; strings.Count(filter, want) != 3 {
		t.Errorf("the filter has not three times %s:\n%s", want, filter)
	}
}

func documentation(p plan.Resource, part string) string {
	return p.Inputs.Get("documentation").AsMap().Get(part).AsString()
}

// Each message says what has happened, to which store, what to do now, and where there is more.
func TestMessages(t *testing.T) {
	for _, p := range recordAlerts(t, watching(rotated, nearby)).Of(policyType) {
		a := alert.ByID(alert.ID(strings.TrimPrefix(p.Name, "shop-alerts-")))
		content := documentation(p, "content")
		for _, part := range []string{a.Title, "store: shop\n", a.Do, a.Runbook()} {
			if !strings.Contains(content, part) {
				t.Errorf("the message of %s has no %q:\n%s", p, part, content)
			}
		}
		if got, want := documentation(p, "subject"), "["+string(a.Severity)+"] shop: "+a.Title; got != want {
			t.Errorf("the subject of %s is %q, want %q", p, got, want)
		}
		// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Documentation
		if len(content) > 8192 {
			t.Errorf("the message of %s has %d characters, and 8,192 are allowed", p, len(content))
		}
	}
}

// thresholds gives what is counted and how many are too many, by the name of the metric.
func thresholds(t *testing.T, g *plan.Graph) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, m := range g.Of(metricType) {
		c, counts := condition(t, named(t, g, policyType, m.Name)).GetOk("conditionThreshold")
		if !counts {
			continue
		}
		if want := `metric.type = "logging.googleapis.com/user/` + m.Name + `" AND resource.type = "audited_resource"`; secrettest.Show(c.AsMap().Get("filter")) != want {
			t.Errorf("%s does not count with its metric: %s", m.Name, secrettest.Show(c))
		}
		got[m.Name] = secrettest.Show(c.AsMap().Get("comparison")) + " " + secrettest.Show(c.AsMap().Get("thresholdValue")) + " " +
			secrettest.Show(c.AsMap().Get("aggregations"))
	}
	return got
}

func TestCounts(t *testing.T) {
	const sum = " [{alignmentPeriod: 300s, crossSeriesReducer: REDUCE_SUM, perSeriesAligner: ALIGN_SUM}]"
	const each = " [{alignmentPeriod: 300s, crossSeriesReducer: REDUCE_SUM, groupByFields: [metric.label.secret], perSeriesAligner: ALIGN_SUM}]"
	g := recordAlerts(t, watching(rotated, func(args *gcpsecret.AlertsArgs) {
		args.Settings.Thresholds = map[alert.ID]int{alert.DeniedBurst: 9}
	}))
	want := map[string]string{
		"shop-alerts-read-burst":     "COMPARISON_GT 100" + each,
		"shop-alerts-denied-burst":   "COMPARISON_GT 9" + sum,
		"shop-alerts-read-in-bulk":   "COMPARISON_GT 500" + sum,
		"shop-alerts-listed-in-bulk": "COMPARISON_GT 20" + sum,
	}
	if diff := cmp.Diff(want, thresholds(t, g)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, m := range g.Of(metricType) {
		want := "{metricKind: DELTA, valueType: INT64}"
		if m.Name == "shop-alerts-read-burst" || m.Name == "shop-alerts-rotation-overdue" {
			want = "{labels: [{key: secret, valueType: STRING}], metricKind: DELTA, valueType: INT64}"
		}
		if got := secrettest.Show(m.Inputs.Get("metricDescriptor")); got != want {
			t.Errorf("%s is %s, want %s", m, got, want)
		}
		if _, limit := named(t, g, policyType, m.Name).Inputs.Get("alertStrategy").AsMap().GetOk("notificationRateLimit"); limit {
			t.Errorf("%s has a limit to its messages, which Google refuses for a policy that counts", m.Name)
		}
	}
}

// Secrets with a burst of their own are counted apart, those with the same together, and no other policy grows.
func TestBursts(t *testing.T) {
	specs := []secret.Spec{
		{Name: "a", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 5000}},
		{Name: "b", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 20}},
		{Name: "c", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 5000}},
		{Name: "d", Readers: []string{"checkout"}},
	}
	g := recordAlerts(t, watching(specs, nil))
	for name, want := range map[string]struct{ over, about string }{
		"shop-alerts-read-burst":   {"100", `shop-[^/]" AND NOT protoPayload.resourceName=~"^projects/(shop|123456789012)/secrets/shop-(a|b|c)(/|$)"`},
		"shop-alerts-read-burst-2": {"20", `secrets/shop-b(/|$)"`},
		"shop-alerts-read-burst-3": {"5000", `secrets/shop-(a|c)(/|$)"`},
	} {
		if got := thresholds(t, g)[name]; !strings.HasPrefix(got, "COMPARISON_GT "+want.over+" ") {
			t.Errorf("%s fires at %s, want %s", name, got, want.over)
		}
		if filter := secrettest.Show(named(t, g, metricType, name).Inputs.Get("filter")); !strings.Contains(filter, want.about) {
			t.Errorf("%s is not about %s:\n%s", name, want.about, filter)
		}
	}
	if got := len(g.Of(metricType)); got != 6 {
		t.Errorf("there are %d metrics, want 6", got)
	}
}

func many(n int) (specs []secret.Spec) {
	for i := range n {
		specs = append(specs, secret.Spec{
			Name: fmt.Sprintf("team-%02d/service-%04d", i%50, i), Readers: []string{"checkout", "reports"},
			Rotation: &secret.Rotation{Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{}},
		})
	}
	return specs
}

// The clocks go less often where there are many secrets, and so does the switch of the dead man.
func TestAbsence(t *testing.T) {
	for n, want := range map[int]string{
		3: `{duration: 5400s, evaluationInterval: 300s, query: absent_over_time(LOOKS[90m]) or ` +
			`count(sum by (secret) (sum_over_time(LOOKS[90m])) > 0) < 3}`,
		1251: `{duration: 10800s, evaluationInterval: 300s, query: absent_over_time(LOOKS[180m]) or ` +
			`count(sum by (secret) (sum_over_time(LOOKS[180m])) > 0) < 1251}`,
	} {
		p := named(t, recordAlerts(t, watching(many(n), nil)), policyType, "shop-alerts-rotation-overdue")
		want = strings.ReplaceAll(want, "LOOKS", `logging_googleapis_com:user_shop_alerts_rotation_overdue{monitored_resource="cloud_run_revision"}`)
		if diff := cmp.Diff(want, secrettest.Show(condition(t, p).Get("conditionPrometheusQueryLanguage"))); diff != "" {
			t.Errorf("of %d secrets (-want +got):\n%s", n, diff)
		}
	}
}

// Nothing about rotation is watched where nothing is rotated, and nothing that is switched off.
func TestNotWatched(t *testing.T) {
	g := recordAlerts(t, watching([]secret.Spec{{Name: "a", Readers: []string{"checkout"}}}, func(args *gcpsecret.AlertsArgs) {
		args.Settings.Off = map[alert.ID]string{alert.ListedInBulk: "an inventory lists them each minute"}
		args.Notify = notify.Args{Nobody: "this is a sandbox"}
	}))
	for _, r := range append(g.Of(policyType), g.Of(metricType)...) {
		for _, off := range []alert.ID{alert.RotationFailed, alert.RotationAbandoned, alert.RotationOverdue, alert.ListedInBulk, alert.ReadFromElsewhere} {
			if strings.HasSuffix(r.Name, string(off)) {
				t.Errorf("%s is there", r)
			}
		}
		if channels := r.Inputs.Get("notificationChannels"); channels.IsArray() && channels.AsArray().Len() > 0 {
			t.Errorf("%s tells %s", r, secrettest.Show(channels))
		}
	}
	if got := len(g.Of(policyType)); got != 8 {
		t.Errorf("there are %d policies, want 8", got)
	}
}

func TestAuditConfig(t *testing.T) {
	g := recordAlerts(t, watching(rotated, nil))
	config := named(t, g, auditType, "shop-alerts")
	const want = "{auditLogConfigs: [{logType: ADMIN_READ}, {logType: DATA_READ}], project: shop, service: secretmanager.googleapis.com}"
	if got := secrettest.Show(property.New(config.Inputs)); got != want || !config.RetainOnDelete {
		t.Errorf("it is %s, and stays when the stack goes: %v", got, config.RetainOnDelete)
	}
	g = recordAlerts(t, watching(rotated, func(args *gcpsecret.AlertsArgs) { args.AuditConfigOwner = "the landing zone" }))
	if n := len(g.Of(auditType)); n != 0 {
		t.Errorf("there are %d, although it is another's", n)
	}
}

// Who knows the URL of a channel can post there.
func TestChannels(t *testing.T) {
	const hook = "https://hooks.example.com/canary-url"
	for name, output := range map[string]func(string) pulumi.StringInput{
		"plain":     func(s string) pulumi.StringInput { return pulumi.String(s) },
		"an output": func(s string) pulumi.StringInput { return pulumi.String(s).ToStringOutput() },
	} {
		g := recordAlerts(t, watching(rotated, func(args *gcpsecret.AlertsArgs) {
			args.Notify = notify.Args{
				Email: []string{"a@example.com", "b@example.com"}, Webhooks: []pulumi.StringInput{output(hook)}, PagerDuty: []pulumi.StringInput{output(pagerDuty)},
			}
		}))
		var got []string
		for _, c := range g.Of(channelType) {
			got = append(got, secrettest.Show(property.New(c.Inputs)))
			if diff := cmp.Diff([]string{"labels", "sensitiveLabels"}, c.AdditionalSecretOutputs); diff != "" {
				t.Errorf("%s: %s gives as secrets (-want +got):\n%s", name, c, diff)
			}
		}
		want := []string{
			"{displayName: shop-alerts: a@example.com, labels: {email_address: a@example.com}, type: email}",
			"{displayName: shop-alerts: b@example.com, labels: {email_address: b@example.com}, type: email}",
			"{displayName: shop-alerts: pagerduty-1, sensitiveLabels: {serviceKey: secret 0123456789abcdef0123456789abcdef}, type: pagerduty}",
			"{displayName: shop-alerts: webhook-1, labels: {url: secret " + hook + "}, type: webhook_tokenauth}",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		channels := named(t, g, policyType, "shop-alerts-key-changed").Inputs.Get("notificationChannels")
		if channels.AsArray().Len() != 4 {
			t.Errorf("%s: a policy tells %s", name, secrettest.Show(channels))
		}
	}
}

// A URL that is known too late for the list of mistakes is checked too, and no error has it in it.
func TestLateURLs(t *testing.T) {
	const canary = "canary-4d1f"
	late := func(u string) []pulumi.StringInput {
		return []pulumi.StringInput{pulumi.ToSecret(pulumi.String(u)).(pulumi.StringOutput)}
	}
	for want, n := range map[string]notify.Args{
		"begins with https://":            {Webhooks: late("http://example.com/" + canary)},
		"an integration key of 32 charac": {PagerDuty: late("https://events.pagerduty.com/integration/" + canary + "/enqueue")},
	} {
		_, err := plan.Run(t.Context(), watching(rotated, func(args *gcpsecret.AlertsArgs) { args.Notify = n }), plan.Options{Create: alerting})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), canary) {
			t.Errorf("the error is not about %q, or has the URL: %v", want, err)
		}
	}
}

func TestNewAlertsMistakes(t *testing.T) {
	const canary = "canary-9e0b"
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := gcpsecret.NewAlerts(ctx, "shop-alerts", nil)
		wantMistakes(t, err, `the Google Cloud alerts "shop-alerts" cannot be made`, "Store: is missing")
		return nil
	})
	if len(g.Resources) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", secrettest.Names(g))
	}
	_, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		other, err := gcpsecret.NewStore(ctx, "other", nil)
		if err != nil {
			return err
		}
		mine := func(store *gcpsecret.Store, name string) *gcpsecret.Secret {
			s, secretErr := gcpsecret.NewSecret(ctx, name, &gcpsecret.SecretArgs{Store: store, Spec: secret.Spec{Name: "orders"}})
			if secretErr != nil {
				t.Error(secretErr)
			}
			return s
		}
		rotator, err := gcpsecret.NewRotator(ctx, "other-rotator", &gcpsecret.RotatorArgs{Store: other, Image: image, Location: "europe-west1"})
		if err != nil {
			return err
		}
		orders := mine(store, "orders")
		_, err = gcpsecret.NewAlerts(ctx, "shop alerts", &gcpsecret.AlertsArgs{
			Store: store, Secrets: []*gcpsecret.Secret{orders, nil, orders, mine(other, "others")}, Rotator: rotator,
			Notify: notify.Args{
				Email:     []string{"oncall"},
				Slack:     []pulumi.StringInput{pulumi.String("https://hooks.slack.com/services/" + canary)},
				Teams:     []pulumi.StringInput{pulumi.String("https://example.webhook.office.com/" + canary)},
				PagerDuty: []pulumi.StringInput{pulumi.String("https://events.eu.pagerduty.com/integration/" + canary + "/enqueue")},
			},
			Settings: alert.Settings{
				Off:       map[alert.ID]string{"read-by-martian": "there are none on earth"},
				Deployers: []string{"user:ann@example.com", "group:admins@example.com"},
			},
		})
		wantMistakes(t, err, `the Google Cloud alerts "shop alerts" cannot be made`,
			"name: must have", "Secrets[1]: is nil", "Secrets[2]: names orders twice", "Secrets[3]: orders is of another store",
			"Rotator: is of another store", `Notify.Email[0]: "oncall" is no e-mail address`, "Notify.Slack: Google Cloud posts", "Notify.Teams: Google Cloud has no",
			"Notify.PagerDuty[0]: must be https://events.pagerduty.com", "Settings.Off[read-by-martian]: is no alert",
			"Settings.Deployers[1]: must be a member")
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error has a URL: %v", err)
		}
		_, err = gcpsecret.NewAlerts(ctx, "shop-alerts", &gcpsecret.AlertsArgs{
			Store: store, Notify: notify.Args{Webhooks: slices.Repeat([]pulumi.StringInput{pulumi.String("https://example.com")}, 17)},
		})
		wantMistakes(t, err, `the Google Cloud alerts "shop-alerts" cannot be made`, "Secrets: names none", "Notify: has 17 channels")
		return nil
	}, plan.Options{})
	if err != nil {
		t.Error(err)
	}
}

// More secrets have bursts of their own than one filter can leave out.
func TestTooManyBursts(t *testing.T) {
	specs := many(1000)
	for i := range specs {
		specs[i].Alerts.Burst = 200
	}
	_, err := plan.Run(t.Context(), watching(specs, nil), plan.Options{})
	wantMistakes(t, err, `the Google Cloud alerts "shop-alerts" cannot be made`, "Settings: read-burst cannot be watched")
}

// An identity of another resource is known late, but how many policies there are must not depend on it.
func TestLateIdentities(t *testing.T) {
	late := func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		args := &gcpsecret.AlertsArgs{Store: store, Notify: notify.Args{Email: []string{"oncall@example.com"}}}
		for i := range 100 {
			name := fmt.Sprintf("secret-%d", i)
			s, err := gcpsecret.NewSecret(ctx, name, &gcpsecret.SecretArgs{
				Store: store, Spec: secret.Spec{Name: name, Readers: []string{"checkout"}},
				Readers: map[string]pulumi.StringInput{"checkout": store.Agent.Member.ApplyT(func(string) string {
					return fmt.Sprintf("serviceAccount:checkout-%d@shop.iam.gserviceaccount.com", i)
				}).(pulumi.StringOutput)},
			})
			if err != nil {
				return err
			}
			args.Secrets = append(args.Secrets, s)
		}
		_, err = gcpsecret.NewAlerts(ctx, "shop-alerts", args)
		return err
	}
	preview, update := run(t, late), recordAlerts(t, late)
	if diff := cmp.Diff(secrettest.Names(preview), secrettest.Names(update)); diff != "" {
		t.Errorf("an update makes other resources than its preview shows (-preview +update):\n%s", diff)
	}
	read := 0
	for _, p := range update.Of(policyType) {
		if strings.HasPrefix(p.Name, "shop-alerts-read-by-stranger") {
			read += strings.Count(secrettest.Show(property.New(p.Inputs)), "checkout-")
		}
	}
	if read != 100 {
		t.Errorf("the policies know %d readers, want 100", read)
	}
}

// TestAlertsSize writes the table in docs/gcp.md.
func TestAlertsSize(t *testing.T) {
	var table strings.Builder
	table.WriteString("| secrets, all rotated, of 2 readers | resources of Alerts | policies | metrics | resources of the whole |\n|---|---|---|---|---|\n")
	for _, n := range []int{1, 10, 100, 1000} {
		g := recordAlerts(t, watching(many(n), nearby))
		secrets := map[string]bool{}
		for _, p := range g.Of(policyType) {
			filter, matches := condition(t, p).GetOk("conditionMatchedLog")
			if !matches {
				continue
			}
			text := filter.AsMap().Get("filter").AsString()
			if len(text) > gcpalert.MaxFilter {
				t.Errorf("the filter of %s has %d characters", p, len(text))
			}
			for i := range n {
				if id := fmt.Sprintf("--sservice-%04d", i); strings.Contains(text, id) {
					secrets[id] = true
				}
			}
		}
		if len(secrets) != n {
			t.Errorf("the filters know %d of %d secrets", len(secrets), n)
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %s |\n", thousands(n), len(children(t, g)), len(g.Of(policyType)), len(g.Of(metricType)), thousands(len(g.Resources)))
	}
	golden.Section(t, "../../docs/gcp.md", "alerts-size", table.String())
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
