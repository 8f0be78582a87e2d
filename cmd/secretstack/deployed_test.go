package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/internal/bundle"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
)

// deployed is a sample stack after an update: what is known of it, and the texts of its rules by their property.
func deployed(t *testing.T, name string, config map[string]string, property string) (known, []string) {
	t.Helper()
	dir := t.TempDir()
	if err := copySample(dir); err != nil {
		t.Fatal(err)
	}
	if name == "prod" {
		withBundle(t, dir)
	}
	s, err := (&selection{dir: dir, stack: name}).open()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"cloud", "recovery", "identities", "targets", "alerts", s.Config.Cloud} {
		config["secretstack:"+key] = s.Setting("secretstack:" + key)
	}
	made := state{}
	g, err := plan.Run(t.Context(), stack.In(dir), plan.Options{
		Project: s.Project, Stack: name, Root: dir, Config: config, Create: created,
	})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, r := range g.Resources {
		id, outputs := created(r)
		made[r.URN] = map[string]any{"id": id}
		for key, value := range outputs.All {
			if value.IsString() {
				made[r.URN][key] = value.AsString()
			}
		}
		for key, value := range r.Inputs.All {
			texts = append(texts, under(value, key == property, property)...)
			if value.IsString() {
				made[r.URN][key] = value.AsString()
			}
		}
	}
	return known{s, made}, texts
}

// withBundle gives the project in dir a prebuilt function, since it has no Go module to build one from.
func withBundle(t *testing.T, dir string) {
	t.Helper()
	if err := bundle.Build(t.Context(), ".", filepath.Join(dir, "rotate-lambda.zip")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "Pulumi.prod.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("  secretstack:aws:\n"), []byte("  secretstack:aws:\n    rotatorBundle: rotate-lambda.zip\n"), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// created is what a cloud gives to a new resource.
func created(r plan.Resource) (id string, outputs property.Map) {
	id = r.Name
	out := map[string]property.Value{}
	switch r.Type {
	case "aws:kms/key:Key":
		out["arn"] = property.New("arn:aws:kms:eu-west-1:444455556666:key/" + r.Name)
	case "aws:secretsmanager/secret:Secret":
		out["arn"] = property.New("arn:aws:secretsmanager:eu-west-1:444455556666:secret:" + r.Inputs.Get("name").AsString() + "-Hq3xT8")
	case "gcp:projects/serviceIdentity:ServiceIdentity":
		email := "service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
		out["email"], out["member"] = property.New(email), property.New("serviceAccount:"+email)
	case "gcp:projects/service:Service":
		out["project"] = property.New("shop-prod")
	case "gcp:serviceaccount/account:Account":
		email := r.Inputs.Get("accountId").AsString() + "@shop-prod.iam.gserviceaccount.com"
		out["member"], out["email"], out["project"] = property.New("serviceAccount:"+email), property.New(email), property.New("shop-prod")
	case "gcp:secretmanager/secret:Secret":
		out["name"] = property.New("projects/123456789012/secrets/" + r.Inputs.Get("secretId").AsString())
	case "gcp:monitoring/alertPolicy:AlertPolicy", "gcp:monitoring/notificationChannel:NotificationChannel":
		out["name"] = property.New("projects/shop-prod/made/" + r.Name)
	case "azure-native:keyvault:Vault":
		id = "/subscriptions/7d0f6b1e-3c55-4f0a-9b52-1f4f7f6d9a10/resourceGroups/shop-prod-secrets/providers/Microsoft.KeyVault/vaults/shop-prod-secrets"
	case "azure-native:managedidentity:UserAssignedIdentity":
		out["principalId"] = property.New("5e3d8f4a-7c1b-4a52-9d6e-2f0b8c7a1e93")
	}
	return id, property.NewMap(out)
}

// under are all texts of a property in a value.
func under(v property.Value, here bool, name string) (texts []string) {
	switch {
	case v.IsString() && here:
		return []string{v.AsString()}
	case v.IsMap():
		for key, inner := range v.AsMap().All {
			texts = append(texts, under(inner, key == name, name)...)
		}
	case v.IsArray():
		for _, inner := range v.AsArray().All {
			texts = append(texts, under(inner, false, name)...)
		}
	}
	return texts
}

// holds demands that what the command compares with is what is deployed: one of the texts has it whole.
func holds(t *testing.T, id alert.ID, texts []string, want string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, want) }) {
		t.Errorf("%s: nothing deployed has\n%s\nbut\n%s", id, want, strings.Join(texts, "\n"))
	}
}

// A replay compares with what is deployed: the same readers, rotators, deployers, networks, keys and names.
func TestDeployedAWS(t *testing.T) {
	config := map[string]string{"aws:region": "eu-west-1", "aws:allowedAccountIds": `["444455556666"]`}
	k, rules := deployed(t, "prod", config, "eventPattern")
	_, filters := deployed(t, "prod", config, "pattern")
	store, err := k.aws()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range k.AlertSettings().Active(k.AlertGaps(), true) {
		switch a.ID {
		case alert.ReadBurst: // counted by other means
			continue
		case alert.ReadByStranger, alert.AuditChanged: // which take several rules
			for _, s := range store.Secrets {
				if !slices.ContainsFunc(rules, func(rule string) bool { return strings.Contains(rule, "shop/prod/"+s.Name+"-Hq3xT8") }) {
					t.Errorf("no rule names %s", s.Name)
				}
			}
			continue
		}
		if a.Count != nil || a.Quiet > 0 {
			pattern, err := store.FilterPattern(a.When)
			holds(t, a.ID, filters, pattern, err)
		} else {
			pattern, err := store.EventPattern(a.When)
			holds(t, a.ID, rules, pattern, err)
		}
	}
}

func TestDeployedGCP(t *testing.T) {
	k, filters := deployed(t, "gcp", map[string]string{"gcp:project": "shop-prod"}, "filter")
	store := k.gcp()
	for _, a := range k.AlertSettings().Active(k.AlertGaps(), true) {
		if a.ID == alert.AuditChanged { // whose policy names all the others, but cannot name itself
			continue
		}
		filter, err := store.Filter(a.When)
		holds(t, a.ID, filters, filter, err)
	}
}

func TestDeployedAzure(t *testing.T) {
	k, queries := deployed(t, "azure", map[string]string{
		"azure-native:location": "westeurope", "azure-native:subscriptionId": "7d0f6b1e-3c55-4f0a-9b52-1f4f7f6d9a10",
	}, "query")
	store, err := k.azure()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range k.AlertSettings().Active(k.AlertGaps(), true) {
		if a.ID == alert.DeniedBurst { // counted by a metric
			continue
		}
		query, err := store.KQL(a)
		holds(t, a.ID, queries, query, err)
	}
}
