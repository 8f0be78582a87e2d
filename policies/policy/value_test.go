package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const canary = "canary-5b1e-of-a-value"

func kinds(t *testing.T) map[string]property.Value {
	t.Helper()
	text, err := asset.FromText("the text")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]property.Value{
		"null":           {},
		"true":           property.New(true),
		"number":         property.New(30.0),
		"text":           property.New("text"),
		"list":           property.New([]property.Value{property.New("a"), property.New(property.Computed)}),
		"map":            property.New(map[string]property.Value{"in": property.New("b"), "no": property.New(property.Computed)}),
		"unknown":        property.New(property.Computed),
		"secret":         property.New(canary).WithSecret(true),
		"secret unknown": property.New(property.Computed).WithSecret(true),
		"asset":          property.New(text),
	}
}

// TestNoPanic calls every method on every kind of value.
func TestNoPanic(t *testing.T) {
	for name, v := range kinds(t) {
		r := &Resource{Inputs: property.NewMap(map[string]property.Value{"p": v})}
		p := r.Get("p")
		_, _ = p.Number()
		for range p.Fields() {
		}
		for _, item := range p.Items() {
			_ = item.At("x").Items()
		}
		_, _ = p.Document()
		got := fmt.Sprint(p.Absent(), p.Unknown(), p.HasUnknown(), p.Secret(), p.IsText(), p.IsMap(), p.IsList(),
			p.True(), p.False(), p.At("in.deeper").String(), p.Asset(), p)
		if strings.Contains(got, canary) {
			t.Errorf("%s: shows a secret", name)
		}
	}
}

func TestValue(t *testing.T) {
	r := &Resource{Inputs: property.NewMap(kinds(t)), Outputs: property.NewMap(map[string]property.Value{
		"text": property.New("computed"), "unknown": property.New("known now"), "arn": property.New("arn:aws:x"),
	})}
	for name, test := range map[string]struct{ got, want any }{
		"absent":                   {r.Get("none").Absent(), true},
		"absent in a text":         {r.Get("text.in").Absent(), true},
		"unknown in an unknown":    {r.Get("unknown.in").Unknown(), true},
		"secret in a secret":       {r.Get("secret unknown.in").Secret(), true},
		"path":                     {r.Get("map.in").Path(), "map.in"},
		"path of an item":          {r.Get("list").Items()[1].Path(), "list[1]"},
		"unknown item":             {r.Get("list").Items()[1].Unknown(), true},
		"items of a single value":  {len(r.Get("text").Items()), 1},
		"items of none":            {len(r.Get("none").Items()), 0},
		"items of an unknown":      {r.Get("unknown").Items()[0].Unknown(), true},
		"partly unknown":           {r.Get("map").HasUnknown(), true},
		"an absent one is not no":  {r.Get("none").False(), false},
		"output":                   {r.Output("text").Text(), "computed"},
		"output known after all":   {r.Output("unknown").Text(), "known now"},
		"output only":              {r.Output("arn").Text(), "arn:aws:x"},
		"input where no output is": {r.Output("true").True(), true},
		"shown":                    {r.Get("number").String(), "30"},
		"shown unknown":            {r.Get("unknown").String(), "[unknown]"},
		"shown secret":             {r.Get("secret").String(), "[secret]"},
		"asset":                    {r.Get("asset").Asset(), "the text"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
}

func TestDocument(t *testing.T) {
	r := &Resource{Inputs: property.NewMap(map[string]property.Value{
		"json":   property.New(`{"Statement": [{"Action": "a"}, {"Action": ["b", "c"]}], "n": 1, "ok": true, "none": null}`),
		"object": property.New(map[string]property.Value{"Statement": property.New("s")}),
		"broken": property.New(`{"secret": "` + canary),
		"hidden": property.New(`{"password": "` + canary + `"}`).WithSecret(true),
	})}
	doc, err := r.Get("json").Document()
	if err != nil {
		t.Fatal(err)
	}
	action := doc.At("Statement").Items()[1].At("Action").Items()[1]
	if action.Text() != "c" || action.Path() != "json.Statement[1].Action[1]" {
		t.Errorf("%s at %s", action, action.Path())
	}
	if doc, err = r.Get("object").Document(); err != nil || doc.At("Statement").Text() != "s" {
		t.Error("an object is a document as it is")
	}
	if _, err = r.Get("broken").Document(); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("broken: %v", err)
	}
	if doc, err = r.Get("hidden").Document(); err != nil || !doc.At("password").Secret() {
		t.Error("what is in a secret document is secret")
	}
}

func TestCanonical(t *testing.T) {
	for token, want := range map[string]string{
		"azure-native:keyvault/v20230701:Vault":  "azure-native:keyvault:Vault",
		"azure-native:keyvault:Vault":            "azure-native:keyvault:Vault",
		"aws:secretsmanager/secret:Secret":       "aws:secretsmanager/secret:Secret",
		"pulumi:providers:azure-native":          "pulumi:providers:azure-native",
		"azure-native:broken":                    "azure-native:broken:",
		"azure-native:a/b/c:D":                   "azure-native:a:D",
		"azure:keyvault/keyVault:KeyVault":       "azure:keyvault/keyVault:KeyVault",
		"kubernetes:core/v1:Secret":              "kubernetes:core/v1:Secret",
		"":                                       "",
		"gcp:secretmanager/secretIamMember:Some": "gcp:secretmanager/secretIamMember:Some",
	} {
		if got := Canonical(token); got != want {
			t.Errorf("%s: %s, want %s", token, got, want)
		}
	}
}
