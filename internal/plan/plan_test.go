package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"

	"github.com/secretstack/secretstack/internal/plan"
)

const canary = "c4n4ry-v4lue"

// thing is a resource with an output that only the cloud knows, and one that is an input too.
type thing struct {
	pulumi.CustomResourceState
	Arn   pulumi.StringOutput `pulumi:"arn"`
	Value pulumi.StringOutput `pulumi:"value"`
}

func custom(ctx *pulumi.Context, typ, name string, inputs pulumi.Map, o ...pulumi.ResourceOption) (*thing, error) {
	var t thing
	return &t, ctx.RegisterResource(typ, name, inputs, &t, o...)
}

type component struct{ pulumi.ResourceState }

func group(ctx *pulumi.Context, name string, o ...pulumi.ResourceOption) (*component, error) {
	var c component
	return &c, ctx.RegisterComponentResource("test:index:Group", name, &c, o...)
}

type provider struct{ pulumi.ProviderResourceState }

func newProvider(ctx *pulumi.Context, pkg, name string, inputs pulumi.Map) (*provider, error) {
	var p provider
	return &p, ctx.RegisterResource("pulumi:providers:"+pkg, name, inputs, &p)
}

func run(t *testing.T, program pulumi.RunFunc, o plan.Options) *plan.Graph {
	t.Helper()
	g, err := plan.Run(t.Context(), program, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func text(t *testing.T, g *plan.Graph) string {
	t.Helper()
	var b strings.Builder
	if err := g.Text(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func only(t *testing.T, g *plan.Graph, typ string) plan.Resource {
	t.Helper()
	found := g.Of(typ)
	if len(found) != 1 {
		t.Fatalf("there are %d resources of type %s, want 1", len(found), typ)
	}
	return found[0]
}

func TestOutputsBeforeCreation(t *testing.T) {
	unknown := property.New(property.Computed)
	tests := []struct {
		name  string
		input func(from *thing) pulumi.Input
		want  property.Value
	}{
		{"known input echoed", func(from *thing) pulumi.Input { return from.Value }, property.New("given")},
		{"only the cloud knows", func(from *thing) pulumi.Input { return from.Arn }, unknown},
		{"id", func(from *thing) pulumi.Input { return from.ID() }, unknown},
		{"unknown secret", func(from *thing) pulumi.Input { return pulumi.ToSecret(from.Arn) }, unknown.WithSecret(true)},
		{"known secret", func(from *thing) pulumi.Input { return pulumi.ToSecret(from.Value) }, property.New("given").WithSecret(true)},
		{"inside a document", func(from *thing) pulumi.Input { return pulumi.Sprintf(`{"Resource":%q}`, from.Arn) }, unknown},
		{
			"nested", func(from *thing) pulumi.Input { return pulumi.Map{"a": pulumi.Array{from.Arn, from.Value}} },
			property.New(map[string]property.Value{"a": property.New([]property.Value{unknown, property.New("given")})}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := run(t, func(ctx *pulumi.Context) error {
				from, err := custom(ctx, "test:index:From", "a", pulumi.Map{"value": pulumi.String("given")})
				if err != nil {
					return err
				}
				_, err = custom(ctx, "test:index:To", "b", pulumi.Map{"in": tt.input(from)})
				return err
			}, plan.Options{})
			if got := only(t, g, "test:index:To").Inputs.Get("in"); !got.Equals(tt.want) {
				t.Errorf("got %#v, want %#v", got, tt.want)
			}
		})
	}
}

// An unknown secret that is echoed must not become a known empty string, as it does with pulumi.WithMocks.
func TestUnknownSecretThroughTwoResources(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		a, err := custom(ctx, "test:index:A", "a", nil)
		if err != nil {
			return err
		}
		b, err := custom(ctx, "test:index:B", "b", pulumi.Map{"value": pulumi.ToSecret(a.Arn)})
		if err != nil {
			return err
		}
		_, err = custom(ctx, "test:index:C", "c", pulumi.Map{"in": b.Value})
		return err
	}, plan.Options{})
	if got := only(t, g, "test:index:C").Inputs.Get("in"); !got.IsComputed() {
		t.Errorf("got %#v, want an unknown value", got)
	}
}

// The engine gives a component none of its inputs back.
func TestComponentInputsAreNotEchoed(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		var c struct {
			pulumi.ResourceState
			Value pulumi.StringOutput `pulumi:"value"`
		}
		inputs := pulumi.Map{"value": pulumi.String("given")}
		if err := ctx.RegisterComponentResourceV2("test:index:Group", "c", inputs, &c); err != nil {
			return err
		}
		_, err := custom(ctx, "test:index:A", "a", pulumi.Map{"in": c.Value})
		return err
	}, plan.Options{})
	if got := only(t, g, "test:index:Group").Inputs.Get("value"); !got.Equals(property.New("given")) {
		t.Errorf("the component's input is %#v", got)
	}
	if got := only(t, g, "test:index:A").Inputs.Get("in"); !got.IsComputed() {
		t.Errorf("the component's output is %#v, want unknown", got)
	}
}

func TestNullInputsAreAbsent(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		a, err := custom(ctx, "test:index:A", "a", pulumi.Map{"value": pulumi.String("given")})
		if err != nil {
			return err
		}
		null := a.Value.ApplyT(func(string) *string { return nil })
		_, err = custom(ctx, "test:index:B", "b", pulumi.Map{"in": pulumi.All(null, a.URN()).Index(pulumi.Int(0))})
		return err
	}, plan.Options{})
	if got, ok := only(t, g, "test:index:B").Inputs.GetOk("in"); ok {
		t.Errorf("got %#v, want nothing", got)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		password := config.New(ctx, "app").RequireSecret("password")
		a, err := custom(ctx, "test:index:A", "a", pulumi.Map{
			"direct": password,
			"list":   pulumi.Array{pulumi.Map{"deep": pulumi.ToSecret(pulumi.Map{"er": pulumi.String(canary)})}},
			"applied": password.ApplyT(func(s string) (string, error) {
				b, err := json.Marshal(map[string]string{"password": s})
				return string(b), err
			}),
			"value": pulumi.String("public"),
		}, pulumi.AdditionalSecretOutputs([]string{"value"}))
		if err != nil {
			return err
		}
		ctx.Export("password", password)
		ctx.Export("marked", a.Value)
		return nil
	}, plan.Options{Config: map[string]string{"app:password": canary}, SecretKeys: []string{"app:password"}})

	a := only(t, g, "test:index:A")
	if got := a.Inputs.Get("direct"); !got.Secret() || got.AsString() != canary {
		t.Error("the graph itself has lost the value or its secrecy")
	}
	if !g.Outputs.Get("marked").Secret() {
		t.Error("an additional secret output is not secret")
	}
	asJSON, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	for form, s := range map[string]string{
		"Text": text(t, g), "JSON": string(asJSON), "a resource's JSON": marshal(t, a),
		"%v": fmt.Sprintf("%v %+v", a, g.Resources), "String": a.String(),
	} {
		if strings.Contains(s, canary) {
			t.Errorf("%s shows a secret value", form)
		}
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestErrorsHoldNoInputs(t *testing.T) {
	_, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
		secret := pulumi.Map{"value": pulumi.ToSecret(pulumi.String(canary))}
		for range 2 {
			if _, err := custom(ctx, "test:index:A", "a", secret); err != nil {
				return err
			}
		}
		return ctx.Invoke("test:index:lookUp", map[string]any{"value": canary}, &map[string]any{})
	}, plan.Options{})
	if err == nil || strings.Contains(err.Error(), canary) {
		t.Error("there is no error, or it shows an input")
	}
}

func program(ctx *pulumi.Context) error {
	p, err := newProvider(ctx, "test", "abroad", pulumi.Map{"region": pulumi.String("eu-west-1")})
	if err != nil {
		return err
	}
	store, err := group(ctx, "store", pulumi.Provider(p), pulumi.Protect(true), pulumi.RetainOnDelete(true))
	if err != nil {
		return err
	}
	key, err := custom(ctx, "test:index:Key", "key", pulumi.Map{
		"days": pulumi.Int(2592000), "rotate": pulumi.Bool(true), "share": pulumi.Float64(0.5), "empty": pulumi.Map{},
		"version": pulumi.String("1.10"), "note": pulumi.String("two\n\nlines"),
		"policy": pulumi.String(`{"Version":"2012-10-17","Statement":[{"Principal":{"AWS":"arn:aws:iam::\u003caccount\u003e:root"},"Resource":"*"}]}`),
		"broken": pulumi.String(`{"Version":`),
	}, pulumi.Parent(store))
	if err != nil {
		return err
	}
	item, err := custom(ctx, "test:index:Item", "item", pulumi.Map{
		"key":  key.Arn,
		"code": pulumi.NewAssetArchive(map[string]any{"main.txt": pulumi.NewStringAsset("hello")}),
		"tags": pulumi.StringMap{"b": pulumi.String("2"), "a": key.Arn, "c": pulumi.ToSecret(key.Arn).(pulumi.StringOutput)},
	}, pulumi.Parent(store), pulumi.IgnoreChanges([]string{"value"}), pulumi.AdditionalSecretOutputs([]string{"value"}))
	if err != nil {
		return err
	}
	if _, err := custom(ctx, "test:index:Item", "after", nil, pulumi.DependsOn([]pulumi.Resource{key, item})); err != nil {
		return err
	}
	ctx.Export("items", pulumi.Map{"item": item.Arn})
	return ctx.RegisterResourceOutputs(store, pulumi.Map{"arn": key.Arn})
}

func TestText(t *testing.T) {
	const want = `pulumi:providers:test  abroad
  region: eu-west-1
test:index:Group  store
  (protected)
  (retained on delete)
  test:index:Item  item
    code:
      main.txt: hello
    key: <known after up>
    tags:
      a: <known after up>
      b: "2"
      c: <secret>
    (provider pulumi:providers:test abroad)
    (protected)
    (retained on delete)
    (ignores changes to value)
    (secret output value)
    (after test:index:Key key)
  test:index:Key  key
    broken: '{"Version":'
    days: 2592000
    empty: {}
    note: |-
      two

      lines
    policy: !json
      Version: "2012-10-17"
      Statement:
        - Principal:
            AWS: arn:aws:iam::<account>:root
          Resource: '*'
    rotate: true
    share: 0.5
    version: "1.10"
    (provider pulumi:providers:test abroad)
    (protected)
    (retained on delete)
test:index:Item  after
  (after test:index:Item item)
  (after test:index:Key key)
outputs:
  items:
    item: <known after up>
`
	if diff := cmp.Diff(want, text(t, run(t, program, plan.Options{}))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	g := run(t, program, plan.Options{Project: "p", Stack: "s"})
	item, _ := g.Get("urn:pulumi:s::p::test:index:Group$test:index:Item::item")
	const want = `{"urn":"urn:pulumi:s::p::test:index:Group$test:index:Item::item",` +
		`"type":"test:index:Item","name":"item","parent":"urn:pulumi:s::p::test:index:Group::store","custom":true,` +
		`"dependencies":["urn:pulumi:s::p::test:index:Group$test:index:Key::key"],` +
		`"propertyDependencies":{"key":["urn:pulumi:s::p::test:index:Group$test:index:Key::key"],` +
		`"tags":["urn:pulumi:s::p::test:index:Group$test:index:Key::key"]},` +
		`"provider":"urn:pulumi:s::p::pulumi:providers:test::abroad","protect":true,"retainOnDelete":true,` +
		`"ignoreChanges":["value"],"additionalSecretOutputs":["value"],` +
		`"inputs":{"code":{"main.txt":"hello"},"key":"\u003cknown after up\u003e",` +
		`"tags":{"a":"\u003cknown after up\u003e","b":"2","c":"\u003csecret\u003e"}}}`
	if diff := cmp.Diff(want, marshal(t, item)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var whole struct {
		Resources []map[string]any
		Outputs   map[string]any
	}
	if err := json.Unmarshal([]byte(marshal(t, g)), &whole); err != nil {
		t.Fatal(err)
	}
	if len(whole.Resources) != 5 || !reflect.DeepEqual(whole.Outputs, map[string]any{"items": map[string]any{"item": plan.Unknown}}) {
		t.Errorf("got %d resources and outputs %v", len(whole.Resources), whole.Outputs)
	}
	if got := whole.Resources[1]["outputs"]; !reflect.DeepEqual(got, map[string]any{"arn": plan.Unknown}) {
		t.Errorf("the component's outputs are %v", got)
	}
}

func TestHelpers(t *testing.T) {
	g := run(t, program, plan.Options{})
	store := only(t, g, "test:index:Group")
	for what, got := range map[string]struct {
		resources []plan.Resource
		want      string
	}{
		"top":      {g.Children(""), "[pulumi:providers:test abroad test:index:Group store test:index:Item after]"},
		"children": {g.Children(store.URN), "[test:index:Item item test:index:Key key]"},
		"of":       {g.Of("test:index:Item"), "[test:index:Item item test:index:Item after]"},
		"none":     {g.Of("test:index:None"), "[]"},
	} {
		if s := fmt.Sprint(got.resources); s != got.want {
			t.Errorf("%s: got %s, want %s", what, s, got.want)
		}
	}
	if r, ok := g.Get(store.URN); !ok || r.Name != "store" || r.Custom {
		t.Errorf("Get gives %v, %v", r, ok)
	}
	if _, ok := g.Get("urn:pulumi:stack::project::test:index:None::none"); ok {
		t.Error("Get finds what is not there")
	}
}

func TestGraphDoesNotDependOnScheduling(t *testing.T) {
	var want string
	for range 20 {
		g := run(t, manySecrets(20), plan.Options{})
		at := map[string]bool{"": true}
		for _, r := range g.Resources {
			if !at[r.Parent] {
				t.Fatalf("%s stands before its parent", r)
			}
			at[r.URN] = true
		}
		got := marshal(t, g) + text(t, g)
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("two runs differ:\n%s", cmp.Diff(want, got))
		}
	}
}

func TestErrors(t *testing.T) {
	own := errors.New("two readers have no identity")
	tests := []struct {
		name    string
		program pulumi.RunFunc
		want    []string
	}{
		{"returned", func(*pulumi.Context) error { return own }, []string{own.Error()}},
		{
			"logged", func(ctx *pulumi.Context) error {
				a, err := custom(ctx, "test:index:A", "a", nil)
				return errors.Join(err, ctx.Log.Error("first", nil), ctx.Log.Error("second", &pulumi.LogArgs{Resource: a}))
			},
			[]string{"first", "test:index:A a: second"},
		},
		{
			"all at once", func(ctx *pulumi.Context) error {
				if err := ctx.Log.Error("logged", nil); err != nil {
					return err
				}
				failed := pulumi.String("x").ToStringOutput().ApplyT(func(string) (string, error) { return "", errors.New("applied") })
				if _, err := custom(ctx, "test:index:A", "a", pulumi.Map{"in": failed}); err != nil {
					return err
				}
				return own
			},
			[]string{own.Error(), "applied", "logged"},
		},
		{"panic", func(*pulumi.Context) error { panic("no such cloud") }, []string{"the program panicked: no such cloud", "plan_test.go"}},
		{
			"duplicate", func(ctx *pulumi.Context) error {
				_, err1 := custom(ctx, "test:index:A", "a", nil)
				_, err2 := custom(ctx, "test:index:A", "a", nil)
				return errors.Join(err1, err2)
			},
			[]string{"test:index:A a is registered twice"},
		},
		{
			"remote component", func(ctx *pulumi.Context) error {
				return ctx.RegisterRemoteComponentResource("test:index:Remote", "r", nil, &component{})
			},
			[]string{"test:index:Remote r is made by a provider plugin"},
		},
		{
			"read", func(ctx *pulumi.Context) error {
				return ctx.ReadResource("test:index:A", "a", pulumi.ID("x"), nil, &thing{})
			},
			[]string{"test:index:A a is read from the cloud"},
		},
		{
			"lookup", func(ctx *pulumi.Context) error {
				return ctx.Invoke("test:index:lookUp", nil, &map[string]any{})
			},
			[]string{"test:index:lookUp asks the cloud"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := plan.Run(t.Context(), tt.program, plan.Options{})
			if err == nil || g != nil {
				t.Fatalf("got the graph %v and the error %v", g, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the error:\n%v", want, err)
				}
			}
			if strings.Contains(tt.name, "returned") && !errors.Is(err, own) {
				t.Error("the error does not wrap the program's")
			}
		})
	}
}

func TestLogIsKept(t *testing.T) {
	g := run(t, func(ctx *pulumi.Context) error {
		return errors.Join(ctx.Log.Warn("careful", nil), ctx.Log.Debug("details", nil))
	}, plan.Options{})
	want := []plan.Message{{Severity: "warning", Text: "careful"}, {Severity: "debug", Text: "details"}}
	if diff := cmp.Diff(want, g.Log); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plan.Run(ctx, program, plan.Options{}); err == nil {
		t.Error("a plan with a cancelled context succeeds")
	}
}

func TestOptionsReachTheProgram(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	type view struct{ project, stack, root, value string }
	for _, tt := range []struct {
		options plan.Options
		want    view
	}{
		{plan.Options{}, view{"project", "stack", dir, ""}},
		{
			plan.Options{Project: "shop", Stack: "dev", Root: "/shop", Config: map[string]string{"shop:value": "v"}},
			view{"shop", "dev", "/shop", "v"},
		},
	} {
		run(t, func(ctx *pulumi.Context) error {
			if got := (view{ctx.Project(), ctx.Stack(), ctx.RootDirectory(), config.Get(ctx, "value")}); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if !ctx.DryRun() {
				t.Error("the program does not run as a preview")
			}
			return ctx.RequirePulumiVersion(">=3.200.0")
		}, tt.options)
	}
}

// A resource without the option takes an explicit provider from its parent, and its lookups go there too.
func TestExplicitProvider(t *testing.T) {
	run(t, func(ctx *pulumi.Context) error {
		p, err := newProvider(ctx, "aws", "abroad", pulumi.Map{"region": pulumi.String("cn-north-1")})
		if err != nil {
			return err
		}
		for want, o := range map[string][]pulumi.InvokeOption{"eu-west-1": nil, "cn-north-1": {pulumi.Provider(p)}} {
			var got struct {
				Name string `pulumi:"name"`
			}
			if err := ctx.Invoke("aws:index/getRegion:getRegion", nil, &got, o...); err != nil {
				return err
			}
			if got.Name != want {
				t.Errorf("the region is %s, want %s", got.Name, want)
			}
		}
		return nil
	}, plan.Options{Config: map[string]string{"aws:region": "eu-west-1"}})
}

func TestLookups(t *testing.T) {
	const (
		caller = "aws:index/getCallerIdentity:getCallerIdentity"
		part   = "aws:index/getPartition:getPartition"
		region = "aws:index/getRegion:getRegion"
		gcp    = "gcp:organizations/getProject:getProject"
		azure  = "azure-native:authorization:getClientConfig"
	)
	answer := func(token string, args property.Map) (property.Map, error) {
		switch token {
		case caller:
			return property.NewMap(map[string]property.Value{"accountId": property.New("123456789012")}), nil
		case "test:index:echo":
			return args, nil
		case "test:index:fail":
			return property.Map{}, errors.New("refused")
		}
		return property.Map{}, nil
	}
	tests := []struct {
		name, token string
		args        map[string]any
		config      map[string]string
		invoke      func(string, property.Map) (property.Map, error)
		field, want string
		wantErr     string
	}{
		{name: "account", token: caller, field: "accountId", want: "<account>"},
		{name: "given account", token: caller, invoke: answer, field: "accountId", want: "123456789012"},
		{name: "given lookup", token: "test:index:echo", args: map[string]any{"a": "b"}, invoke: answer, field: "a", want: "b"},
		{name: "given error", token: "test:index:fail", invoke: answer, wantErr: "refused"},
		{name: "not given", token: part, invoke: answer, field: "partition", want: "aws"},
		{name: "partition", token: part, config: map[string]string{"aws:region": "eu-west-1"}, field: "dnsSuffix", want: "amazonaws.com"},
		{name: "China", token: part, config: map[string]string{"aws:region": "cn-north-1"}, field: "dnsSuffix", want: "amazonaws.com.cn"},
		{name: "government", token: part, config: map[string]string{"aws:region": "us-gov-west-1"}, field: "partition", want: "aws-us-gov"},
		{name: "region", token: region, config: map[string]string{"aws:region": "eu-west-1"}, field: "name", want: "eu-west-1"},
		{name: "named region", token: region, args: map[string]any{"name": "eu-north-1"}, field: "id", want: "eu-north-1"},
		{name: "no region", token: region, wantErr: "needs aws:region"},
		{name: "project", token: gcp, config: map[string]string{"gcp:project": "shop"}, field: "projectId", want: "shop"},
		{name: "project's number", token: gcp, args: map[string]any{"projectId": "shop"}, field: "number", want: "<project-number>"},
		{name: "no project", token: gcp, wantErr: "needs gcp:project"},
		{name: "subscription", token: azure, field: "subscriptionId", want: "<subscription>"},
		{name: "tenant", token: azure, config: map[string]string{"azure-native:tenantId": "t"}, field: "tenantId", want: "t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := plan.Run(t.Context(), func(ctx *pulumi.Context) error {
				got := map[string]any{}
				if err := ctx.Invoke(tt.token, tt.args, &got); err != nil {
					return err
				}
				if got[tt.field] != tt.want {
					t.Errorf("%s is %v, want %s", tt.field, got[tt.field], tt.want)
				}
				return nil
			}, plan.Options{Config: tt.config, Invoke: tt.invoke})
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("got the error %v, want %q", err, tt.wantErr)
			}
		})
	}
}
