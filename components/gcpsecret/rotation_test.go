package gcpsecret_test

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
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/gcpsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/components/target"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/testcert"
)

const (
	accountType      = "gcp:serviceaccount/account:Account"
	roleType         = "gcp:projects/iAMCustomRole:IAMCustomRole"
	serviceType      = "gcp:cloudrunv2/service:Service"
	invokerType      = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
	topicType        = "gcp:pubsub/topic:Topic"
	publisherType    = "gcp:pubsub/topicIAMMember:TopicIAMMember"
	subscriptionType = "gcp:pubsub/subscription:Subscription"
	subscriberType   = "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember"
	tokenType        = "gcp:serviceaccount/iAMMember:IAMMember"
	identityType     = "gcp:projects/serviceIdentity:ServiceIdentity"
	apiType          = "gcp:projects/service:Service"
	clockType        = "gcp:cloudscheduler/job:Job"

	image = "europe-west1-docker.pkg.dev/shop/secretstack/rotate-run@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

// What there is to rotate: a key of no target, a database whose admin is another secret, and one that a person
// starts.
var rotated = []secret.Spec{
	{Name: "signing-key", Readers: []string{"checkout"}, Rotation: &secret.Rotation{
		Every: secret.Every(30 * 24 * time.Hour), Generated: &secret.Generated{},
	}},
	{Name: "orders/db", Description: "For orders", Rotation: &secret.Rotation{
		Every: secret.Every(time.Hour), Postgres: &secret.Database{Users: []string{"a", "b"}, Admin: "orders-admin"},
	}},
	{Name: "by-hand", Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
	{Name: "orders-admin"},
	{Name: "alone", Readers: []string{"checkout"}},
}

var addresses = map[string]target.Args{"orders/db": {Host: pulumi.String("db.example.com"), Database: "orders"}}

// rotating makes all that is in rotated, and its rotator; change, unless nil, has the last word on its arguments.
func rotating(change func(*gcpsecret.RotatorArgs)) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: "shop-", Locations: []string{"europe-west1"}})
		if err != nil {
			return err
		}
		args := &gcpsecret.RotatorArgs{Store: store, Secrets: rotated, Targets: addresses, Image: image}
		if change != nil {
			change(args)
		}
		rotator, err := gcpsecret.NewRotator(ctx, "shop-rotator", args)
		if err != nil {
			return err
		}
		for _, s := range rotated {
			if err := with(ctx, rotator, store, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// with makes a secret, with the rotator if that has to do with it.
func with(ctx *pulumi.Context, rotator *gcpsecret.Rotator, store *gcpsecret.Store, s secret.Spec) error {
	args := &gcpsecret.SecretArgs{Store: store, Spec: s, Readers: identities}
	if s.Name != "alone" {
		args.Rotator = rotator
	}
	_, err := gcpsecret.NewSecret(ctx, s.Name, args)
	return err
}

// google gives resources the ids and outputs that Google gives, as far as others need them.
func google(r plan.Resource) (string, property.Map) {
	text := func(name string) string { return secrettest.Show(r.Inputs.Get(name)) }
	outputs := map[string]property.Value{}
	set := func(name, value string) { outputs[name] = property.New(value) }
	switch r.Type {
	case identityType:
		agent := strings.TrimSuffix(text("service"), ".googleapis.com")
		set("member", "serviceAccount:service-123456789012@gcp-sa-"+agent+".iam.gserviceaccount.com")
	case accountType:
		email := text("accountId") + "@shop.iam.gserviceaccount.com"
		set("email", email)
		set("member", "serviceAccount:"+email)
		set("project", "shop")
		set("uniqueId", "100000000000000000001")
		set("name", "projects/shop/serviceAccounts/"+email)
	case roleType:
		set("name", "projects/shop/roles/"+text("roleId"))
	case topicType:
		return "projects/shop/topics/" + r.Name, property.NewMap(outputs)
	case subscriptionType:
		set("name", r.Name+"-5d6e7f8")
	case serviceType:
		set("uri", "https://"+text("name")+"-abcdef-ew.a.run.app")
	}
	return "id:" + r.String(), property.NewMap(outputs)
}

func record(t *testing.T, program pulumi.RunFunc) *plan.Graph {
	t.Helper()
	g, err := plan.Run(t.Context(), program, plan.Options{Config: map[string]string{"gcp:project": "shop"}, Create: google})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// show gives the inputs of the one resource of a type and name.
func show(t *testing.T, g *plan.Graph, typ, name string) string {
	t.Helper()
	return secrettest.Show(property.New(named(t, g, typ, name).Inputs))
}

func TestRotatorGraph(t *testing.T) {
	g := run(t, rotating(nil))
	rotator := named(t, g, gcpsecret.RotatorType, "shop-rotator")
	var got []string
	for _, r := range g.Children(rotator.URN) {
		got = append(got, r.String())
	}
	want := []string{
		serviceType + " shop-rotator",
		invokerType + " shop-rotator",
		roleType + " shop-rotator",
		roleType + " shop-rotator-companion",
		apiType + " shop-rotator-cloudscheduler",
		apiType + " shop-rotator-iam",
		apiType + " shop-rotator-pubsub",
		apiType + " shop-rotator-run",
		identityType + " shop-rotator",
		identityType + " shop-rotator-clock",
		subscriptionType + " shop-rotator",
		subscriptionType + " shop-rotator-failed",
		subscriberType + " shop-rotator",
		topicType + " shop-rotator",
		topicType + " shop-rotator-failed",
		publisherType + " shop-rotator",
		publisherType + " shop-rotator-failed",
		accountType + " shop-rotator",
		accountType + " shop-rotator-push",
		tokenType + " shop-rotator",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}

// before gives all that is there before a resource.
func before(g *plan.Graph, r plan.Resource) map[string]bool {
	all := map[string]bool{}
	for next := []plan.Resource{r}; len(next) > 0; next = next[1:] {
		for _, urn := range next[0].Dependencies {
			if d, ok := g.Get(urn); ok && !all[d.String()] {
				all[d.String()], next = true, append(next, d)
			}
		}
	}
	return all
}

// Whatever a message needs is there before the clock that sends it; and nothing waits for a component.
func TestRotatorOrder(t *testing.T) {
	g := run(t, rotating(nil))
	clock := named(t, g, clockType, "signing-key.rotation")
	all := before(g, clock)
	needed := append(g.Children(named(t, g, gcpsecret.RotatorType, "shop-rotator").URN), g.Children(clock.Parent)...)
	for _, r := range needed {
		if !all[r.String()] && r.URN != clock.URN && r.Name != "signing-key.checkout" {
			t.Errorf("the clock starts before %s is there", r)
		}
	}
	for _, r := range g.Resources {
		for _, urn := range r.Dependencies {
			if d, _ := g.Get(urn); !d.Custom {
				t.Errorf("%s depends on the component %s", r, d)
			}
		}
	}
	sub := before(g, named(t, g, subscriptionType, "shop-rotator"))
	for _, needed := range []string{tokenType + " shop-rotator", publisherType + " shop-rotator-failed", serviceType + " shop-rotator"} {
		if !sub[needed] {
			t.Errorf("messages are brought before %s is there", needed)
		}
	}
}

// The rotator may do what it needs with the secrets that it rotates and reads, and nothing with others, nor
// with the project; the others may do one thing each.
func TestRotatorGrants(t *testing.T) {
	g := record(t, rotating(nil))
	const (
		rotator = "serviceAccount:shop-rotator@shop.iam.gserviceaccount.com"
		pusher  = "serviceAccount:shop-rotator-push@shop.iam.gserviceaccount.com"
		role    = "projects/shop/roles/rotator.shop_rotator.100000000000000000001"
		keeper  = "projects/shop/roles/keeper.shop_rotator.100000000000000000001"
		pubsub  = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
		clock   = "serviceAccount:service-123456789012@gcp-sa-cloudscheduler.iam.gserviceaccount.com"
	)
	var got []string
	for _, r := range g.Resources {
		if member, ok := r.Inputs.GetOk("member"); ok && !strings.HasPrefix(r.Type, "gcp:kms/") &&
			!strings.HasPrefix(member.AsString(), "serviceAccount:checkout@") {
			on := r.Inputs.Get("secretId")
			for _, name := range []string{"topic", "subscription", "serviceAccountId", "name"} {
				if v, ok := r.Inputs.GetOk(name); ok {
					on = v
				}
			}
			got = append(got, member.AsString()+" has "+secrettest.Show(r.Inputs.Get("role"))+" on "+secrettest.Show(on))
		}
	}
	want := []string{
		rotator + " has " + role + " on shop-by-hand",
		rotator + " has " + keeper + " on shop-by-hand--rotation",
		rotator + " has " + role + " on shop-orders--sdb",
		rotator + " has " + keeper + " on shop-orders--sdb--rotation",
		rotator + " has " + role + " on shop-signing-key",
		rotator + " has " + keeper + " on shop-signing-key--rotation",
		rotator + " has roles/secretmanager.secretAccessor on shop-orders-admin",
		pusher + " has roles/run.invoker on shop-rotator",
		pubsub + " has roles/iam.serviceAccountTokenCreator on projects/shop/serviceAccounts/shop-rotator-push@shop.iam.gserviceaccount.com",
		pubsub + " has roles/pubsub.publisher on projects/shop/topics/shop-rotator-failed",
		pubsub + " has roles/pubsub.subscriber on shop-rotator-5d6e7f8",
		clock + " has roles/pubsub.publisher on projects/shop/topics/shop-rotator",
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}

// In a companion Pulumi does not change what the rotator keeps there.
func TestCompanion(t *testing.T) {
	g := record(t, rotating(nil))
	for _, name := range []string{"signing-key", "orders/db", "by-hand"} {
		main, c := named(t, g, secretType, name), named(t, g, secretType, name+".rotation")
		id := secrettest.Show(main.Inputs.Get("secretId")) + "--rotation"
		want := "{replication: " + secrettest.Show(main.Inputs.Get("replication")) + ", secretId: " + id + "}" // no TTL: what was pending is gone at once
		if got := secrettest.Show(property.New(c.Inputs)); got != want || !c.Protect {
			t.Errorf("%s is protected: %v, and is %s, want %s", c, c.Protect, got, want)
		}
		if diff := cmp.Diff([]string{"annotations"}, c.IgnoreChanges); diff != "" {
			t.Errorf("%s ignores (-want +got):\n%s", c, diff)
		}
	}
	for _, s := range g.Of(secretType) {
		for _, sends := range []string{"rotation", "topics"} {
			if _, has := s.Inputs.GetOk(sends); has {
				t.Errorf("%s sends messages, each of which has a price", s)
			}
		}
	}
}

// Each secret that is rotated, by hand too, has a clock, whose message is that of its companion.
func TestClocks(t *testing.T) {
	g := record(t, rotating(nil))
	want := map[string]string{}
	for id, minute := range map[string]string{"shop-signing-key": "21", "shop-orders--sdb": "54", "shop-by-hand": "1"} { // for ever
		want[id+"--rotation"] = "{name: " + id + "--rotation, pubsubTarget: {attributes: {eventType: SECRET_ROTATE, secretId: projects/shop/secrets/" +
			id + "--rotation}, topicName: projects/shop/topics/shop-rotator}, region: europe-west1, schedule: " + minute + " * * * *, timeZone: Etc/UTC}"
	}
	got := map[string]string{}
	for _, c := range g.Of(clockType) {
		got[secrettest.Show(c.Inputs.Get("name"))] = secrettest.Show(property.New(c.Inputs))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The service reads what it is told of a secret on the secret; a secret that is rotated by hand is one of them.
func TestJobs(t *testing.T) {
	g := record(t, rotating(nil))
	job := func(name string) (job secret.Job) {
		t.Helper()
		text := named(t, g, secretType, name).Inputs.Get("annotations").AsMap().Get("secretstack-rotation").AsString()
		if err := json.Unmarshal([]byte(text), &job); err != nil {
			t.Fatal(err)
		}
		return job
	}
	want := secret.Job{
		Secret: "orders/db", ID: "projects/shop/secrets/shop-orders--sdb", Rotation: *rotated[1].Rotation,
		Address: secret.Address{Host: "db.example.com", Database: "orders"},
		Reads:   map[string]string{"orders-admin": "projects/shop/secrets/shop-orders-admin"},
	}
	if diff := cmp.Diff(want, job("orders/db")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if by := job("by-hand"); by.Rotation.Every != secret.Manual || by.ID != "projects/shop/secrets/shop-by-hand" {
		t.Errorf("of a manual rotation the service is told %+v", by)
	}
	if got := secrettest.Show(named(t, g, secretType, "orders/db").Inputs.Get("annotations").AsMap().Get("description")); got != "For orders" {
		t.Errorf("the description is %s", got)
	}
	for _, name := range []string{"orders-admin", "alone"} {
		if _, told := named(t, g, secretType, name).Inputs.Get("annotations").AsMap().GetOk("secretstack-rotation"); told {
			t.Errorf("%s, which nobody rotates, has a job", name)
		}
	}
}

func TestService(t *testing.T) {
	g := record(t, rotating(nil))
	const want = "{customAudiences: [https://shop-rotator.rotator.invalid], ingress: INGRESS_TRAFFIC_INTERNAL_ONLY, location: europe-west1, " +
		"name: shop-rotator, template: {containers: [{envs: [" +
		"{name: SECRETSTACK_SECRETS, value: projects/shop/secrets/shop-,projects/123456789012/secrets/shop-}, " +
		"{name: SECRETSTACK_PUSH_AUDIENCE, value: https://shop-rotator.rotator.invalid}, " +
		"{name: SECRETSTACK_PUSH_ACCOUNT, value: shop-rotator-push@shop.iam.gserviceaccount.com}, " +
		"{name: SECRETSTACK_INVOKER_CHECKED, value: true}], image: " + image + "}], maxInstanceRequestConcurrency: 10, " +
		"scaling: {maxInstanceCount: 2, minInstanceCount: 0}, serviceAccount: shop-rotator@shop.iam.gserviceaccount.com, timeout: 600s}}"
	if diff := cmp.Diff(want, show(t, g, serviceType, "shop-rotator")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	g = record(t, rotating(func(args *gcpsecret.RotatorArgs) {
		args.Location = "europe-west4"
		args.Network = &gcpsecret.Network{Network: pulumi.String("shop"), Subnetwork: pulumi.String("rotator")}
	}))
	s := named(t, g, serviceType, "shop-rotator").Inputs
	const access = "{egress: PRIVATE_RANGES_ONLY, networkInterfaces: [{network: shop, subnetwork: rotator}]}"
	if got := secrettest.Show(s.Get("template").AsMap().Get("vpcAccess")); got != access || s.Get("location").AsString() != "europe-west4" {
		t.Errorf("in %s, with the network %s", secrettest.Show(s.Get("location")), got)
	}
}

// The variables are those that the program knows.
func TestServiceEnvironment(t *testing.T) {
	files, err := filepath.Glob("../../cmd/rotate-run/*.go")
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
		for _, m := range regexp.MustCompile(`env\("(SECRETSTACK_\w+)"\)`).FindAllStringSubmatch(string(text), -1) {
			known[m[1]] = true
		}
	}
	given := map[string]bool{}
	service := named(t, record(t, rotating(nil)), serviceType, "shop-rotator").Inputs
	for _, v := range service.Get("template").AsMap().Get("containers").AsArray().Get(0).AsMap().Get("envs").AsArray().All {
		given[v.AsMap().Get("name").AsString()] = true
	}
	if diff := cmp.Diff(known, given); diff != "" || len(known) == 0 {
		t.Errorf("the program's variables and the service's (-program +service):\n%s", diff)
	}
}

func TestDelivery(t *testing.T) {
	g := record(t, rotating(nil))
	const want = `{ackDeadlineSeconds: 600, deadLetterPolicy: {deadLetterTopic: projects/shop/topics/shop-rotator-failed, maxDeliveryAttempts: 10}, ` +
		`expirationPolicy: {ttl: }, filter: attributes.eventType = "SECRET_ROTATE", messageRetentionDuration: 604800s, ` +
		`pushConfig: {oidcToken: {audience: https://shop-rotator.rotator.invalid, serviceAccountEmail: shop-rotator-push@shop.iam.gserviceaccount.com}, ` +
		`pushEndpoint: https://shop-rotator-abcdef-ew.a.run.app}, retryPolicy: {maximumBackoff: 600s, minimumBackoff: 10s}, ` +
		`topic: projects/shop/topics/shop-rotator}`
	if diff := cmp.Diff(want, show(t, g, subscriptionType, "shop-rotator")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const failed = "{expirationPolicy: {ttl: }, messageRetentionDuration: 2678400s, topic: projects/shop/topics/shop-rotator-failed}"
	if diff := cmp.Diff(failed, show(t, g, subscriptionType, "shop-rotator-failed")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := show(t, g, topicType, "shop-rotator"); got != "{name: shop-rotator}" { // by which people publish
		t.Errorf("the topic is %s", got)
	}
}

// Each name gives names that Google takes, and no two give the same.
func TestNamesOfRotator(t *testing.T) {
	account := regexp.MustCompile(`^[a-z]([a-z0-9-]{4,28})[a-z0-9]$`)
	role := regexp.MustCompile(`^[A-Za-z0-9_.]{3,64}$`)
	taken := map[string]string{}
	long := strings.Repeat("long-", 40)
	for _, name := range []string{"rot", "shop-rotator", "shop_rotator", "Shop-rotator", "shop-rotator-", long[:30], long[:31], long[:32], long} {
		g := record(t, func(ctx *pulumi.Context) error {
			store, err := gcpsecret.NewStore(ctx, "shop", nil)
			if err == nil {
				_, err = gcpsecret.NewRotator(ctx, name, &gcpsecret.RotatorArgs{Store: store, Image: image, Location: "europe-west1"})
			}
			return err
		})
		for _, r := range append(g.Of(accountType), g.Of(roleType)...) {
			rule, field := account, "accountId"
			if r.Type == roleType {
				rule, field = role, "roleId"
			}
			id := secrettest.Show(r.Inputs.Get(field))
			if !rule.MatchString(id) || taken[id] != "" {
				t.Errorf("%s has the id %q, as has %q", r, id, taken[id])
			}
			taken[id] = r.String()
		}
		if id := secrettest.Show(named(t, g, serviceType, name).Inputs.Get("name")); !account.MatchString(id) {
			t.Errorf("the service of %s is %q", name, id)
		}
	}
	if taken["shop-rotator"] == "" {
		t.Error("a name that fits is not taken as it is")
	}
}

// No two resources have one name, whatever secrets and readers are called.
func TestNamesThatMeet(t *testing.T) {
	rotation := &secret.Rotation{Generated: &secret.Generated{}}
	specs := []secret.Spec{
		{Name: "orders", Rotation: rotation, Readers: []string{"rotator", "rotation"}},
		{Name: "orders-rotation", Rotation: rotation, Readers: []string{"rotator"}},
		{Name: "orders/rotator", Rotation: rotation, Readers: []string{"rotator"}},
	}
	readers := map[string]pulumi.StringInput{"rotator": identities["checkout"], "rotation": identities["reports"]}
	g := record(t, func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", nil)
		if err != nil {
			return err
		}
		for _, name := range []string{"first", "second"} { // two rotators in one project, of one store
			rotator, err := gcpsecret.NewRotator(ctx, name, &gcpsecret.RotatorArgs{Store: store, Secrets: specs, Image: image, Location: "europe-west1"})
			if err != nil {
				return err
			}
			for i, s := range specs {
				if (i == 0) != (name == "first") {
					continue
				}
				if _, err := gcpsecret.NewSecret(ctx, s.Name, &gcpsecret.SecretArgs{Store: store, Spec: s, Readers: readers, Rotator: rotator}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	seen := map[string]bool{}
	for _, r := range g.Resources {
		if seen[r.URN] {
			t.Errorf("%s is there twice", r.URN)
		}
		seen[r.URN] = true
	}
	if got := len(g.Of(secretType)); got != 6 {
		t.Errorf("there are %d secrets, want 3 and their companions", got)
	}
	if got := len(g.Of(memberType)); got != 4+6 {
		t.Errorf("there are %d grants, want 4 of readers and 2 of the rotators for each secret", got)
	}
	for name, rotator := range map[string]string{"orders": "first", "orders-rotation": "second", "orders/rotator": "second"} {
		for _, grant := range []string{"/rotator", ".rotation/rotator"} {
			member := secrettest.Show(named(t, g, memberType, name+grant).Inputs.Get("member"))
			account := secrettest.Show(named(t, g, accountType, rotator).Inputs.Get("accountId"))
			if member != "serviceAccount:"+account+"@shop.iam.gserviceaccount.com" {
				t.Errorf("%s is rotated by %s, want %s", name, member, account)
			}
		}
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
	ca := testcert.PEM(t)
	g := run(t, func(ctx *pulumi.Context) error {
		_, err := gcpsecret.NewRotator(ctx, "shop", nil)
		wantMistakes(t, err, `the Google Cloud rotator "shop" cannot be made`, "Store: is missing")

		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: strings.Repeat("p", 200)})
		if err != nil {
			return err
		}
		_, err = gcpsecret.NewRotator(ctx, "1 rotator", &gcpsecret.RotatorArgs{
			Store: store,
			Secrets: []secret.Spec{
				{Name: "often", Rotation: &secret.Rotation{Every: secret.Every(time.Minute), Generated: &secret.Generated{}}},
				{Name: "lost", Rotation: &secret.Rotation{Webhook: &secret.Webhook{Key: "key"}}},
				{Name: strings.Repeat("n", 46), Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
				{Name: "no name", Rotation: &secret.Rotation{Generated: &secret.Generated{}}},
				{Name: "certified", Rotation: &secret.Rotation{Webhook: &secret.Webhook{Key: "key"}}},
				{Name: "left-alone"},
			},
			Targets: map[string]target.Args{
				"left-alone": {},
				"certified":  {URL: pulumi.String("https://example.com"), CA: pulumi.String(strings.Repeat(ca, 40))},
			},
			Image:   "rotator:latest",
			Network: &gcpsecret.Network{Network: pulumi.String("shop")},
		})
		wantMistakes(t, err, `the Google Cloud rotator "1 rotator" cannot be made`, "name: must have", "Image: must be", "Location: must be a region",
			"Network: needs", "Secrets[often].Rotation.every: must be 1h", "Secrets[often].Rotation.every: must be whole hours",
			"Targets: has none for lost", "Targets[left-alone]: is for no secret", "it would have 246 characters; 245 are allowed where it is rotated",
			"Secrets[no name]: a secret's name has", "Targets[certified]: what the rotator is told of certified has")

		many := make([]secret.Spec, 5001)
		for i := range many {
			many[i] = secret.Spec{Name: fmt.Sprintf("s%d", i), Rotation: &secret.Rotation{Generated: &secret.Generated{}}}
		}
		_, err = gcpsecret.NewRotator(ctx, "google", &gcpsecret.RotatorArgs{Store: store, Secrets: many, Image: image, Location: "europe-west1"})
		wantMistakes(t, err, "cannot be made", "name: must have", "Secrets: 5001 are rotated")
		return nil
	})
	if rotators := g.Of(gcpsecret.RotatorType); len(rotators) > 0 {
		t.Errorf("%v are registered in spite of the mistakes", rotators)
	}
}

// Annotations have 16 KiB, less a byte, for all of them: what fits is let pass, with the longest name of a project.
func TestAnnotationsThatJustFit(t *testing.T) {
	ca := testcert.PEM(t)
	spec := secret.Spec{Name: "certified", Description: strings.Repeat("d", 500), Rotation: &secret.Rotation{Webhook: &secret.Webhook{Key: "key"}}}
	program := func(count int, later bool) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			store, err := gcpsecret.NewStore(ctx, "shop", nil)
			if err != nil {
				return err
			}
			certificates := pulumi.StringInput(pulumi.String(strings.Repeat(ca, count)))
			if later {
				certificates = certificates.ToStringOutput()
			}
			rotator, err := gcpsecret.NewRotator(ctx, "shop-rotator", &gcpsecret.RotatorArgs{
				Store: store, Image: image, Location: "europe-west1", Secrets: []secret.Spec{spec},
				Targets: map[string]target.Args{"certified": {URL: pulumi.String("https://example.com"), CA: certificates}},
			})
			if err != nil {
				return err
			}
			return with(ctx, rotator, store, spec)
		}
	}
	most, size := 0, 0
	for n := 1; ; n++ {
		g, err := plan.Run(t.Context(), program(n, false), plan.Options{Create: google})
		if err != nil {
			if !strings.Contains(err.Error(), "annotations take 16383") {
				t.Fatal(err)
			}
			break
		}
		most, size = n, 0
		for key, v := range named(t, g, secretType, "certified").Inputs.Get("annotations").AsMap().All {
			size += len(key) + len(v.AsString())
		}
	}
	if size >= 16<<10 || size < 15<<10 {
		t.Errorf("%d certificates with %d bytes are the most that is let pass", most, size)
	}
	_, err := plan.Run(t.Context(), program(most+1, true), plan.Options{Create: google})
	if err == nil || !strings.Contains(err.Error(), "annotations take 16383") {
		t.Errorf("what is known later only, and too big, gives the error %v", err)
	}
}

func TestNewSecretMistakesOfRotation(t *testing.T) {
	run(t, func(ctx *pulumi.Context) error {
		store, err := gcpsecret.NewStore(ctx, "shop", &gcpsecret.StoreArgs{Prefix: strings.Repeat("p", 200)})
		if err != nil {
			return err
		}
		other, err := gcpsecret.NewStore(ctx, "other", nil)
		if err != nil {
			return err
		}
		rotator, err := gcpsecret.NewRotator(ctx, "rotator", &gcpsecret.RotatorArgs{Store: store, Secrets: rotated, Targets: addresses, Image: image, Location: "europe-west1"})
		if err != nil {
			return err
		}
		generated := &secret.Rotation{Generated: &secret.Generated{}}
		for want, args := range map[string]*gcpsecret.SecretArgs{
			"Rotator: is missing":           {Store: store, Spec: rotated[0]},
			"Rotator: is of another store":  {Store: other, Spec: rotated[0], Rotator: rotator},
			"Rotator: does not have":        {Store: store, Spec: secret.Spec{Name: "signing-key", Rotation: generated}, Rotator: rotator},
			"Rotator: does not have this":   {Store: store, Spec: secret.Spec{Name: "alone"}, Rotator: rotator},
			"Spec.Name: it would have 256 ": {Store: store, Spec: secret.Spec{Name: strings.Repeat("n", 56)}},
		} {
			args.Readers = identities
			_, err := gcpsecret.NewSecret(ctx, "orders", args)
			wantMistakes(t, err, `the Google Cloud secret "orders" cannot be made`, want)
		}
		return nil
	})
}

func TestExampleWithRotation(t *testing.T) {
	g := secrettest.MustRecord(t, programWithRotation, map[string]string{"gcp:project": "shop", "shop:pagerduty": pagerDuty})
	if got := len(g.Of(memberType)); got != 4 {
		t.Errorf("there are %d grants, want 1 to the reader, and to the rotator 3", got)
	}
	if got := len(g.Of(policyType)); got != 13 {
		t.Errorf("there are %d policies, want one for each of 13 alerts", got)
	}
}
