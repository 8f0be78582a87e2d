package echo

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

const azureSecret = "azure-native:keyvault:Secret"

func secretInputs(value string) resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"resourceGroupName": "shop", "vaultName": "shop", "secretName": "db", "properties": map[string]any{"value": value},
	})
}

func rpc(t *testing.T, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	object, err := marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func create(t *testing.T, c *Cloud, preview bool) (*pulumirpc.CreateResponse, error) {
	t.Helper()
	return c.Create(t.Context(), &pulumirpc.CreateRequest{
		Type: azureSecret, Name: "db", Properties: rpc(t, secretInputs("first")), Preview: preview,
	})
}

func TestLife(t *testing.T) {
	c := Azure(t)
	preview, err := create(t, c, true)
	if err != nil {
		t.Fatal(err)
	}
	outputs, err := unmarshal(preview.GetProperties())
	if err != nil {
		t.Fatal(err)
	}
	if uri, _ := parse("properties.secretUri").Get(resource.NewProperty(outputs)); preview.GetId() != "" || !uri.IsComputed() || c.Len() != 0 {
		t.Errorf("a preview gives the id %q and the outputs %v, and makes %d", preview.GetId(), outputs, c.Len())
	}

	made, err := create(t, c, false)
	if err != nil {
		t.Fatal(err)
	}
	if text := made.String(); !strings.Contains(text, "https://shop.vault.azure.net/secrets/db") || strings.Contains(text, "first") {
		t.Errorf("made: %s", text)
	}
	if _, err := create(t, c, false); err == nil {
		t.Error("the same was made twice")
	}

	update := &pulumirpc.UpdateRequest{Type: azureSecret, Id: made.GetId(), News: rpc(t, secretInputs("second")), Preview: true}
	if _, err := c.Update(t.Context(), update); err == nil || !strings.Contains(err.Error(), "overwrite") {
		t.Errorf("an update of a secret: %v", err)
	}

	c.Set(c.Resources(azureSecret)[0], "properties.value", "live")
	read, err := c.Read(t.Context(), &pulumirpc.ReadRequest{Id: made.GetId(), Inputs: rpc(t, secretInputs("first"))})
	if err != nil {
		t.Fatal(err)
	}
	if text := read.String(); strings.Contains(text, "live") || !strings.Contains(text, "first") {
		t.Errorf("read: %s", text)
	}

	vault, _, _ := strings.Cut(made.GetId(), "/secrets/")
	if _, err := c.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: vault}); err != nil {
		t.Fatal(err)
	}
	if read, err = c.Read(t.Context(), &pulumirpc.ReadRequest{Id: made.GetId()}); err != nil || read.GetId() != "" {
		t.Errorf("a secret of a deleted vault: %v, %v", read, err)
	}
}

func TestDiff(t *testing.T) {
	c := Azure(t)
	id, _ := c.fill(azure.kinds[azureSecret].id, secretInputs(""))
	unknown := secretInputs("first")
	unknown["vaultName"] = resource.MakeComputed(resource.NewProperty(""))
	for _, tt := range []struct {
		name            string
		news            resource.PropertyMap
		diffs, replaces []string
	}{
		{"same", secretInputs("first"), nil, nil},
		{"changed", secretInputs("second"), []string{"properties"}, nil},
		{"unknown", unknown, []string{"vaultName"}, []string{"vaultName"}},
	} {
		got, err := c.Diff(t.Context(), &pulumirpc.DiffRequest{
			Type: azureSecret, Id: id, OldInputs: rpc(t, secretInputs("first")), News: rpc(t, tt.news),
		})
		if err != nil || !slices.Equal(got.GetDiffs(), tt.diffs) || !slices.Equal(got.GetReplaces(), tt.replaces) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// What names something new is refused once.
func TestTooEarly(t *testing.T) {
	c := Google(t)
	for i, condition := range []string{"conditionThreshold", "conditionThreshold", "conditionMatchedLog"} {
		_, err := c.Create(t.Context(), &pulumirpc.CreateRequest{
			Urn: condition, Type: "gcp:monitoring/alertPolicy:AlertPolicy", Properties: rpc(t, resource.NewPropertyMapFromMap(map[string]any{
				"displayName": condition, "conditions": []any{map[string]any{condition: map[string]any{}}},
			})),
		})
		if refused := err != nil && strings.Contains(err.Error(), "Cannot find metric"); refused != (i == 0) {
			t.Errorf("creation %d of %s: %v", i, condition, err)
		}
	}
	if n := c.Refused(); n != 1 {
		t.Errorf("%d were refused", n)
	}
}

func TestUnheardOf(t *testing.T) {
	if _, err := Google(t).Check(t.Context(), &pulumirpc.CheckRequest{Type: azureSecret}); err == nil {
		t.Error("an unknown type is accepted")
	}
	if _, err := Google(t).Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "gcp:other"}); err == nil {
		t.Error("an unknown function is accepted")
	}
}
