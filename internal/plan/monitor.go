package plan

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// monitor stands in for the engine: it answers as the preview of a new stack does, and records.
// (pulumi.WithMocks loses unknown values, and fails on a secret that is unknown.)
type monitor struct {
	pulumirpc.UnimplementedResourceMonitorServer
	pulumirpc.UnimplementedEngineServer
	options Options

	mu        sync.Mutex
	resources map[string]*Resource // by URN
	outputs   property.Map
	log       []Message
}

func (m *monitor) graph() *Graph {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &Graph{Resources: tree(m.resources), Outputs: m.outputs, Log: m.log}
}

func (m *monitor) errorsLogged() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for _, message := range m.log {
		if message.Severity == "error" {
			errs = append(errs, errors.New(message.String()))
		}
	}
	return errors.Join(errs...)
}

// SupportsFeature tells what the SDK may send. Transforms and most hooks would be calls back into the program; those
// for errors are never called, as nothing fails. Output values matter only to remote components.
func (m *monitor) SupportsFeature(
	_ context.Context, in *pulumirpc.SupportsFeatureRequest,
) (*pulumirpc.SupportsFeatureResponse, error) {
	supported := []string{"secrets", "resourceReferences", "aliasSpecs", "deletedWith", "replaceWith", "errorHooks"}
	return &pulumirpc.SupportsFeatureResponse{HasSupport: slices.Contains(supported, in.GetId())}, nil
}

func (m *monitor) RegisterResource(
	_ context.Context, in *pulumirpc.RegisterResourceRequest,
) (*pulumirpc.RegisterResourceResponse, error) {
	parent, parentType := in.GetParent(), tokens.Type("")
	if parent != "" {
		parentType = resource.URN(parent).QualifiedType()
	}
	if parentType == resource.RootStackType {
		parent, parentType = "", ""
	}
	urn := string(resource.NewURN(tokens.QName(m.options.Stack), tokens.PackageName(m.options.Project),
		parentType, tokens.Type(in.GetType()), in.GetName()))
	if in.GetType() == string(resource.RootStackType) {
		return &pulumirpc.RegisterResourceResponse{Urn: urn}, nil
	}
	if in.GetRemote() {
		return nil, status.Errorf(codes.Unimplemented,
			"%s %s is made by a provider plugin, which a plan does not start: run `pulumi preview`", in.GetType(), in.GetName())
	}

	inputs, err := unmarshal(in.GetObject())
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", in.GetType(), in.GetName(), err)
	}
	r := &Resource{
		URN: urn, Type: in.GetType(), Name: in.GetName(), Parent: parent, Custom: in.GetCustom(),
		Inputs:                  resource.FromResourcePropertyMap(inputs),
		Dependencies:            in.GetDependencies(),
		PropertyDependencies:    map[string][]string{},
		Protect:                 in.GetProtect(),
		RetainOnDelete:          in.GetRetainOnDelete(),
		IgnoreChanges:           in.GetIgnoreChanges(),
		AdditionalSecretOutputs: in.GetAdditionalSecretOutputs(),
	}
	for name, d := range in.GetPropertyDependencies() {
		if len(d.GetUrns()) > 0 {
			r.PropertyDependencies[name] = d.GetUrns()
		}
	}
	if r.Custom {
		r.Provider = providerURN(in.GetProvider())
	}
	if err := m.add(r, in.RetainOnDelete == nil); err != nil {
		return nil, err
	}

	outputs, id := preview(r, inputs), ""
	if r.Custom && m.options.Create != nil {
		var computed property.Map
		id, computed = m.options.Create(*r)
		maps.Copy(outputs, resource.ToResourcePropertyMap(computed))
	}
	object, err := plugin.MarshalProperties(outputs, keep)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	return &pulumirpc.RegisterResourceResponse{Urn: urn, Id: id, Object: object}, nil
}

// preview gives the outputs that are known before a resource exists, as the engine gives them to a Go program. The SDK
// takes every other output, and the id, for unknown.
func preview(r *Resource, inputs resource.PropertyMap) resource.PropertyMap {
	outputs := resource.PropertyMap{}
	if !r.Custom {
		return outputs
	}
	for name, v := range inputs {
		if v.ContainsUnknowns() {
			continue // the SDK would take a secret that is unknown for a known zero value
		}
		if slices.Contains(r.AdditionalSecretOutputs, string(name)) {
			v = resource.MakeSecret(v)
		}
		outputs[name] = v
	}
	return outputs
}

func (m *monitor) add(r *Resource, inherit bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.resources[r.URN] != nil {
		return status.Errorf(codes.AlreadyExists,
			"%s is registered twice: give one of the two another name, since both would have the URN %s", r, r.URN)
	}
	if parent := m.resources[r.Parent]; parent != nil && inherit {
		r.RetainOnDelete = parent.RetainOnDelete // the SDK does this for Protect, the engine for both
	}
	m.resources[r.URN] = r
	return nil
}

func (m *monitor) RegisterErrorHook(context.Context, *pulumirpc.RegisterErrorHookRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (m *monitor) RegisterResourceOutputs(
	_ context.Context, in *pulumirpc.RegisterResourceOutputsRequest,
) (*emptypb.Empty, error) {
	outputs, err := unmarshal(in.GetOutputs())
	if err != nil {
		return nil, fmt.Errorf("outputs of %s: %w", short(in.GetUrn()), err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.resources[in.GetUrn()]; r != nil {
		r.Outputs = resource.FromResourcePropertyMap(outputs)
	} else {
		m.outputs = resource.FromResourcePropertyMap(outputs)
	}
	return &emptypb.Empty{}, nil
}

func (m *monitor) ReadResource(
	_ context.Context, in *pulumirpc.ReadResourceRequest,
) (*pulumirpc.ReadResourceResponse, error) {
	return nil, status.Errorf(codes.Unimplemented,
		"%s %s is read from the cloud, to which a plan has no access: run `pulumi preview`", in.GetType(), in.GetName())
}

func (m *monitor) Log(_ context.Context, in *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, Message{
		Severity: strings.ToLower(in.GetSeverity().String()),
		URN:      in.GetUrn(),
		Text:     in.GetMessage(),
	})
	return &emptypb.Empty{}, nil
}

func (m *monitor) RequirePulumiVersion(
	context.Context, *pulumirpc.RequirePulumiVersionRequest,
) (*pulumirpc.RequirePulumiVersionResponse, error) {
	return &pulumirpc.RequirePulumiVersionResponse{}, nil
}

var keep = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true}

func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, keep)
}

// providerURN takes the id off a provider reference.
func providerURN(ref string) string { return ref[:max(strings.LastIndex(ref, "::"), 0)] }
