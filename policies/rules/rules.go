// Package rules has all rules of secretstack.
package rules

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/secretstack/secretstack/policies/anyrules"
	"github.com/secretstack/secretstack/policies/awsrules/identities"
	"github.com/secretstack/secretstack/policies/awsrules/operations"
	"github.com/secretstack/secretstack/policies/awsrules/secrets"
	"github.com/secretstack/secretstack/policies/azurerules"
	"github.com/secretstack/secretstack/policies/gcprules"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules/example"
)

// All gives the rules, by name.
func All() []policy.Rule {
	all := slices.Concat(secrets.All, identities.All, operations.All, gcprules.All, azurerules.All, anyrules.All)
	slices.SortFunc(all, func(a, b policy.Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Example gives the program in Go that shows how to pass a rule.
func Example(rule string) (string, error) {
	var errs []error
	for _, sources := range []fs.FS{
		secrets.Fixes, identities.Fixes, operations.Fixes, gcprules.Fixes, azurerules.Fixes, anyrules.Fixes,
	} {
		text, err := example.Of(sources, rule)
		if err == nil {
			return text, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}
