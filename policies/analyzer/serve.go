package analyzer

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/secretstack/secretstack/policies/policy"
)

// Serve serves rules to the engine that has started this process, until the engine ends it. It is the whole of a
// pack's main.
func Serve(rules []policy.Rule) error {
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(g *grpc.Server) error {
			pulumirpc.RegisterAnalyzerServer(g, New(rules, time.Now))
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("serve the policy pack: %w", err)
	}
	fmt.Println(handle.Port) // the engine reads it
	return <-handle.Done
}
