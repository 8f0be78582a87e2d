package tfplugin

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin5"
)

// adapter answers each call of protocol 6 with the same call of protocol 5.
type adapter struct {
	// Nil, so a method that is missing below panics. The bridge never calls those
	// (functions, ephemeral resources, state moves, ...).
	tfprotov6.ProviderServer

	rpc    tfplugin5.ProviderClient
	mapped func(tfType string) bool
}

func (a adapter) GetProviderSchema(
	ctx context.Context, _ *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := a.rpc.GetSchema(ctx, &tfplugin5.GetProviderSchema_Request{})
	if err != nil {
		return nil, err
	}
	provider, err := schema(resp.Provider)
	if err != nil {
		return nil, err
	}
	resources, err := schemas(resp.ResourceSchemas, a.mapped)
	if err != nil {
		return nil, err
	}
	dataSources, err := schemas(resp.DataSourceSchemas, a.mapped)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.GetProviderSchemaResponse{
		Provider:          provider,
		ResourceSchemas:   resources,
		DataSourceSchemas: dataSources,
		Diagnostics:       diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ValidateProviderConfig(
	ctx context.Context, req *tfprotov6.ValidateProviderConfigRequest,
) (*tfprotov6.ValidateProviderConfigResponse, error) {
	resp, err := a.rpc.PrepareProviderConfig(ctx, &tfplugin5.PrepareProviderConfig_Request{
		Config: encode(req.Config),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ValidateProviderConfigResponse{
		PreparedConfig: decode(resp.PreparedConfig),
		Diagnostics:    diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ConfigureProvider(
	ctx context.Context, req *tfprotov6.ConfigureProviderRequest,
) (*tfprotov6.ConfigureProviderResponse, error) {
	resp, err := a.rpc.Configure(ctx, &tfplugin5.Configure_Request{
		TerraformVersion: req.TerraformVersion,
		Config:           encode(req.Config),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ConfigureProviderResponse{Diagnostics: diagnostics(resp.Diagnostics)}, nil
}

func (a adapter) ValidateResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	resp, err := a.rpc.ValidateResourceTypeConfig(ctx, &tfplugin5.ValidateResourceTypeConfig_Request{
		TypeName: req.TypeName,
		Config:   encode(req.Config),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: diagnostics(resp.Diagnostics)}, nil
}

func (a adapter) UpgradeResourceState(
	ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	resp, err := a.rpc.UpgradeResourceState(ctx, &tfplugin5.UpgradeResourceState_Request{
		TypeName: req.TypeName,
		Version:  req.Version,
		RawState: &tfplugin5.RawState{Json: req.RawState.JSON, Flatmap: req.RawState.Flatmap},
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.UpgradeResourceStateResponse{
		UpgradedState: decode(resp.UpgradedState),
		Diagnostics:   diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ReadResource(
	ctx context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	resp, err := a.rpc.ReadResource(ctx, &tfplugin5.ReadResource_Request{
		TypeName:     req.TypeName,
		CurrentState: encode(req.CurrentState),
		Private:      req.Private,
		ProviderMeta: encode(req.ProviderMeta),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ReadResourceResponse{
		NewState:    decode(resp.NewState),
		Private:     resp.Private,
		Diagnostics: diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) PlanResourceChange(
	ctx context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	resp, err := a.rpc.PlanResourceChange(ctx, &tfplugin5.PlanResourceChange_Request{
		TypeName:         req.TypeName,
		PriorState:       encode(req.PriorState),
		ProposedNewState: encode(req.ProposedNewState),
		Config:           encode(req.Config),
		PriorPrivate:     req.PriorPrivate,
		ProviderMeta:     encode(req.ProviderMeta),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState:    decode(resp.PlannedState),
		PlannedPrivate:  resp.PlannedPrivate,
		RequiresReplace: mapSlice(resp.RequiresReplace, attributePath),
		Diagnostics:     diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	resp, err := a.rpc.ApplyResourceChange(ctx, &tfplugin5.ApplyResourceChange_Request{
		TypeName:       req.TypeName,
		PriorState:     encode(req.PriorState),
		PlannedState:   encode(req.PlannedState),
		Config:         encode(req.Config),
		PlannedPrivate: req.PlannedPrivate,
		ProviderMeta:   encode(req.ProviderMeta),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ApplyResourceChangeResponse{
		NewState:    decode(resp.NewState),
		Private:     resp.Private,
		Diagnostics: diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ImportResourceState(
	ctx context.Context, req *tfprotov6.ImportResourceStateRequest,
) (*tfprotov6.ImportResourceStateResponse, error) {
	resp, err := a.rpc.ImportResourceState(ctx, &tfplugin5.ImportResourceState_Request{
		TypeName: req.TypeName,
		Id:       req.ID,
	})
	if err != nil {
		return nil, err
	}
	imported := func(r *tfplugin5.ImportResourceState_ImportedResource) *tfprotov6.ImportedResource {
		return &tfprotov6.ImportedResource{TypeName: r.TypeName, State: decode(r.State), Private: r.Private}
	}
	return &tfprotov6.ImportResourceStateResponse{
		ImportedResources: mapSlice(resp.ImportedResources, imported),
		Diagnostics:       diagnostics(resp.Diagnostics),
	}, nil
}

func (a adapter) ValidateDataResourceConfig(
	ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest,
) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	resp, err := a.rpc.ValidateDataSourceConfig(ctx, &tfplugin5.ValidateDataSourceConfig_Request{
		TypeName: req.TypeName,
		Config:   encode(req.Config),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: diagnostics(resp.Diagnostics)}, nil
}

func (a adapter) ReadDataSource(
	ctx context.Context, req *tfprotov6.ReadDataSourceRequest,
) (*tfprotov6.ReadDataSourceResponse, error) {
	resp, err := a.rpc.ReadDataSource(ctx, &tfplugin5.ReadDataSource_Request{
		TypeName:     req.TypeName,
		Config:       encode(req.Config),
		ProviderMeta: encode(req.ProviderMeta),
	})
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ReadDataSourceResponse{
		State:       decode(resp.State),
		Diagnostics: diagnostics(resp.Diagnostics),
	}, nil
}
