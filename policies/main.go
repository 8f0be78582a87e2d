// The policy pack: the rules of secretstack, for `pulumi preview --policy-pack policies`.
package main

import (
	"fmt"
	"os"

	"github.com/secretstack/secretstack/policies/analyzer"
	"github.com/secretstack/secretstack/policies/rules"
)

func main() {
	if err := analyzer.Serve(rules.All()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
