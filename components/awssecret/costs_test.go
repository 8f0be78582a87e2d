package awssecret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/plan"
)

// AWS's prices in us-east-1, in dollars; docs/aws.md says from when and where.
const (
	keyPrice      = 1.00 // a month
	metricPrice   = 0.30 // a month
	alarmPrice    = 0.10 // a month, for each metric that it is on
	insightsPrice = 0.50 // a month, for each rule
	matchPrice    = 0.02 / 1e6
	logPrice      = 0.50 / 1e9 // for each byte that comes in
	copyPrice     = 2.00 / 1e5 // for each event of a further trail
	secretPrice   = 0.40       // a month
	callPrice     = 0.05 / 1e4
)

const readsADay = 100 // of each secret

// recordSize is that of a read in the trail, in bytes.
func recordSize(t *testing.T) float64 {
	t.Helper()
	data, err := os.ReadFile("../../alert/awsalert/testdata/read-by-stranger/quiet-reader-by-name.json")
	if err != nil {
		t.Fatal(err)
	}
	var sample struct{ Records []json.RawMessage }
	if err := json.Unmarshal(data, &sample); err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, sample.Records[0]); err != nil {
		t.Fatal(err)
	}
	return float64(compact.Len())
}

// planned are the alerts of a store: each role reads five secrets, one of which is rotated.
func planned(t *testing.T, n int) *plan.Graph {
	t.Helper()
	var specs []secret.Spec
	for i := range n {
		s := secret.Spec{Name: fmt.Sprintf("service-%03d/credential-%d", i/5, i%5), Readers: []string{fmt.Sprintf("service-%03d", i/5)}}
		if i%5 == 0 {
			s.Rotation = &secret.Rotation{Every: month, Generated: generated}
		}
		specs = append(specs, s)
	}
	return updated(t, awssecret.StoreArgs{Prefix: "shop/prod/"}, awssecret.AlertsArgs{Notify: oncall}, specs...)
}

// TestAlertResources writes how many resources alerts need, and what they cost, into the documentation.
func TestAlertResources(t *testing.T) {
	var resources, costs strings.Builder
	resources.WriteString("| secrets | resources | of them rules on the event bus | metric filters | alarms | more for each secret |\n|---|---|---|---|---|---|\n")
	costs.WriteString("| secrets | alerts a month | 100 reads of each a day, counted | the same with a metric for each secret | a second trail for these reads | the secrets themselves, so read |\n|---|---|---|---|---|---|\n")
	first := 0
	for _, n := range []int{1, 10, 100, 1000} {
		g := planned(t, n)
		count := map[string]int{}
		all, names := 0, map[string]bool{}
		for _, r := range ofAlerts(g) {
			all++
			count[r.Type]++
			if r.Type == filterType {
				names[r.Inputs.Get("metricTransformation").AsMap().Get("name").AsString()] = true
			}
			if pattern := r.Inputs.Get("eventPattern"); pattern.IsString() && strings.Contains(pattern.AsString(), `"wildcard"`) {
				t.Errorf("%s has a wildcard, and a bus takes 30 such rules", r.Name)
			}
		}
		each := "–"
		if first == 0 {
			first = all
		} else {
			each = fmt.Sprintf("%.2f", float64(all-first)/float64(n-1))
		}
		fmt.Fprintf(&resources, "| %d | %d | %d | %d | %d | %s |\n", n, all, count[ruleType], count[filterType], count[alarmType], each)
		if all-first > 3*n/10 {
			t.Errorf("%d secrets need %d resources, %d more than one does", n, all, all-first)
		}
		if count[ruleType] > 300 {
			t.Errorf("%d secrets need %d rules, and a bus takes 300", n, count[ruleType])
		}
		if n == 1 {
			continue
		}
		fixed := float64(count["aws:kms/key:Key"])*keyPrice + float64(len(names))*metricPrice + float64(count[alarmType])*alarmPrice +
			float64(count["aws:cloudwatch/contributorInsightRule:ContributorInsightRule"])*insightsPrice
		reads := float64(n * readsADay * 30)
		perSecret := float64(n)*(metricPrice+alarmPrice) - insightsPrice - alarmPrice
		fmt.Fprintf(&costs, "| %d | $%.2f | $%.2f | $%.2f | $%.2f | $%.2f |\n", n, fixed, fixed+reads*(recordSize(t)*logPrice+matchPrice),
			fixed+perSecret+reads*recordSize(t)*logPrice, reads*copyPrice, float64(n)*secretPrice+reads*callPrice)
	}
	golden.Section(t, "../../docs/aws.md", "alert-resources", resources.String())
	golden.Section(t, "../../docs/aws.md", "alert-costs", costs.String())
}
