// Command pulumi-resource-secretstack is the Pulumi provider plugin of the local
// cloud: readers' keys, and the entries of a stack's encrypted file. Pulumi
// starts it, and finds it through plugins.providers in Pulumi.yaml.
//
// Programs use it through components/localsecret. A secret's value is never an
// input or an output of its resources, and so never in a state.
package main

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

const (
	name    = "secretstack"
	version = "0.1.0"
)

func main() {
	plugin, err := provider()
	if err == nil {
		err = plugin.Run(context.Background(), name, version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-secretstack:", err)
		os.Exit(1)
	}
}

func provider() (p.Provider, error) {
	return infer.NewProviderBuilder().
		WithDescription("The local cloud of secretstack: secrets in an encrypted file.").
		WithResources(infer.Resource(Key{}), infer.Resource(Entry{})).
		Build()
}
