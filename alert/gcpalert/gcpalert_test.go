package gcpalert_test

import (
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/internal/golden"
)

const (
	checkout = "serviceAccount:checkout@shop-prod.iam.gserviceaccount.com"
	reports  = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/" +
		"shop-prod.svc.id.goog/subject/ns/shop/sa/reports"
	rotator  = "serviceAccount:shop-rotator@shop-prod.iam.gserviceaccount.com"
	deployer = "serviceAccount:deployer@shop-prod.iam.gserviceaccount.com"
	pipeline = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/" +
		"github/subject/repo:example/shop:ref:refs/heads/main"
)

// sample is the store that the records in testdata are about.
func sample() *gcpalert.Store {
	canonical := func(members ...string) []string {
		for i, m := range members {
			members[i] = gcpalert.Canonical(m)
		}
		return members
	}
	only := canonical(rotator)
	return &gcpalert.Store{
		Watch: alert.Watch{
			Secrets: []alert.Secret{
				{Name: "orders-db", Readers: canonical(checkout, reports, rotator)},
				{Name: "orders-db" + gcpalert.Companion, Readers: only},
				{Name: "orders-db-admin", Readers: only},
				{Name: "session-signing-key", Readers: canonical(checkout, rotator)},
				{Name: "session-signing-key" + gcpalert.Companion, Readers: only},
				{Name: "stripe-api-key", Readers: canonical(checkout)},
				{Name: "warehouse/api-token", Readers: canonical(reports, rotator)},
				{Name: "warehouse/api-token" + gcpalert.Companion, Readers: only},
				{Name: "warehouse/rotation-key", Readers: only},
			},
			Rotators:  only,
			Deployers: canonical(deployer, pipeline),
			Networks:  []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("2001:db8:20::/48")},
			Looks:     []string{"orders-db", "session-signing-key", "warehouse/api-token"},
		},
		Project: "shop-prod",
		Number:  "123456789012",
		Prefix:  "shop-prod-",
		Keys: []string{
			"projects/shop-prod/locations/europe-west1/keyRings/shop-europe-west1-4f1d2ab/cryptoKeys/shop-europe-west1-9c3e771",
			"projects/shop-prod/locations/europe-west4/keyRings/shop-europe-west4-08aa51c/cryptoKeys/shop-europe-west4-d2b6f0e",
		},
		Detectors: []string{
			"projects/shop-prod/metrics/shop-prod-alerts-read-burst", "projects/shop-prod/metrics/shop-prod-alerts-denied-burst",
			"projects/shop-prod/alertPolicies/10518233489236702451", "projects/shop-prod/alertPolicies/3366120957716204118",
			"projects/shop-prod/notificationChannels/7340291856620147723",
		},
		Service:    "shop-rotator",
		Deliveries: 10,
	}
}

func TestAlerts(t *testing.T) {
	s := sample()
	const (
		none = "Google Cloud restores no secrets"
		gone = "a deleted secret is not found, as one that never was"
		keys = "what else is done with a key is in no action of the catalogue"
	)
	alerttest.Run(t, alerttest.Cloud{
		Watch: &s.Watch, Decode: s.Decode, Gaps: gcpalert.Gaps,
		Native: func(t *testing.T, a alert.Alert) func([]byte) bool {
			t.Helper()
			filter, err := s.Filter(a.When)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "golden", string(a.ID)+".txt"), []byte(filter+"\n"))
			return parse(t, filter).matches
		},
		Unseen: map[string]string{
			"secret-deleted: restore":                  none,
			"secret-deleted: alert.All[[read] [gone]]": gone,
			"secret-deleted: alert.Does[read]":         gone,
			"key-changed: alert.Does[open-key]":        keys,
		},
	})
}
