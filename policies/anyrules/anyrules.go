// Package anyrules has the rules that are the same in each cloud: where credentials are written down, where values of
// secrets go, and what must not be deleted.
package anyrules

import (
	"embed"

	"github.com/secretstack/secretstack/policies/policy"
)

// All are the rules.
var All = []policy.Rule{
	noHardcodedSecretInInputs,
	noHardcodedProviderCredential,
	secretValueMarkedSecret,
	noSecretInEnvironment,
	noSecretInStackOutput,
	noSecretOverHTTP,
	secretResourceProtected,
}

// Fixes are the examples of how to pass.
//
//go:embed fixes/*.go
var Fixes embed.FS

// Where the rules come from.
const (
	aboutSecrets = "https://www.pulumi.com/docs/iac/concepts/secrets/"
	aboutProtect = "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/"
)
