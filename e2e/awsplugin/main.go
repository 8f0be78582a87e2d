// Command pulumi-resource-aws is a stand-in for the official Pulumi AWS provider
// plugin, made of public Go modules. It drives the genuine Terraform AWS provider
// binary (5.100.0), which SECRETSTACK_TF_AWS_PROVIDER names, so that programs written
// against the typed Pulumi AWS SDK v6 deploy unchanged. See README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/proto"
	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi/pkg/v3/resource/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/secretstack/secretstack/e2e/awsplugin/tfplugin"
)

const (
	pulumiVersion  = "6.83.0" // the SDK release whose tokens and names mapping.go follows
	schema         = `{"name":"aws","version":"` + pulumiVersion + `"}`
	providerEnvVar = "SECRETSTACK_TF_AWS_PROVIDER"
)

func main() {
	runtime.LockOSThread() // ties the child's life to ours; see tfplugin.Start
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

func run() error {
	tf, err := startTerraform()
	if err != nil {
		return err
	}
	defer tf.Close()
	return provider.Main("aws", func(host *provider.HostClient) (pulumirpc.ResourceProviderServer, error) {
		ctx := context.Background()
		info := providerInfo(proto.New(ctx, tf))
		bridged, err := pfbridge.NewProviderServer(ctx, host, info,
			pfbridge.ProviderMetadata{PackageSchema: []byte(schema)})
		return server{newNameServer(assetServer{bridged}, info), tf}, err
	})
}

func startTerraform() (*tfplugin.Provider, error) {
	tf, err := tfplugin.Start(os.Getenv(providerEnvVar), isMapped)
	if err != nil {
		return nil, fmt.Errorf("%s must name the Terraform AWS provider binary: %w", providerEnvVar, err)
	}
	return tf, nil
}

// server rounds off what the bridge does for a provider in another process.
type server struct {
	pulumirpc.ResourceProviderServer
	tf *tfplugin.Provider
}

// Configure has the engine send the id of a resource that is given in place of one.
func (s server) Configure(
	ctx context.Context, req *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	resp, err := s.ResourceProviderServer.Configure(ctx, req)
	if resp != nil {
		resp.AcceptResources = false
	}
	return resp, err
}

// Cancel passes a cancellation on to Terraform.
func (s server) Cancel(ctx context.Context, req *emptypb.Empty) (*emptypb.Empty, error) {
	if err := s.tf.Stop(ctx); err != nil {
		return nil, err
	}
	return s.ResourceProviderServer.Cancel(ctx, req)
}
