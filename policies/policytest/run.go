package policytest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/secretstack/secretstack/policies/analyzer"
	"github.com/secretstack/secretstack/policies/policy"
)

// least is how many cases each rule has at least.
const least = 8

// Run checks each rule by the cases of folder/RULE.yaml, through the server to which the engine talks. There must be
// cases that pass, that fail and that are unknown, and no message may show a value that is marked as a secret.
func Run(t *testing.T, rules []policy.Rule, folder string) {
	t.Helper()
	all := files(t, folder)
	for _, rule := range rules {
		f, ok := all[rule.Name]
		delete(all, rule.Name)
		t.Run(rule.Name, func(t *testing.T) {
			if !ok {
				t.Fatalf("no cases: %s/%s.yaml", folder, rule.Name)
			}
			complete(t, f)
			for _, c := range f.Cases {
				t.Run(c.Says, func(t *testing.T) { c.run(t, rule) })
			}
		})
	}
	for name := range all {
		t.Errorf("%s/%s.yaml: there is no such rule", folder, name)
	}
}

func complete(t *testing.T, f file) {
	t.Helper()
	has := map[string]bool{}
	for _, c := range f.Cases {
		if len(c.Want) == 0 {
			has["pass"] = true
		}
		for _, want := range c.Want {
			for key := range want {
				verdict, _, _ := strings.Cut(key, " ")
				has[verdict] = true
			}
		}
	}
	if len(f.Cases) < least {
		t.Errorf("%d cases, want %d at least", len(f.Cases), least)
	}
	if !has["pass"] || !has["fail"] {
		t.Error("no case that passes, or none that fails")
	}
	if has["unknown"] == (f.NeverUnknown != "") {
		t.Error("either a case is unknown, or neverUnknown says why none can be")
	}
}

func (c *Case) run(t *testing.T, rule policy.Rule) {
	t.Helper()
	request, err := c.request(func(m property.Map) property.Map { return m })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	messages := map[string]string{}
	for _, d := range c.ask(t, rule, request) {
		key, message := split(d)
		got = append(got, key)
		messages[key] += message
	}
	var want []string
	for _, w := range c.Want {
		for key, part := range w {
			want = append(want, key)
			if message, ok := messages[key]; ok && !strings.Contains(message, part) {
				t.Errorf("%s: %q, want a message with %q", key, message, part)
			}
			if strings.HasPrefix(key, "fail") && len(strings.Fields(part)) < 2 {
				t.Errorf("%s: say two words of the message at least", key)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
		t.Errorf("findings\n  %s\nwant\n  %s\nmessages: %v", strings.Join(got, "\n  "), strings.Join(want, "\n  "), messages)
	}
	for _, secret := range c.secrets() {
		for key, message := range messages {
			if strings.Contains(message, secret) {
				t.Errorf("%s shows a secret value", key)
			}
		}
	}
}

// split turns a diagnostic into "verdict resource property" and the message.
func split(d *pulumirpc.AnalyzeDiagnostic) (key, message string) {
	verdict, text := policy.Fail, d.GetMessage()
	for _, v := range []policy.Verdict{policy.Unknown, policy.Broken} {
		if rest, ok := strings.CutPrefix(text, "["+string(v)+"] "); ok {
			verdict, text = v, rest
		}
	}
	key = string(verdict) + " " + urn.URN(d.GetUrn()).Name()
	if property, rest, ok := strings.Cut(text, ": "); ok && !strings.Contains(property, " ") {
		key, text = key+" "+property, rest
	}
	return key, text
}

// secrets are the texts in the case that are marked as secret.
func (c *Case) secrets() []string {
	var found []string
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Tag == "!secret" && n.Kind == yaml.ScalarNode && len(n.Value) > 4 {
			found = append(found, n.Value)
		}
		for _, inner := range n.Content {
			walk(inner)
		}
	}
	for _, r := range c.Resources {
		walk(&r.Inputs)
		walk(&r.Outputs)
	}
	return found
}

// request is the case as the engine tells it.
type request struct {
	single []*pulumirpc.AnalyzeRequest
	stack  *pulumirpc.AnalyzeStackRequest
}

// request tells it with the properties that change makes of each resource's.
func (c *Case) request(change func(property.Map) property.Map) (request, error) {
	var out request
	out.stack = &pulumirpc.AnalyzeStackRequest{}
	urns := map[string]string{}
	for _, name := range c.names() {
		urns[name] = c.urn(name)
	}
	for _, name := range c.names() {
		r := c.Resources[name]
		inputs, dependencies, err := (&reader{c: c, urns: urns}).object(r.Inputs)
		if err != nil {
			return out, err
		}
		outputs, _, err := (&reader{c: c, urns: urns}).object(r.Outputs)
		if err != nil {
			return out, err
		}
		inputs, outputs = change(inputs), change(outputs)
		declared, err := marshal(inputs)
		if err != nil {
			return out, err
		}
		for name, v := range inputs.AllStable { // the engine gives inputs among the outputs
			if _, given := outputs.GetOk(name); !given {
				outputs = outputs.Set(name, v)
			}
		}
		if r.ID != "" {
			outputs = outputs.Set("id", property.New(r.ID))
		}
		made, err := marshal(outputs)
		if err != nil {
			return out, err
		}
		all := &pulumirpc.AnalyzerResource{
			Type: r.Type, Name: name, Urn: urns[name], Properties: made, Parent: urns[r.Parent],
			Options:              &pulumirpc.AnalyzerResourceOptions{Protect: r.Protect, Parent: urns[r.Parent]},
			PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{},
		}
		for _, to := range r.DependsOn {
			all.Dependencies = append(all.Dependencies, urns[to])
		}
		for property, on := range dependencies {
			all.PropertyDependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{Urns: on}
			all.Dependencies = append(all.Dependencies, on...)
		}
		out.stack.Resources = append(out.stack.Resources, all)
		out.single = append(out.single, &pulumirpc.AnalyzeRequest{
			Type: r.Type, Name: name, Urn: urns[name], Properties: declared, Options: all.GetOptions(),
		})
	}
	return out, nil
}

func (c *Case) urn(name string) string {
	r := c.Resources[name]
	return string(urn.New("test", "shop", "", tokens.Type(r.Type), name))
}

func marshal(m property.Map) (*structpb.Struct, error) {
	return plugin.MarshalProperties(resource.ToResourcePropertyMap(m), plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true,
	})
}

// ask puts the case to a server that has only this rule.
func (c *Case) ask(t *testing.T, rule policy.Rule, in request) []*pulumirpc.AnalyzeDiagnostic {
	t.Helper()
	client := Client(t, []policy.Rule{rule}, c.Now)
	settings, err := structpb.NewStruct(c.Settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	info, err := client.GetAnalyzerInfo(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		rule.Name: {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: settings},
	}}); err != nil {
		t.Fatal(err)
	}
	for name := range c.Settings {
		if _, ok := info.GetPolicies()[0].GetConfigSchema().GetProperties().GetFields()[name]; !ok {
			t.Fatalf("the rule has no setting %s", name)
		}
	}
	return answers(t, client, in)
}

// answers plays the engine.
func answers(t *testing.T, client pulumirpc.AnalyzerClient, in request) []*pulumirpc.AnalyzeDiagnostic {
	t.Helper()
	var all []*pulumirpc.AnalyzeDiagnostic
	for _, r := range in.single {
		response, err := client.Analyze(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, response.GetDiagnostics()...)
	}
	response, err := client.AnalyzeStack(t.Context(), in.stack)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, response.GetDiagnostics()...)
}

// Client connects to a server of the rules, as the engine does.
func Client(t testing.TB, rules []policy.Rule, now time.Time) pulumirpc.AnalyzerClient {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(400 << 20))
	pulumirpc.RegisterAnalyzerServer(server, analyzer.New(rules, func() time.Time { return now }))
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient("passthrough:rules",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(fmt.Errorf("connect: %w", err))
	}
	t.Cleanup(func() { _ = connection.Close() })
	return pulumirpc.NewAnalyzerClient(connection)
}
