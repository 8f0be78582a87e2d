package main

import (
	"testing"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/policytest"
)

func TestOwner(t *testing.T) {
	policytest.Run(t, []policy.Rule{secretHasOwner}, "testdata")
}
