package analyzer

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/ruleset"
)

// Serve serves rules to the engine that has started this process, until the engine ends it. It is the whole of a
// pack's main.
func Serve(rules []policy.Rule) error {
	if err := distinct(rules); err != nil {
		return err
	}
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

// distinct refuses what policies.yaml could not tell apart.
func distinct(rules []policy.Rule) error {
	names := map[string]bool{ruleset.Exemptions.Name: true}
	for _, r := range rules {
		if names[r.Name] {
			return fmt.Errorf("two rules of the policy pack are called %s", r.Name)
		}
		names[r.Name] = true
		for _, s := range r.Settings {
			if s.Name == "level" {
				return fmt.Errorf("a setting of %s is called level, as its enforcement level is", r.Name)
			}
		}
	}
	return nil
}
