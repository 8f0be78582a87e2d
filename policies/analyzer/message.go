package analyzer

import (
	"errors"
	"fmt"
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/secretstack/secretstack/policies/policy"
)

// declared is a resource before it is made.
func declared(in *pulumirpc.AnalyzeRequest) (*policy.Resource, error) {
	inputs, err := properties(in.GetProperties(), in.GetUrn())
	if err != nil {
		return nil, err
	}
	return &policy.Resource{
		URN: in.GetUrn(), Type: policy.Canonical(in.GetType()), Name: in.GetName(), Parent: in.GetOptions().GetParent(),
		Inputs: inputs, Options: options(in.GetOptions()),
	}, nil
}

// made is a resource with what the provider gave. Where it was not analyzed before, as in an update of other resources
// only, its outputs have to do for its inputs.
func made(in *pulumirpc.AnalyzerResource, before *policy.Resource) (*policy.Resource, error) {
	outputs, err := properties(in.GetProperties(), in.GetUrn())
	if err != nil {
		return nil, err
	}
	r := &policy.Resource{
		URN: in.GetUrn(), Type: policy.Canonical(in.GetType()), Name: in.GetName(), Parent: in.GetParent(),
		Inputs: outputs, Outputs: outputs, Options: options(in.GetOptions()),
		Dependencies: in.GetDependencies(), PropertyDependencies: map[string][]string{},
	}
	if before != nil {
		r.Inputs = before.Inputs
	}
	for name, d := range in.GetPropertyDependencies() {
		r.PropertyDependencies[name] = d.GetUrns()
	}
	return r, nil
}

func options(in *pulumirpc.AnalyzerResourceOptions) property.Map {
	return property.NewMap(map[string]property.Value{"protect": property.New(in.GetProtect())})
}

func properties(in *structpb.Struct, id string) (property.Map, error) {
	m, err := plugin.UnmarshalProperties(in, plugin.MarshalOptions{
		KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipInternalKeys: true,
	})
	if err != nil {
		return property.Map{}, errors.New("the properties of " + urn.URN(id).Name() + " cannot be read")
	}
	return unmasked(property.New(resource.FromResourcePropertyMap(m))).AsMap(), nil
}

// unmasked takes the text that stands for a secret in `pulumi policy analyze --file` for what it is: a secret that is
// not known.
func unmasked(v property.Value) property.Value {
	switch {
	case v.IsString() && v.AsString() == "[secret]":
		return property.New(property.Computed).WithSecret(true)
	case v.IsArray() && v.AsArray().Len() > 0: // an empty slice would become null
		items := v.AsArray().AsSlice()
		for i, item := range items {
			items[i] = unmasked(item)
		}
		return property.New(items).WithSecret(v.Secret())
	case v.IsMap() && v.AsMap().Len() > 0:
		fields := v.AsMap().AsMap()
		for name, field := range fields {
			fields[name] = unmasked(field)
		}
		return property.New(fields).WithSecret(v.Secret())
	}
	return v
}

// Text is what the engine shows of a finding; it adds the rule and the resource.
func Text(f policy.Finding) string {
	text := f.Message
	if f.Property != "" {
		text = f.Property + ": " + text
	}
	if f.Verdict != policy.Fail {
		text = fmt.Sprintf("[%s] %s", f.Verdict, text)
	}
	return text
}

func diagnostic(r policy.Rule, level policy.Level, id, text string) *pulumirpc.AnalyzeDiagnostic {
	return &pulumirpc.AnalyzeDiagnostic{
		PolicyName: r.Name, PolicyPackName: Name, PolicyPackVersion: Version,
		Description: r.Summary, Message: text, EnforcementLevel: levels[level], Urn: id, Severity: severities[r.Severity],
	}
}

var levels = map[policy.Level]pulumirpc.EnforcementLevel{
	policy.Mandatory: pulumirpc.EnforcementLevel_MANDATORY,
	policy.Advisory:  pulumirpc.EnforcementLevel_ADVISORY,
	policy.Disabled:  pulumirpc.EnforcementLevel_DISABLED,
}

// levelOf is the level by the engine's. Remediation changes nothing here, so it counts as mandatory.
func levelOf(l pulumirpc.EnforcementLevel) policy.Level {
	for ours, theirs := range levels {
		if theirs == l {
			return ours
		}
	}
	return policy.Mandatory
}

var severities = map[policy.Severity]pulumirpc.PolicySeverity{
	policy.Low:      pulumirpc.PolicySeverity_POLICY_SEVERITY_LOW,
	policy.Medium:   pulumirpc.PolicySeverity_POLICY_SEVERITY_MEDIUM,
	policy.High:     pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH,
	policy.Critical: pulumirpc.PolicySeverity_POLICY_SEVERITY_CRITICAL,
}

// configSchema is the JSON Schema of a rule's settings, with the values that policies.yaml gives as its defaults.
func configSchema(c policy.Chosen) (*pulumirpc.PolicyConfigSchema, error) {
	if len(c.Settings) == 0 {
		return nil, nil
	}
	all := map[string]any{}
	for _, s := range c.Settings {
		all[s.Name] = s.Schema()
	}
	schema, err := structpb.NewStruct(all)
	return &pulumirpc.PolicyConfigSchema{Properties: schema}, err
}

// initial is what policies.yaml says of a rule.
func initial(c policy.Chosen) (*pulumirpc.PolicyConfig, error) {
	values := maps.Clone(c.Values)
	for name, v := range values {
		if texts, ok := v.([]string); ok {
			items := make([]any, len(texts))
			for i, t := range texts {
				items[i] = t
			}
			values[name] = items
		}
	}
	properties, err := structpb.NewStruct(values)
	return &pulumirpc.PolicyConfig{EnforcementLevel: levels[c.Level], Properties: properties}, err
}
