// This program is what `pulumi up` runs: it provisions the secrets of secrets.yaml in the cloud that
// the stack selects.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/internal/stack"
)

func main() { pulumi.Run(stack.Run) }
