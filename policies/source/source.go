// Package source turns what tools write into the resources that rules look at: a stack's state ([State]), a preview by
// Pulumi's engine ([Preview]), and a plan of Terraform or OpenTofu ([Terraform]). For a plan of our own, see planned.
//
// Each gives the resources in the order of the file, in Pulumi's names and with types as of [policy.Canonical]. The last
// pair may be an error, which ends it: it says where the file is wrong, and never has a value of it. Files may be
// compressed with gzip. Resources that Pulumi only reads, or is about to delete, are left out, as are properties that are
// null and those that Pulumi keeps for itself.
package source

import (
	"errors"
	"io"
	"iter"

	"github.com/secretstack/secretstack/policies/policy"
)

// errStopped ends the reading of a file by who wanted its resources.
var errStopped = errors.New("stopped")

// each gives what read finds in a file, one resource at a time.
func each(in io.Reader, kind kind, read func(d *document, give func(*policy.Resource) error) error) iter.Seq2[*policy.Resource, error] {
	return func(yield func(*policy.Resource, error) bool) {
		d, err := open(in, kind)
		if err == nil {
			err = read(d, func(r *policy.Resource) error {
				if !yield(r, nil) {
					return errStopped
				}
				return nil
			})
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}
