// Package tfplugin runs a Terraform provider binary that speaks plugin protocol 5
// and offers it as a tfprotov6.ProviderServer, the shape that the Pulumi Terraform
// bridge drives. Both protocol versions carry the same msgpack payloads, so the
// adapter only moves fields from one message to the other.
package tfplugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/vendored/tfplugin5"
	"google.golang.org/grpc"
)

// Provider is a running Terraform provider.
type Provider struct {
	adapter
	process *plugin.Client
}

// Start launches the provider binary. Only the schemas of types for which mapped
// returns true are kept: the AWS provider has about 2,000 of them.
//
// The child is killed when the calling OS thread exits, so call Start from the
// main goroutine after runtime.LockOSThread.
func Start(binary string, mapped func(tfType string) bool) (*Provider, error) {
	cmd := exec.Command(binary)
	// Providers trace everything to stderr unless told otherwise.
	cmd.Env = append([]string{"TF_LOG_SDK=error", "TF_LOG_PROVIDER=error"}, os.Environ()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	process := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{ // fixed by Terraform
			ProtocolVersion:  5,
			MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE",
			MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		},
		Plugins:          plugin.PluginSet{"provider": grpcPlugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Cmd:              cmd,
		Stderr:           os.Stderr,
		Logger:           hclog.NewNullLogger(),
	})
	conn, err := process.Client()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", binary, err)
	}
	rpc, err := conn.Dispense("provider")
	if err != nil {
		process.Kill()
		return nil, err
	}
	return &Provider{adapter{rpc: rpc.(tfplugin5.ProviderClient), mapped: mapped}, process}, nil
}

// Stop asks the provider to give up on what it is doing.
func (p *Provider) Stop(ctx context.Context) error {
	_, err := p.rpc.Stop(ctx, &tfplugin5.Stop_Request{})
	return err
}

// Close stops the provider process.
func (p *Provider) Close() { p.process.Kill() }

// grpcPlugin tells go-plugin how to make a client for the one service it serves.
type grpcPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return tfplugin5.NewProviderClient(conn), nil
}

func (grpcPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("client only")
}
