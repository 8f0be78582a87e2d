package gcpsecret_test

import (
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/gcpsecret"
)

func TestSecretName(t *testing.T) {
	for _, test := range []struct{ prefix, name, want string }{
		{"", "orders-db", "orders-db"},
		{"shop-", "orders_db", "shop-orders_db"},
		{"", "shop/orders-db", "shop--sorders-db"},
		{"", strings.Repeat("a", 255), strings.Repeat("a", 255)},
		{"", strings.Repeat("a", 256), ""},
		{strings.Repeat("p", 200), strings.Repeat("a", 56), ""},
		{"", "1password", ""},
		{"", "orders.db", ""},
	} {
		got, err := gcpsecret.Limits.SecretName(test.prefix, test.name)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("SecretName(%q, %q) = %q, %v; want %q", test.prefix, test.name, got, err, test.want)
		}
	}
}

func TestCheckIdentity(t *testing.T) {
	const pools = "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/"
	for identity, want := range map[string]bool{
		"serviceAccount:checkout@shop-prod.iam.gserviceaccount.com":         true,
		"serviceAccount:123456789012-compute@developer.gserviceaccount.com": true,
		"serviceAccount:shop-prod.svc.id.goog[shop/checkout]":               true,
		pools + "shop-prod.svc.id.goog/subject/ns/shop/sa/checkout":         true,
		pools + "github/subject/repo:shop/checkout:ref:refs/heads/main":     true,
		"": false,
		"checkout@shop-prod.iam.gserviceaccount.com":                                false,
		"serviceAccount:Checkout@shop-prod.iam.gserviceaccount.com":                 false,
		"serviceAccount:checkout@shop.iam.gserviceaccount.com\nallUsers":            false,
		"deleted:serviceAccount:checkout@shop-prod.iam.gserviceaccount.com?uid=123": false,
		"user:ada@example.com":   false,
		"group:shop@example.com": false,
		"domain:example.com":     false,
		"allUsers":               false,
		"allAuthenticatedUsers":  false,
		"principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/*": false,
		"principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/ada@example.com":            false,
	} {
		if err := gcpsecret.Limits.CheckIdentity(identity); (err == nil) != want {
			t.Errorf("CheckIdentity(%q) = %v, want ok = %v", identity, err, want)
		}
	}
}

func TestCheckRecovery(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]bool{
		0: true, day: true, 1000 * day: true, time.Hour: false, 36 * time.Hour: false, 1001 * day: false, -day: false,
	} {
		if err := gcpsecret.Limits.CheckRecovery(d); (err == nil) != want {
			t.Errorf("CheckRecovery(%s) = %v, want ok = %v", d, err, want)
		}
	}
}
