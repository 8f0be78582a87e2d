// A policy pack of a team's own: the rules of secretstack, and one more.
package main

import (
	"log"

	"github.com/secretstack/secretstack/policies/analyzer"
	"github.com/secretstack/secretstack/policies/rules"
)

func main() {
	if err := analyzer.Serve(append(rules.All(), secretHasOwner)); err != nil {
		log.Fatal(err)
	}
}
