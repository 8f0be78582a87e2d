// Command lambdazip writes the rotator's bundle for AWS Lambda to the path that it is given.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/secretstack/secretstack/internal/bundle"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: lambdazip PATH")
		os.Exit(2)
	}
	if err := bundle.Build(context.Background(), "", os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
