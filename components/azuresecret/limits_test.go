package azuresecret_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/secret"
)

func TestSecretName(t *testing.T) {
	for name, want := range map[string]string{
		"orders-db":                   "orders-db",
		"orders_db":                   "orders--udb",
		"shop/orders-db":              "shop--sorders-db",
		strings.Repeat("a", 127):      strings.Repeat("a", 127),
		strings.Repeat("a", 128):      "",
		"a" + strings.Repeat("_", 43): "", // 130 characters in Azure
		"1password":                   "",
		"orders.db":                   "",
	} {
		got, err := azuresecret.Limits.SecretName("", name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("SecretName(%q) = %q, %v; want %q", name, got, err, want)
		}
		if err == nil && secret.Unescape(got) != name {
			t.Errorf("%q cannot be turned back into %q", got, name)
		}
	}
	if !azuresecret.Limits.FoldsCase {
		t.Error("Key Vault does not tell Orders from orders")
	}
}

func TestCheckIdentity(t *testing.T) {
	for identity, want := range map[string]bool{
		"6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f":   true,
		"6F1C9D8E-2B3A-4C5D-8E7F-0A1B2C3D4E5F":   true,
		"":                                       false,
		"checkout":                               false,
		"6f1c9d8e2b3a4c5d8e7f0a1b2c3d4e5f":       false,
		"{6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f}": false,
		"urn:uuid:6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5f": false,
		"6f1c9d8e-2b3a-4c5d-8e7f-0a1b2c3d4e5g":          false,
	} {
		if err := azuresecret.Limits.CheckIdentity(identity); (err == nil) != want {
			t.Errorf("CheckIdentity(%q) = %v, want ok = %v", identity, err, want)
		}
	}
}

func TestCheckRecovery(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]bool{
		0: true, 7 * day: true, 90 * day: true, 6 * day: false, 91 * day: false, 180 * time.Hour: false,
	} {
		if err := azuresecret.Limits.CheckRecovery(d); (err == nil) != want {
			t.Errorf("CheckRecovery(%s) = %v, want ok = %v", d, err, want)
		}
	}
}

func TestCustomerKey(t *testing.T) {
	var unsupported *secret.UnsupportedError
	if err := error(azuresecret.CustomerKey); !errors.As(err, &unsupported) || unsupported.Cloud != "azure" {
		t.Errorf("CustomerKey is %#v", err)
	}
}

func TestCheckWorkspace(t *testing.T) {
	for id, want := range map[string]bool{
		ops:                          true,
		strings.ToLower(ops):         true,
		ops + "/tables/x":            false,
		"ops":                        false,
		strings.TrimPrefix(ops, "/"): false,
	} {
		if err := azuresecret.CheckWorkspace(id); (err == nil) != want {
			t.Errorf("CheckWorkspace(%q) = %v, want ok = %v", id, err, want)
		}
	}
}
