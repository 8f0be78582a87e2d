package keyvaulttest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/secretstack/secretstack/rotation/azurestore/keyvaulttest"
)

// fronts are the ways to a vault.
var fronts = map[string]func(*keyvaulttest.Vault) policy.Transporter{
	"REST":     func(v *keyvaulttest.Vault) policy.Transporter { return v },
	"SDK fake": (*keyvaulttest.Vault).Fake,
}

func TestVault(t *testing.T) {
	for name, front := range fronts {
		t.Run(name, func(t *testing.T) { testVault(t, front) })
	}
}

func testVault(t *testing.T, front func(*keyvaulttest.Vault) policy.Transporter) {
	ctx := t.Context()
	v := &keyvaulttest.Vault{Now: func() time.Time { return time.Unix(1_800_000_000, 999) }}
	client := keyvaulttest.Client(front(v))

	_, err := client.GetSecret(ctx, "key", "", nil)
	if refused := (*azcore.ResponseError)(nil); !errors.As(err, &refused) || refused.StatusCode != http.StatusNotFound {
		t.Errorf("a secret that is not there: %v", err)
	}
	old := v.Put("key", "old", true)
	made, err := client.SetSecret(ctx, "key", azsecrets.SetSecretParameters{
		Value: to.Ptr("new"), ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"a": to.Ptr("1")},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !made.Attributes.Created.Equal(time.Unix(1_800_000_000, 0)) {
		t.Errorf("created %s, not in a whole second", made.Attributes.Created)
	}
	// What an update does not mention, it leaves; tags it replaces.
	if _, err = client.UpdateSecretProperties(ctx, "key", made.ID.Version(),
		azsecrets.UpdateSecretPropertiesParameters{Tags: map[string]*string{"b": to.Ptr("2")}}, nil); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetSecret(ctx, "key", "", nil)
	if err != nil || *got.Value != "new" || *got.ContentType != "text/plain" || len(got.Tags) != 1 || *got.Tags["b"] != "2" {
		t.Errorf("%+v, error %v", got, err)
	}
	// The newest version is what is read, even if it is disabled.
	if _, err = client.UpdateSecretProperties(ctx, "key", made.ID.Version(), azsecrets.UpdateSecretPropertiesParameters{
		SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)},
	}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err = client.GetSecret(ctx, "key", "", nil); err == nil || !strings.Contains(err.Error(), "SecretDisabled") {
		t.Errorf("the newest version is disabled: %v", err)
	}
	if got, err := client.GetSecret(ctx, "key", old, nil); err != nil || *got.Value != "old" {
		t.Errorf("an older one is not: %v", err)
	}
}

func TestPages(t *testing.T) {
	for name, front := range fronts {
		t.Run(name, func(t *testing.T) {
			v := &keyvaulttest.Vault{}
			client := keyvaulttest.Client(front(v))
			list := func(most int) (pages, versions int) {
				last := ""
				for pager := client.NewListSecretPropertiesVersionsPager("key", nil); pager.More() && pages < most; pages++ {
					page, err := pager.NextPage(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range page.Value {
						if p.ID.Version() <= last {
							t.Error("the list is not in the order of the ids")
						}
						last = p.ID.Version()
						versions++
					}
				}
				return pages, versions
			}
			if pages, versions := list(9); pages != 1 || versions != 0 {
				t.Errorf("of no secret: %d versions on %d pages", versions, pages)
			}
			for range 51 {
				v.Put("key", "value", true)
			}
			list(1) // broken off
			if pages, versions := list(9); pages != 3 || versions != 51 {
				t.Errorf("%d versions on %d pages", versions, pages)
			}
		})
	}
}
