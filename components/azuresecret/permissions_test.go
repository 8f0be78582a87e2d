package azuresecret_test

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/azurestore"
	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

// actions notes what a request needs: https://learn.microsoft.com/rest/api/keyvault/secrets has the requests,
// https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftkeyvault the actions.
type actions struct {
	vault *keyvaulttest.Vault
	used  map[string]map[string]bool // by secret
}

func (a *actions) Do(r *http.Request) (*http.Response, error) {
	parts := strings.Split(r.URL.Path, "/") // /secrets/NAME/…
	action := "?" + r.Method
	switch {
	case r.Method == http.MethodPut:
		action = "setSecret"
	case r.Method == http.MethodPatch:
		action = "update"
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/versions"):
		action = "readMetadata"
	case r.Method == http.MethodGet:
		action = "getSecret"
	}
	if a.used[parts[2]] == nil {
		a.used[parts[2]] = map[string]bool{}
	}
	a.used[parts[2]]["Microsoft.KeyVault/vaults/secrets/"+action+"/action"] = true
	return a.vault.Do(r)
}

// The role has exactly the actions for what the job calls, on a secret and its companion.
func TestDataActions(t *testing.T) {
	now := time.Now()
	a := &actions{vault: &keyvaulttest.Vault{Now: func() time.Time { return now }}, used: map[string]map[string]bool{}}
	a.vault.Declare("orders")
	a.vault.Declare("orders--rotation")
	now = now.Add(time.Minute)
	issuer, first := rotationtest.NewIssuer(nil)
	a.vault.Put("orders", first.Reveal(), true)
	rotator := func() *rotation.Rotator {
		store := &azurestore.Store{
			Client: keyvaulttest.Client(a), Name: "orders", Lifetime: 24 * time.Hour, Now: a.vault.Now,
			Sleep: func(_ context.Context, d time.Duration) error {
				now = now.Add(d)
				return nil
			},
		}
		return &rotation.Rotator{Secret: "orders", Store: store, Target: issuer, Now: a.vault.Now, Log: slog.New(slog.DiscardHandler)}
	}
	for range 2 {
		now = now.Add(48 * time.Hour)
		for _, err := range []error{
			rotator().Retire(t.Context()),
			rotator().Create(t.Context(), ""), // and then it is killed
			rotator().Rotate(t.Context()),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var granted []string
	permission := named(t, record(t, rotating(nil)), roleType, "shop-rotator").Inputs.Get("permissions").AsArray().Get(0).AsMap()
	for _, p := range permission.Get("dataActions").AsArray().All {
		granted = append(granted, p.AsString())
	}
	for _, name := range []string{"orders", "orders--rotation"} {
		if diff := cmp.Diff(slices.Sorted(maps.Keys(a.used[name])), granted); diff != "" {
			t.Errorf("the actions that are used on %s, and those of the role (-used +role):\n%s", name, diff)
		}
	}
	if len(a.used) != 2 {
		t.Errorf("the job uses %v", a.used)
	}
}
