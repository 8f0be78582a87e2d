// Package plan runs a Pulumi Go program in-process and gives the resource graph that it declares: what the preview of
// a new stack shows, in well under a second, without engine, plugins, credentials or network. The program talks to a
// resource monitor on a loopback port, over the same protocol as to the engine; unknown values and secrets are kept.
//
// Do not use it to see what an update would change, since it knows no state: that is `pulumi preview`.
package plan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// Options say which stack a program is run for. The zero value is a stack without config.
type Options struct {
	Project    string            // zero: "project"
	Stack      string            // zero: "stack"
	Root       string            // the project's directory, as in ctx.RootDirectory(); zero: the working directory
	Config     map[string]string // by full key, as in "aws:region"
	SecretKeys []string          // the keys of Config whose values are secret

	// Invoke answers the program's lookups (aws.GetRegion and the like) by their token. It is asked first; lookups for
	// which it gives an empty map and no error, and all lookups where it is nil, are answered by the package itself:
	// region, partition, account, project and client from the config, and marks like "<account>" for what only the
	// cloud knows. Any other lookup is an error. It is called concurrently.
	Invoke func(token string, args property.Map) (property.Map, error)

	// Create gives the id of a new resource and its outputs beside its inputs, as after an update. Nil: a preview, in
	// which both are unknown. It is called concurrently.
	Create func(Resource) (id string, outputs property.Map)
}

// Run gives the graph of a program. Its error has everything that went wrong: what the program returned, a panic of
// its main goroutine, failed registrations, and each message that it logged as an error.
func Run(ctx context.Context, program pulumi.RunFunc, o Options) (*Graph, error) {
	if o.Project == "" {
		o.Project = "project"
	}
	if o.Stack == "" {
		o.Stack = "stack"
	}
	if o.Root == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, fmt.Errorf("finding the project's directory: %w", err)
		}
		o.Root = dir
	}

	m := &monitor{options: o, resources: map[string]*Resource{}}
	stop := make(chan bool)
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: stop,
		Init: func(s *grpc.Server) error {
			pulumirpc.RegisterResourceMonitorServer(s, m)
			pulumirpc.RegisterEngineServer(s, m)
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("starting the resource monitor: %w", err)
	}
	defer func() {
		close(stop)
		<-server.Done
	}()

	address := "127.0.0.1:" + strconv.Itoa(server.Port)
	pctx, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		Project: o.Project, Stack: o.Stack, RootDirectory: o.Root,
		Config: o.Config, ConfigSecretKeys: o.SecretKeys,
		DryRun: o.Create == nil, Parallel: 16, MonitorAddr: address, EngineAddr: address,
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to the resource monitor: %w", err)
	}

	// RunWithContext would drop the program's own error where a registration failed too.
	var programErr error
	err = pulumi.RunWithContext(pctx, func(ctx *pulumi.Context) error {
		programErr = call(program, ctx)
		return nil
	})
	if err := errors.Join(programErr, err, pctx.Close(), m.errorsLogged()); err != nil {
		return nil, err
	}
	return m.graph(), nil
}

func call(program pulumi.RunFunc, ctx *pulumi.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the program panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return program(ctx)
}
