// Package reader checks the readers that a cloud's component is given.
package reader

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secret"
)

// Check gives all that is wrong with a secret's readers. Identities that other resources make are not
// known yet; the component checks them when they are. Two readers of a secret cannot be one identity:
// they would share a grant, and removing one of them would take it from both.
func Check(c secret.Cloud, readers []string, identities map[string]pulumi.StringInput) []error {
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	var held []string // the readers whose identities are known
	for i, reader := range readers {
		plain, known := identities[reader].(pulumi.String)
		holder := slices.IndexFunc(held, func(other string) bool {
			return c.Same(string(identities[other].(pulumi.String)), string(plain))
		})
		switch {
		case slices.Contains(readers[:i], reader):
			wrong("Spec.Readers[%d]: names %s twice", i, reader)
		case identities[reader] == nil && !c.MakesIdentities:
			wrong("Readers: has no identity for %s", reader)
		case !known:
		case c.CheckIdentity(string(plain)) != nil:
			wrong("Readers[%s]: %w", reader, c.CheckIdentity(string(plain)))
		case holder >= 0:
			wrong("Readers[%s]: is the identity of %s too; name one of them", reader, held[holder])
		default:
			held = append(held, reader)
		}
	}
	return errs
}
