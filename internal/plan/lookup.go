package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (m *monitor) Invoke(
	_ context.Context, in *pulumirpc.ResourceInvokeRequest,
) (*pulumirpc.InvokeResponse, error) {
	args, err := unmarshal(in.GetArgs())
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", in.GetTok(), err)
	}
	answer, err := m.lookUp(in.GetTok(), in.GetProvider(), resource.FromResourcePropertyMap(args))
	if err != nil {
		return nil, err
	}
	object, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(answer), keep)
	if err != nil {
		return nil, fmt.Errorf("answer to %s: %w", in.GetTok(), err)
	}
	return &pulumirpc.InvokeResponse{Return: object}, nil
}

func (m *monitor) lookUp(token, provider string, args property.Map) (property.Map, error) {
	if m.options.Invoke != nil {
		if answer, err := m.options.Invoke(token, args); err != nil || answer.Len() > 0 {
			return answer, err
		}
	}
	setting := m.settings(token, provider)
	switch token {
	case "aws:index/getCallerIdentity:getCallerIdentity":
		account := m.account()
		return texts("id", account, "accountId", account, "arn", "<caller>", "userId", "<caller>"), nil

	case "aws:index/getPartition:getPartition":
		region := setting("region")
		switch {
		case strings.HasPrefix(region, "cn-"):
			return partition("aws-cn", "amazonaws.com.cn", "cn.com.amazonaws"), nil
		case strings.HasPrefix(region, "us-gov-"):
			return partition("aws-us-gov", "amazonaws.com", "com.amazonaws"), nil
		}
		return partition("aws", "amazonaws.com", "com.amazonaws"), nil

	case "aws:index/getRegion:getRegion":
		region := text(args, "name")
		if region == "" {
			region = setting("region")
		}
		if region == "" {
			return property.Map{}, missing(token, "aws:region")
		}
		return texts("id", region, "name", region, "description", region), nil

	case "gcp:organizations/getProject:getProject":
		project := text(args, "projectId")
		if project == "" {
			project = setting("project")
		}
		if project == "" {
			return property.Map{}, missing(token, "gcp:project")
		}
		return texts("id", "projects/"+project, "projectId", project, "name", project, "number", "<project-number>"), nil

	case "azure-native:authorization:getClientConfig":
		answer := texts("subscriptionId", "<subscription>", "tenantId", "<tenant>", "clientId", "<client>", "objectId", "<object>")
		for _, name := range []string{"subscriptionId", "tenantId", "clientId"} {
			if s := setting(name); s != "" {
				answer = answer.Set(name, property.New(s))
			}
		}
		return answer, nil
	}
	return property.Map{}, status.Errorf(codes.Unimplemented,
		"%s asks the cloud, to which a plan has no access: run `pulumi preview` (a test can answer it: Options.Invoke)", token)
}

// settings finds a setting of the provider that a lookup goes to: the explicit one's input, or else the stack's config.
func (m *monitor) settings(token, provider string) func(name string) string {
	return func(name string) string {
		m.mu.Lock()
		explicit := m.resources[providerURN(provider)]
		m.mu.Unlock()
		if explicit != nil {
			return text(explicit.Inputs, name)
		}
		pkg, _, _ := strings.Cut(token, ":")
		return m.options.Config[pkg+":"+name]
	}
}

// account is the one AWS account to which the stack may be deployed, where its configuration says so.
func (m *monitor) account() string {
	var allowed []string
	err := json.Unmarshal([]byte(m.options.Config["aws:allowedAccountIds"]), &allowed)
	if err != nil || len(allowed) != 1 {
		return "<account>"
	}
	return allowed[0]
}

func missing(token, key string) error {
	return status.Errorf(codes.FailedPrecondition,
		"%s needs %s, which is not set: `pulumi config set %s VALUE`", token, key, key)
}

func partition(id, suffix, reverse string) property.Map {
	return texts("id", id, "partition", id, "dnsSuffix", suffix, "reverseDnsPrefix", reverse)
}

// texts makes a map from alternating names and values.
func texts(pairs ...string) property.Map {
	m := map[string]property.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = property.New(pairs[i+1])
	}
	return property.NewMap(m)
}

// text is a property that is a known string, or "".
func text(m property.Map, name string) string {
	if v := m.Get(name); v.IsString() {
		return v.AsString()
	}
	return ""
}
