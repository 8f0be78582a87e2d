package analyzer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/secretstack/secretstack/policies/analyzer"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
)

var (
	short = policy.Rule{
		Name: "short", Severity: policy.High, Profile: policy.Baseline, Summary: "Names are short",
		Settings: []policy.Setting{{Name: "most", Description: "How long", Default: 3, Minimum: new(1)}},
		Check: func(s policy.Subject) []policy.Finding {
			return s.Require(s.Get("name"), func(v policy.Value) bool { return len(v.Text()) <= s.Int("most") }, "%s is long.", s.Get("name"))
		},
	}
	alone = policy.Rule{
		Name: "alone", Severity: policy.Low, Profile: policy.Strict, Summary: "There is one of each type",
		Types: []string{"test:index:Thing"}, Joins: []string{"test:index:Thing"},
		Check: func(s policy.Subject) []policy.Finding {
			if len(s.Graph.Of(s.Type)) > 1 {
				return []policy.Finding{s.Fail(s.All(), "There are several.")}
			}
			return nil
		},
	}
	broken = policy.Rule{
		Name: "broken", Severity: policy.Medium, Profile: policy.Baseline, Summary: "Nothing is wrong with the rule",
		Check: func(policy.Subject) []policy.Finding { panic("canary-of-a-value") },
	}
)

const prefix = "urn:pulumi:prod::shop::test:index:Thing::"

// preview plays the engine: a project's folder, its levels, and resources by name.
func preview(t *testing.T, file string, config map[string]*pulumirpc.PolicyConfig, names ...string) []string {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, "policies.yaml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := policytest.Client(t, []policy.Rule{short, alone, broken}, time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	ctx := t.Context()
	if _, err := client.Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{RootDirectory: new(filepath.Join(dir, "policies"))}); err != nil {
		return []string{err.Error()}
	}
	if _, err := client.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{Stack: "prod", Project: "shop"}); err != nil {
		t.Fatal(err)
	}
	info, err := client.GetAnalyzerInfo(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := info.GetInitialConfig()
	for name, c := range config {
		all[name] = c
	}
	if _, err := client.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: all}); err != nil {
		return []string{err.Error()}
	}
	var said []string
	note := func(response *pulumirpc.AnalyzeResponse, err error) {
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range response.GetDiagnostics() {
			said = append(said, strings.Join([]string{
				strings.ToLower(d.GetEnforcementLevel().String()), d.GetPolicyName(), strings.TrimPrefix(d.GetUrn(), prefix), d.GetMessage(),
			}, " | "))
		}
	}
	stack := &pulumirpc.AnalyzeStackRequest{}
	for _, name := range names {
		value := structpb.NewStringValue(name)
		if name == "?" {
			value = structpb.NewStringValue("04da6b54-80e4-46f7-96ec-b56ff0331ba9") // the engine's mark of an unknown text
		}
		properties := &structpb.Struct{Fields: map[string]*structpb.Value{"name": value}}
		note(client.Analyze(ctx, &pulumirpc.AnalyzeRequest{
			Urn: prefix + name, Type: "test:index:Thing", Name: name, Properties: properties,
		}))
		stack.Resources = append(stack.Resources, &pulumirpc.AnalyzerResource{
			Urn: prefix + name, Type: "test:index:Thing", Name: name, Properties: properties,
		})
	}
	note(client.AnalyzeStack(ctx, stack))
	return said
}

const (
	quiet   = "rules: {broken: {level: disabled}}\n"
	longOne = "mandatory | short | longer | name: longer is long."
)

func TestServer(t *testing.T) {
	exemption := quiet + "exemptions: [{resource: 'urn:pulumi:prod::*::longer', rule: short, reason: It was always so, owner: shop, expires: %s}]\n"
	for name, test := range map[string]struct {
		file   string
		config map[string]*pulumirpc.PolicyConfig
		names  []string
		want   []string
	}{
		"passes":  {quiet, nil, []string{"ok"}, nil},
		"fails":   {quiet, nil, []string{"ok", "longer"}, []string{longOne}},
		"masked":  {quiet, nil, []string{"[secret]"}, []string{"advisory | short | [secret] | [unknown] name: It is not known before the update."}},
		"unknown": {quiet, nil, []string{"?"}, []string{"advisory | short | ? | [unknown] name: It is not known before the update."}},
		"a broken rule, and the others": {"", nil, []string{"longer"}, []string{
			"mandatory | broken | longer | [broken] The rule failed itself, so nothing is known: panic, in " +
				"github.com/secretstack/secretstack/policies/analyzer_test.init.func3.",
			longOne,
		}},
		"the stack's profile": {quiet + "stacks: {prod: strict}\n", nil, []string{"a", "b"}, []string{
			"mandatory | alone | a | There are several.", "mandatory | alone | b | There are several.",
		}},
		"another stack's profile": {quiet + "stacks: {dev: strict}\n", nil, []string{"a", "b"}, nil},
		"a setting in the file":   {"rules: {broken: {level: disabled}, short: {most: 6, level: advisory}}\n", nil, []string{"longer"}, nil},
		"a level in the file": {
			"rules: {broken: {level: disabled}, short: {level: advisory}}\n", nil,
			[]string{"longer"},
			[]string{"advisory | short | longer | name: longer is long."},
		},
		"a setting of --policy-pack-config": {quiet, map[string]*pulumirpc.PolicyConfig{"short": {
			EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY,
			Properties:       &structpb.Struct{Fields: map[string]*structpb.Value{"most": structpb.NewNumberValue(1)}},
		}}, []string{"ok"}, []string{"mandatory | short | ok | name: ok is long."}},
		"a wrong setting of --policy-pack-config": {quiet, map[string]*pulumirpc.PolicyConfig{"short": {
			Properties: &structpb.Struct{Fields: map[string]*structpb.Value{"most": structpb.NewNumberValue(0)}},
		}}, nil, []string{"rpc error: code = Unknown desc = short: most must be at least 1"}},
		"exempt": {strings.Replace(exemption, "%s", "2026-11-23", 1), nil, []string{"longer"}, []string{
			"advisory | exemptions-in-use |  | Exempt by FILE: 1 failures, which are not shown.",
		}},
		"exempt until yesterday": {strings.Replace(exemption, "%s", "2026-11-22", 1), nil, []string{"longer"}, []string{
			"mandatory | exemptions-in-use | urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod | exemptions[0]: " +
				"The exemption of urn:pulumi:prod::*::longer from short expired on 2026-11-22 (shop).",
			longOne,
		}},
		"exempt for nothing": {strings.Replace(exemption, "%s", "2026-11-23", 1), nil, []string{"ok"}, []string{
			"mandatory | exemptions-in-use | urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod | exemptions[0]: " +
				"The exemption of urn:pulumi:prod::*::longer from short is not needed: nothing fails there.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := preview(t, test.file, test.config, test.names...)
			for i, line := range got {
				if before, after, ok := strings.Cut(line, "Exempt by "); ok {
					_, rest, _ := strings.Cut(after, ":")
					got[i] = before + "Exempt by FILE:" + rest
				}
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestWrongFile(t *testing.T) {
	got := preview(t, "rules: {shortt: {level: advisory}}\n", nil)
	if len(got) != 1 || !strings.Contains(got[0], `policies.yaml:1: rules.shortt: is no field here; did you mean "short"?`) {
		t.Error(got)
	}
}

// TestInfo: the engine refuses a configuration that is not by the schema, and shows what a rule is about.
func TestInfo(t *testing.T) {
	info, err := policytest.Client(t, []policy.Rule{short, alone}, time.Now()).GetAnalyzerInfo(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !info.GetSupportsConfig() || len(info.GetPolicies()) != 3 {
		t.Fatalf("%v", info)
	}
	first, second := info.GetPolicies()[0], info.GetPolicies()[1]
	if first.GetPolicyType() != pulumirpc.PolicyType_POLICY_TYPE_RESOURCE || second.GetPolicyType() != pulumirpc.PolicyType_POLICY_TYPE_STACK {
		t.Error("which rules need the whole stack is wrong")
	}
	if first.GetSeverity() != pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH || second.GetEnforcementLevel() != pulumirpc.EnforcementLevel_DISABLED {
		t.Error("the severity or the level is wrong")
	}
	schema := first.GetConfigSchema().GetProperties().AsMap()["most"].(map[string]any)
	if schema["type"] != "integer" || schema["default"] != 3.0 || schema["minimum"] != 1.0 {
		t.Errorf("schema %v", schema)
	}
}

func TestDistinct(t *testing.T) {
	level := alone
	level.Settings = []policy.Setting{{Name: "level", Default: 1}}
	for want, rules := range map[string][]policy.Rule{
		"two rules of the policy pack are called short":                   {short, alone, short},
		"a setting of alone is called level, as its enforcement level is": {short, level},
	} {
		if err := analyzer.Serve(rules); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestParallel asks of several resources at once, as the engine does.
func TestParallel(t *testing.T) {
	client := policytest.Client(t, []policy.Rule{short, alone}, time.Now())
	var failed atomic.Int32
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			name := fmt.Sprintf("longer-%d", i)
			response, err := client.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{
				Urn: prefix + name, Type: "test:index:Thing", Name: name,
				Properties: &structpb.Struct{Fields: map[string]*structpb.Value{"name": structpb.NewStringValue(name)}},
			})
			if err != nil {
				t.Error(err)
			}
			failed.Add(int32(len(response.GetDiagnostics())))
		})
	}
	all.Wait()
	if failed.Load() != 50 {
		t.Errorf("%d failures, want 50", failed.Load())
	}
}
