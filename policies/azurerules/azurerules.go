// Package azurerules has the rules on Azure: vaults with their secrets and keys, the storage accounts and functions
// beside them, and the identities that reach them.
//
// Where a program does not set a property, the rules go by what Azure then does. A property that the provider has
// reported counts then; the documented default counts before there is one.
package azurerules

import (
	"embed"
	"slices"
)

// All are the rules.
var All = slices.Concat(vaults, networks, logs, keys, secrets, storage, functions, identities)

// Fixes are the sources of an example for each rule.
//
//go:embed fixes/*.go
var Fixes embed.FS
