package awssecret_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/plan"
)

// here are what the samples name, and what it is in the tests' store.
var here = strings.NewReplacer("444455556666", own, "shop/prod/", "shop/", "shop/dev/", "other/")

// records are those of the samples of an alert, by file, as they would be of this store.
func records(t *testing.T, id alert.ID, files string) map[string][]json.RawMessage {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../../alert/awsalert/testdata", string(id), files+".json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no samples %s of %s: %v", files, id, err)
	}
	all := map[string][]json.RawMessage{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var sample struct{ Records []json.RawMessage }
		if err := json.Unmarshal([]byte(here.Replace(string(data))), &sample); err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = sample.Records
	}
	return all
}

// TestMessagesOfRecords: of each record that fires a rule, the message tells what it is about and who did it, and puts nothing
// but texts into its lines.
func TestMessagesOfRecords(t *testing.T) {
	g := updated(t, awssecret.StoreArgs{Prefix: "shop/"}, awssecret.AlertsArgs{Notify: oncall, Settings: alert.Settings{Networks: egress}}, rotated, read)
	for _, a := range alert.Catalogue {
		if a.Count != nil || a.Quiet > 0 || awsalert.Gaps[a.ID] != "" {
			continue
		}
		transformer := get(t, g, targetType, "shop-alerts-"+string(a.ID)).Inputs.Get("inputTransformer").AsMap()
		lines := strings.Split(transformer.Get("inputTemplate").AsString(), "\n")
		for file, of := range records(t, a.ID, "fires-*") {
			told := false
			for _, record := range of {
				if !gjson.GetBytes(record, "eventSource").Exists() {
					told = true // of the rotator's own records, an alarm tells
					continue
				}
				filled := slices.Clone(lines)
				event := gjson.Parse(`{"region":"eu-west-1","detail":` + string(record) + `}`)
				for name, path := range transformer.Get("inputPaths").AsMap().All {
					at := strings.ReplaceAll(strings.TrimPrefix(path.AsString(), "$."), "[0]", ".0") // as gjson writes it
					value := event.Get(at)
					if value.IsObject() || value.IsArray() {
						t.Errorf("%s, %s: <%s> is no text: %s", a.ID, file, name, value)
					}
					for i := range filled {
						filled[i] = strings.ReplaceAll(filled[i], "<"+name+">", value.Str)
					}
				}
				_, about, _ := strings.Cut(strings.Trim(filled[1], `"`), ":")
				told = told || strings.TrimSpace(about) != ""
				if who := strings.Trim(filled[2], `"`); strings.HasPrefix(who, "Who:   ( ") {
					t.Errorf("%s, %s: the message does not tell who it was: %s", a.ID, file, who)
				}
			}
			if !told {
				t.Errorf("%s, %s: no message tells what it is about", a.ID, file)
			}
		}
	}
}

// prod are the secrets of the samples: see alert/awsalert.
var prod = []secret.Spec{
	{Name: "orders-db", Readers: []string{"checkout"}},
	{Name: "orders-db-admin"},
	{Name: "session-signing-key", Readers: []string{"checkout"}},
	{Name: "stripe-api-key", Readers: []string{"checkout"}, Alerts: secret.Alerts{Burst: 200}},
	{Name: "warehouse/api-token"},
}

// TestCountedReads: the definition that is deployed counts the records that the catalogue does, but for those of secrets that
// have an alarm of their own.
func TestCountedReads(t *testing.T) {
	condition := alert.ByID(alert.ReadBurst).When
	for name, test := range map[string]struct {
		specs []secret.Spec
		blind string // the sample that the rule cannot tell
	}{
		"no own burst": {prod[:3], ""},
		"own burst":    {prod, "quiet-other-region"}, // a rule has four filters
	} {
		t.Run(name, func(t *testing.T) {
			g := updated(t, awssecret.StoreArgs{Prefix: "shop/", Replicas: []awssecret.Replica{{Region: "eu-central-1"}}},
				awssecret.AlertsArgs{Notify: oncall, TrailLogs: "audit/trail"}, test.specs...)
			counts := insights(t, g)
			store := &awsalert.Store{Region: "eu-west-1", Replicas: []string{"eu-central-1"}, Account: own, Prefix: "shop/"}
			for _, s := range test.specs {
				store.Secrets = append(store.Secrets, alert.Secret{Name: s.Name, Burst: s.Alerts.Burst})
			}
			store.Index()
			for file, of := range records(t, alert.ReadBurst, "*") {
				for _, record := range of {
					record = withSuffix(record)
					event, err := store.Decode(record)
					if err != nil {
						t.Fatal(err)
					}
					own := slices.ContainsFunc(store.Secrets, func(s alert.Secret) bool { return s.Name == event.Secret && s.Burst > 0 })
					want := alert.Match(condition, event, &store.Watch, nil) && !own
					if got := counts(record); got != want && file != test.blind {
						t.Errorf("%s: it is counted: %t, want %t: %s", file, got, want, record)
					}
				}
			}
		})
	}
}

// withSuffix gives the declared secrets the ARNs that the fake cloud has made.
func withSuffix(record []byte) []byte {
	for _, s := range prod {
		arn := ":secret:shop/" + s.Name + "-"
		i := bytes.Index(record, []byte(arn))
		if end := i + len(arn); i >= 0 && len(record) > end+6 && record[end+6] == '"' {
			record = slices.Concat(record[:end], []byte("AbCdEf"), record[end+6:])
		}
	}
	return record
}

// insights gives what tells whether the deployed rule of Contributor Insights counts a record. It is a small reading of
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/ContributorInsights-RuleSyntax.html: filters of which all
// have to hold, with In, NotIn, StartsWith and IsPresent, and nothing else; and keys, without which there is no contributor.
func insights(t *testing.T, g *plan.Graph) func(record []byte) bool {
	t.Helper()
	type filter struct {
		Match                 string
		In, NotIn, StartsWith []string
		IsPresent             *bool
	}
	var rule struct {
		Schema struct {
			Name    string
			Version int
		}
		LogGroupNames []string
		LogFormat     string
		Contribution  struct {
			Keys    []string
			Filters []filter
		}
		AggregateOn string
	}
	definition := get(t, g, "aws:cloudwatch/contributorInsightRule:ContributorInsightRule", "shop-alerts-read-burst").Inputs.Get("ruleDefinition")
	d := json.NewDecoder(strings.NewReader(definition.AsString()))
	d.DisallowUnknownFields()
	if err := d.Decode(&rule); err != nil {
		t.Fatal(err)
	}
	if n := len(rule.Contribution.Filters); n > 4 {
		t.Errorf("the rule has %d filters of 4", n)
	}
	for _, f := range rule.Contribution.Filters {
		if n := max(len(f.In), len(f.NotIn), len(f.StartsWith)); n > 10 {
			t.Errorf("the filter of %s has %d values of 10", f.Match, n)
		}
	}
	field := func(record []byte, path string) gjson.Result {
		return gjson.GetBytes(record, strings.TrimPrefix(path, "$."))
	}
	return func(record []byte) bool {
		for _, f := range rule.Contribution.Filters {
			value := field(record, f.Match)
			begins := func(prefix string) bool { return strings.HasPrefix(value.Str, prefix) }
			switch {
			case f.In != nil && !slices.Contains(f.In, value.Str),
				f.NotIn != nil && slices.Contains(f.NotIn, value.Str),
				f.StartsWith != nil && !slices.ContainsFunc(f.StartsWith, begins),
				f.IsPresent != nil && *f.IsPresent != value.Exists():
				return false
			}
		}
		return !slices.ContainsFunc(rule.Contribution.Keys, func(key string) bool { return !field(record, key).Exists() })
	}
}
