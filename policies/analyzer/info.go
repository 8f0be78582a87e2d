package analyzer

import (
	"context"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Documentation is where the page of each rule is, by its name and ".md".
const Documentation = "https://github.com/secretstack/secretstack/blob/main/docs/rules/"

// GetPluginInfo gives the pack's version.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: Version}, nil
}

// GetAnalyzerInfo describes each rule, with the level and the settings that policies.yaml gives it.
func (s *Server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := &pulumirpc.AnalyzerInfo{
		Name: Name, Version: Version, SupportsConfig: true,
		Description:   "Secrets, their keys and readers, rotators, alerts and logs on AWS, Google Cloud and Azure",
		InitialConfig: map[string]*pulumirpc.PolicyConfig{},
	}
	for _, c := range s.chosen {
		schema, err := configSchema(c)
		if err != nil {
			return nil, err
		}
		kind := pulumirpc.PolicyType_POLICY_TYPE_RESOURCE
		if len(c.Joins) > 0 || c.Check == nil {
			kind = pulumirpc.PolicyType_POLICY_TYPE_STACK
		}
		info.Policies = append(info.Policies, &pulumirpc.PolicyInfo{
			Name: c.Name, DisplayName: c.Summary, Description: c.Why, RemediationSteps: c.Fix,
			EnforcementLevel: levels[c.Level], ConfigSchema: schema, PolicyType: kind, Severity: severities[c.Severity],
			Tags: append([]string{string(c.Profile)}, c.Covers...), Url: Documentation + c.Name + ".md",
		})
		if info.InitialConfig[c.Name], err = initial(c); err != nil {
			return nil, err
		}
	}
	return info, nil
}
