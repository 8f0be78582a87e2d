package azuresecret_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/azuresecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/testcert"
)

const (
	identityType    = "azure-native:managedidentity:UserAssignedIdentity"
	roleType        = "azure-native:authorization:RoleDefinition"
	workspaceType   = "azure-native:operationalinsights/v20230901:Workspace"
	environmentType = "azure-native:app/v20240301:ManagedEnvironment"
	settingType     = "azure-native:insights/v20210501preview:DiagnosticSetting"
	jobType         = "azure-native:app/v20240301:Job"

	digest    = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	image     = "ghcr.io/shop/rotate-job" + digest
	clientID  = "22222222-2222-4333-8444-555555555555"
	principal = "33333333-2222-4333-8444-555555555555"

	subnet = "/subscriptions/" + subscription + "/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/shop/subnets/rotator"
)

// What there is to rotate: a key of no target, a database whose admin is another secret, and one that a person
// starts.
var rotated = []secret.Spec{
	{Name: "signing-key", Readers: []string{"checkout"}, Rotation: &secret.Rotation{
		Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{},
	}},
	{Name: "alone", Readers: []string{"checkout"}},
	{Name: "orders/db", Description: "For orders", Rotation: &secret.Rotation{
		Every: secret.Every(time.Hour), Postgres: &secret.Database{Users: []string{"a", "b"}, Admin: "orders-admin"},
	}},
	{Name: "by-hand", Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
	{Name: "orders-admin"},
}

var addresses = map[string]target.Args{"orders/db": {Host: pulumi.String("db.example.com"), Database: "orders"}}

// rotating makes all that is in rotated, and its rotator; change, unless nil, has the last word on its arguments.
func rotating(change func(*azuresecret.RotatorArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowedNetworks: []string{"203.0.113.7"}})
		if err != nil {
			return err
		}
		args := &azuresecret.RotatorArgs{Store: store, Secrets: rotated, Targets: addresses, Image: image}
		if change != nil {
			change(args)
		}
		rotator, err := azuresecret.NewRotator(ctx, "shop-rotator", args)
		if err != nil {
			return err
		}
		for _, s := range rotated {
			args := &azuresecret.SecretArgs{Store: store, Spec: s, Readers: identities}
			if s.Name != "alone" {
				args.Rotator = rotator
			}
			if _, err := azuresecret.NewSecret(ctx, s.Name, args); err != nil {
				return err
			}
		}
		return nil
	}
}

func record(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	g, err := plan.Run(t.Context(), program, plan.Options{Config: stackConfig, Create: func(r plan.Resource) (string, property.Map) {
		id, outputs := created(r)
		if r.Type == identityType {
			outputs = outputs.Set("clientId", property.New(clientID)).Set("principalId", property.New(principal))
		}
		if r.Type == identityType || r.Type == environmentType || r.Type == workspaceType || r.Type == receiversType {
			id = "/" + r.Type + "/" + r.Name
		}
		return id, outputs
	}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// named gives the one resource of a type and name.
func named(t *testing.T, g *plan.Graph, typ, name string) plan.Resource {
	t.Helper()
	i := slices.IndexFunc(g.Of(typ), func(r plan.Resource) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("there is no %s %s", typ, name)
	}
	return g.Of(typ)[i]
}

// show gives the inputs of the one resource of a type.
func show(t *testing.T, g *plan.Graph, typ string) string {
	t.Helper()
	all := g.Of(typ)
	if len(all) != 1 {
		t.Fatalf("there are %d of %s", len(all), typ)
	}
	return secrettest.Show(property.New(all[0].Inputs))
}

func TestRotatorGraph(t *testing.T) {
	g := run(t, rotating(nil))
	var got []string
	for _, r := range g.Children(named(t, g, azuresecret.RotatorType, "shop-rotator").URN) {
		got = append(got, r.String())
	}
	want := []string{
		jobType + " shop-rotator",
		environmentType + " shop-rotator",
		roleType + " shop-rotator",
		settingType + " shop-rotator",
		identityType + " shop-rotator",
		workspaceType + " shop-rotator",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if r := named(t, g, workspaceType, "shop-rotator"); !r.Protect {
		t.Errorf("%s, which has the history, is not protected", r)
	}
	for _, r := range g.Resources {
		for _, urn := range r.Dependencies {
			if d, _ := g.Get(urn); !d.Custom {
				t.Errorf("%s depends on the component %s", r, d)
			}
		}
	}
}

func TestRotatorRole(t *testing.T) {
	g := record(t, rotating(nil))
	const scope = "/subscriptions/" + subscription + "/resourceGroups/shop-vault"
	role := named(t, g, roleType, "shop-rotator")
	want := map[string]string{"roleName": "Rotator shop-rotator of shop-vault", "roleType": "CustomRole", "scope": scope, "assignableScopes": "[" + scope + "]"}
	for input, want := range want {
		if got := secrettest.Show(role.Inputs.Get(input)); got != want {
			t.Errorf("the role's %s is %s, want %s", input, got, want)
		}
	}
	if id := secrettest.Show(role.Inputs.Get("roleDefinitionId")); uuid.Validate(id) != nil {
		t.Errorf("the role's id is %s", id)
	}
	if permissions := role.Inputs.Get("permissions").AsArray(); permissions.Len() != 1 || permissions.Get(0).AsMap().Len() != 1 {
		t.Errorf("the role may do %s: more than with data", secrettest.Show(role.Inputs.Get("permissions")))
	}
}

// The rotator has its role on the secrets that it rotates and their companions, may read what it needs for
// others, and has nothing on the rest, nor on the vault.
func TestRotatorAssignments(t *testing.T) {
	g := record(t, rotating(nil))
	role := named(t, g, roleType, "shop-rotator")
	own, user := secrettest.Show(role.Inputs.Get("roleDefinitionId")), "4633458b-17de-408a-b874-0445c86b69e6"
	got := map[string]string{} // the role on each scope
	names := map[string]bool{}
	for _, r := range g.Of(assignmentType) {
		text := func(name string) string { return secrettest.Show(r.Inputs.Get(name)) }
		if names[text("roleAssignmentName")] || uuid.Validate(text("roleAssignmentName")) != nil || text("principalType") != "ServicePrincipal" {
			t.Errorf("%s is %s", r, secrettest.Show(property.New(r.Inputs)))
		}
		names[text("roleAssignmentName")] = true
		if text("principalId") != principal {
			continue
		}
		definitions := "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/"
		got[text("scope")] = strings.TrimPrefix(text("roleDefinitionId"), definitions)
		if got[text("scope")] == own && !slices.Contains(r.Dependencies, role.URN) {
			t.Errorf("%s does not wait for the role", r)
		}
	}
	const secrets = "/vaults/shop-vault/secrets/"
	want := map[string]string{
		secrets + "signing-key": own, secrets + "signing-key--rotation": own,
		secrets + "orders--sdb": own, secrets + "orders--sdb--rotation": own,
		secrets + "by-hand": own, secrets + "by-hand--rotation": own,
		secrets + "orders-admin": user,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("roles by scope (-want +got):\n%s", diff)
	}
}

// A companion begins as each secret does, with a marker that is no value.
func TestCompanion(t *testing.T) {
	g := record(t, rotating(nil))
	for _, name := range []string{"signing-key", "orders/db", "by-hand"} {
		c := named(t, g, secretType, name+".rotation")
		id := secrettest.Show(named(t, g, secretType, name).Inputs.Get("secretName")) + "--rotation"
		want := "{properties: {attributes: {enabled: false}, value: secret no value yet}, resourceGroupName: shop-vault, secretName: " + id + ", vaultName: shop-vault}"
		if diff := cmp.Diff(want, secrettest.Show(property.New(c.Inputs))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c, diff)
		}
		if diff := cmp.Diff([]string{"properties", "tags"}, c.IgnoreChanges); diff != "" || !c.Protect {
			t.Errorf("%s is protected: %v; ignores (-want +got):\n%s", c, c.Protect, diff)
		}
	}
	if got := len(g.Of(secretType)); got != 5+3 {
		t.Errorf("there are %d secrets, want 5 and 3 companions", got)
	}
}

func TestEnvironment(t *testing.T) {
	g := record(t, rotating(nil))
	const want = "{appLogsConfiguration: {destination: azure-monitor}, environmentName: shop-rotator, resourceGroupName: shop-vault, " +
		"workloadProfiles: [{name: Consumption, workloadProfileType: Consumption}]}"
	if diff := cmp.Diff(want, show(t, g, environmentType)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const workspace = "{resourceGroupName: shop-vault, retentionInDays: 730, sku: {name: PerGB2018}, workspaceName: shop-rotator}"
	if diff := cmp.Diff(workspace, show(t, g, workspaceType)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const setting = "{logs: [{category: ContainerAppConsoleLogs, enabled: true}, {category: ContainerAppSystemLogs, enabled: true}], name: shop-rotator, " +
		"resourceUri: /" + environmentType + "/shop-rotator, workspaceId: /" + workspaceType + "/shop-rotator}"
	if diff := cmp.Diff(setting, show(t, g, settingType)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	g = record(t, rotating(func(args *azuresecret.RotatorArgs) { args.Subnet = pulumi.String(subnet) }))
	network := secrettest.Show(named(t, g, environmentType, "shop-rotator").Inputs.Get("vnetConfiguration"))
	if network != "{infrastructureSubnetId: "+subnet+", internal: true}" {
		t.Errorf("the network is %s", network)
	}
}

func TestJob(t *testing.T) {
	g := record(t, rotating(nil))
	job := named(t, g, jobType, "shop-rotator").Inputs
	want := map[string]string{
		"configuration": "{registries: [], replicaRetryLimit: 0, replicaTimeout: 3000, scheduleTriggerConfig: {cronExpression: 0 * * * *, parallelism: 1, " +
			"replicaCompletionCount: 1}, triggerType: Schedule}",
		"environmentId":       "/" + environmentType + "/shop-rotator",
		"identity":            "{type: UserAssigned, userAssignedIdentities: [/" + identityType + "/shop-rotator]}",
		"jobName":             "shop-rotator",
		"resourceGroupName":   "shop-vault",
		"workloadProfileName": "Consumption",
	}
	got := map[string]string{}
	for name, v := range job.All {
		if name != "template" {
			got[name] = secrettest.Show(v)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	container := job.Get("template").AsMap().Get("containers").AsArray().Get(0).AsMap()
	if container.Get("image").AsString() != image {
		t.Errorf("it runs %s", secrettest.Show(container.Get("image")))
	}

	g = record(t, rotating(func(args *azuresecret.RotatorArgs) { args.Image = "shop.azurecr.io/rotate-job" + digest }))
	registries := secrettest.Show(named(t, g, jobType, "shop-rotator").Inputs.Get("configuration").AsMap().Get("registries"))
	if registries != "[{identity: /"+identityType+"/shop-rotator, server: shop.azurecr.io}]" {
		t.Errorf("it signs in at %s", registries)
	}
}

// variables gives the job's environment.
func variables(t *testing.T, g *plan.Graph) map[string]string {
	t.Helper()
	all := map[string]string{}
	job := named(t, g, jobType, "shop-rotator").Inputs
	for _, v := range job.Get("template").AsMap().Get("containers").AsArray().Get(0).AsMap().Get("env").AsArray().All {
		all[v.AsMap().Get("name").AsString()] = secrettest.Show(v.AsMap().Get("value"))
	}
	return all
}

func TestJobEnvironment(t *testing.T) {
	env := variables(t, record(t, rotating(nil)))
	for name, want := range map[string]string{
		"AZURE_CLIENT_ID": clientID, "SECRETSTACK_VAULT": "https://shop-vault.vault.azure.net/", "SECRETSTACK_TIMEOUT": "50m0s",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
		delete(env, name)
	}
	want := map[string]secret.Job{
		"SECRETSTACK_ROTATION_1": {Secret: "signing-key", ID: "signing-key", Rotation: *rotated[0].Rotation},
		"SECRETSTACK_ROTATION_2": {
			Secret: "orders/db", ID: "orders--sdb", Rotation: *rotated[2].Rotation,
			Address: secret.Address{Host: "db.example.com", Database: "orders"}, Reads: map[string]string{"orders-admin": "orders-admin"},
		},
		"SECRETSTACK_ROTATION_3": {Secret: "by-hand", ID: "by-hand", Rotation: *rotated[3].Rotation},
	}
	got := map[string]secret.Job{}
	for name, text := range env {
		var job secret.Job
		if err := json.Unmarshal([]byte(text), &job); err != nil {
			t.Errorf("%s is %q: %v", name, text, err)
		}
		got[name] = job
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The variables are those that the program knows, but for the one that a person gives it.
func TestJobVariables(t *testing.T) {
	files, err := filepath.Glob("../../cmd/rotate-job/*.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("[\"`^]((?:SECRETSTACK|AZURE)_[A-Z_]*[A-Z_])[\"\\[]").FindAllStringSubmatch(string(text), -1) {
			known[m[1]] = true
		}
	}
	delete(known, "SECRETSTACK_ROTATE")
	given := map[string]bool{}
	for name := range variables(t, record(t, rotating(nil))) {
		given[strings.TrimRight(name, "0123456789")] = true
	}
	if diff := cmp.Diff(known, given); diff != "" || len(known) == 0 {
		t.Errorf("the program's variables and the job's (-program +job):\n%s", diff)
	}
}

// Each name gives one that Azure takes for all, and no two give the same.
func TestNamesOfRotator(t *testing.T) {
	rule := regexp.MustCompile(`^[a-z]([a-z0-9-]{2,30})[a-z0-9]$`)
	taken := map[string]string{}
	long := strings.Repeat("long-", 40)
	for _, name := range []string{
		"r", "rot", "rota", "1rotator", "shop-rotator", "shop_rotator", "Shop-rotator", "shop--rotator", "shop-rotator-", "die Läden", "-",
		long[:32], long[:33], long[:34], long,
	} {
		g := record(t, func(ctx *pulumi.Context) error {
			store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowedNetworks: []string{"203.0.113.7"}})
			if err == nil {
				_, err = azuresecret.NewRotator(ctx, name, &azuresecret.RotatorArgs{Store: store, Image: image})
			}
			return err
		})
		id := secrettest.Show(named(t, g, jobType, name).Inputs.Get("jobName"))
		if !rule.MatchString(id) || strings.Contains(id, "--") || taken[id] != "" {
			t.Errorf("%q is %q in Azure, as is %q", name, id, taken[id])
		}
		taken[id] = name
		for typ, input := range map[string]string{identityType: "resourceName", environmentType: "environmentName", workspaceType: "workspaceName"} {
			if got := secrettest.Show(named(t, g, typ, name).Inputs.Get(input)); got != id {
				t.Errorf("the name of a %s is %q, want %q", typ, got, id)
			}
		}
	}
	if taken["shop-rotator"] != "shop-rotator" || taken["rota"] != "rota" {
		t.Error("a name that fits is not taken as it is")
	}
}

// No two resources have one name, here or in Azure, whatever secrets and readers are called.
func TestNamesThatMeet(t *testing.T) {
	rotation := &secret.Rotation{Generated: &secret.Generated{}}
	specs := []secret.Spec{
		{Name: "orders", Rotation: rotation, Readers: []string{"rotator", "rotation"}},
		{Name: "orders-rotation", Rotation: rotation, Readers: []string{"rotator"}},
		{Name: "orders/rotator", Rotation: rotation, Readers: []string{"rotator"}},
	}
	readers := map[string]pulumi.StringInput{"rotator": identities["checkout"], "rotation": identities["reports"]}
	g := record(t, func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault", AllowedNetworks: []string{"203.0.113.7"}})
		if err != nil {
			return err
		}
		for _, name := range []string{"first", "second"} { // two rotators of one store
			rotator, err := azuresecret.NewRotator(ctx, name, &azuresecret.RotatorArgs{Store: store, Secrets: specs, Image: image})
			if err != nil {
				return err
			}
			for i, s := range specs {
				if (i == 0) != (name == "first") {
					continue
				}
				if _, err := azuresecret.NewSecret(ctx, s.Name, &azuresecret.SecretArgs{Store: store, Spec: s, Readers: readers, Rotator: rotator}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	seen := map[string]bool{}
	for _, r := range g.Resources {
		for _, id := range []string{r.URN, secrettest.Show(r.Inputs.Get("roleDefinitionId")), secrettest.Show(r.Inputs.Get("roleName"))} {
			if r.Type == assignmentType && id != r.URN || !strings.Contains(id, "-") && !strings.HasPrefix(id, "Rotator ") {
				continue
			}
			if seen[id] {
				t.Errorf("%s is there twice, as %s", id, r)
			}
			seen[id] = true
		}
	}
	if secrets, grants := len(g.Of(secretType)), len(g.Of(assignmentType)); secrets != 6 || grants != 4+6 {
		t.Errorf("there are %d secrets and %d grants, want 3 with their companions, and 4 of readers and 2 of the rotators for each", secrets, grants)
	}
}

func wantMistakes(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Error("there is no error")
		return
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not have %q:\n%v", w, err)
		}
	}
	if lines := strings.Count(err.Error(), "\n  "); lines != len(want)-1 {
		t.Errorf("the error has %d mistakes, want %d:\n%v", lines, len(want)-1, err)
	}
}

func TestNewRotatorMistakes(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := azuresecret.NewRotator(ctx, "shop", nil)
		wantMistakes(t, err, `the Azure rotator "shop" cannot be made`, "Store: is missing")

		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault"})
		if err != nil {
			return err
		}
		certified := func(host pulumi.StringInput, ca string) target.Args {
			return target.Args{URL: host, CA: pulumi.String(ca)}
		}
		address := pulumi.String("https://example.com")
		ca := strings.Repeat(testcert.PEM(t), 400) // too much for one variable
		webhook := &secret.Rotation{Webhook: &secret.Webhook{Key: "key"}}
		_, err = azuresecret.NewRotator(ctx, "rotator", &azuresecret.RotatorArgs{
			Store: store,
			Secrets: []secret.Spec{
				{Name: "often", Rotation: &secret.Rotation{Every: secret.Every(time.Minute), Generated: &secret.Generated{}}},
				{Name: "lost", Rotation: webhook},
				{Name: strings.Repeat("n", 118), Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
				{Name: "no name", Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
				{Name: "certified", Rotation: webhook},
				{Name: "left-alone"},
			},
			Targets: map[string]target.Args{"left-alone": {}, "certified": certified(address, ca)},
			Image:   "rotator:latest",
		})
		wantMistakes(t, err, `the Azure rotator "rotator" cannot be made`, "Image: must be", "Subnet: is missing", "Secrets[often].Rotation.every: must be 1h",
			"Secrets[often].Rotation.every: must be whole hours", "Targets: has none for lost", "Targets[left-alone]: is for no secret",
			"it would have 118 characters; 117 are allowed where it is rotated", "Secrets[no name]: a secret's name has",
			"Targets[certified]: what the job is told of it has")

		var specs []secret.Spec
		targets := map[string]target.Args{}
		for i := range 20 {
			specs = append(specs, secret.Spec{Name: fmt.Sprintf("s%d", i), Rotation: webhook})
			targets[specs[i].Name] = certified(address, ca[:len(ca)/2])
		}
		_, err = azuresecret.NewRotator(ctx, "rotator", &azuresecret.RotatorArgs{
			Store: store, Secrets: specs, Targets: targets, Image: image, Subnet: pulumi.String("rotator"),
		})
		wantMistakes(t, err, "cannot be made", "Subnet: must be the resource id", "Secrets: what the job is told of them has")
		return nil
	})
	if rotators := g.Of(azuresecret.RotatorType); len(rotators) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", rotators)
	}
}

func TestNewSecretMistakesOfRotation(t *testing.T) {
	run(t, func(ctx *pulumi.Context) error {
		store, err := azuresecret.NewStore(ctx, "shop", &azuresecret.StoreArgs{Vault: "shop-vault"})
		if err != nil {
			return err
		}
		other, err := azuresecret.NewStore(ctx, "other", &azuresecret.StoreArgs{Vault: "other-vault"})
		if err != nil {
			return err
		}
		rotator, err := azuresecret.NewRotator(ctx, "rotator", &azuresecret.RotatorArgs{
			Store: store, Secrets: rotated, Targets: addresses, Image: image, Subnet: pulumi.String(subnet).ToStringOutput(),
		})
		if err != nil {
			return err
		}
		generated := &secret.Rotation{Generated: &secret.Generated{}}
		for want, args := range map[string]*azuresecret.SecretArgs{
			"Rotator: is missing":           {Store: store, Spec: rotated[0]},
			"Rotator: is of another store":  {Store: other, Spec: rotated[0], Rotator: rotator},
			"Rotator: does not have":        {Store: store, Spec: secret.Spec{Name: "signing-key", Rotation: generated}, Rotator: rotator},
			"Rotator: does not have this":   {Store: store, Spec: secret.Spec{Name: "alone"}, Rotator: rotator},
			"Spec.Name: it would have 128 ": {Store: store, Spec: secret.Spec{Name: strings.Repeat("n", 128)}},
		} {
			args.Readers = identities
			_, err := azuresecret.NewSecret(ctx, "orders", args)
			wantMistakes(t, err, `the Azure secret "orders" cannot be made`, want)
		}
		return nil
	})
}

func TestExampleWithRotation(t *testing.T) {
	g := secrettest.MustRecord(t, programWithRotation, map[string]string{
		"azure-native:subscriptionId": subscription, "azure-native:tenantId": "the-tenant", "shop:pagerduty": hook,
	})
	if got := len(watchers(g)); got != 9+1+2 {
		t.Errorf("%d rules watch, want 9 queries, a metric and 2 of the activity log", got)
	}
	if got := len(g.Of(assignmentType)); got != 4 {
		t.Errorf("there are %d grants, want 1 to the reader, and to the rotator 3", got)
	}
}
