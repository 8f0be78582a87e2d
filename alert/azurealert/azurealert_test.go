package azurealert

import (
	"net/netip"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
)

// The identities in testdata.
const (
	checkout = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
	reports  = "9b2d1c7e-6a53-4c1f-8d2e-5b7a90c4e1f6"
	rotator  = "5c8e1f3a-7b2d-4e69-a1c4-8d0f6b3e9a27"
	deployer = "d4a1b7c0-5e3f-4826-9b1d-7f60c2e8a935"
)

// sample is the store that testdata is about.
func sample() *Store {
	const subscription, group = "8f3b6c1e-0d47-4a92-b5e8-2c9f7a1d6e04", "shop-prod-secrets"
	s := &Store{
		Subscription: subscription, ResourceGroup: group, Vault: "shop-prod-secrets",
		Workspace: "/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.OperationalInsights/workspaces/shop-prod-secrets",
		Setting:   "shop-prod-secrets", Job: "shop-rotator",
		Watch: alert.Watch{
			Secrets: []alert.Secret{
				{Name: "orders-db", Readers: []string{checkout, reports, rotator}},
				{Name: "orders-db--rotation", Readers: []string{rotator}},
				{Name: "orders-db-admin", Readers: []string{rotator}},
				{Name: "session-signing-key", Readers: []string{checkout, rotator}, Burst: 200},
				{Name: "session-signing-key--rotation", Readers: []string{rotator}},
				{Name: "stripe-api-key", Readers: []string{checkout}},
				{Name: "warehouse/api-token", Readers: []string{reports, rotator}},
				{Name: "warehouse/api-token--rotation", Readers: []string{rotator}},
				{Name: "warehouse/rotation-key", Readers: []string{rotator}},
			},
			Rotators: []string{rotator}, Deployers: []string{deployer},
			Networks: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:5::/48")},
		},
	}
	s.Index()
	return s
}

// gone says why no record is of a deleted secret that is asked for.
const gone = "Key Vault answers 404 for a deleted secret, for a name that never was and for a version that never was"

// TestCases checks the cases, and each record also by the query of the alert, up to what counts.
func TestCases(t *testing.T) {
	s := sample()
	alerttest.Run(t, alerttest.Cloud{
		Watch: &s.Watch, Decode: s.Decode, Gaps: Gaps,
		Unseen: map[string]string{
			"secret-deleted: alert.All[[read] [gone]]": gone,
			"secret-deleted: alert.Does[read]":         gone,
		},
		Native: func(t *testing.T, a alert.Alert) func([]byte) bool {
			query := s.declared(a) + s.events(a.When) + "| where " + s.condition(a.When)
			return func(record []byte) bool {
				table, r := inTable(t, record)
				return len((&workspace{tables: map[string][]row{table: {r}}}).ask(query)) > 0
			}
		},
	})
}
