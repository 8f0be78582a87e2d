package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/secretstack/secretstack/policies/policy"
)

// kind is what a file should be.
type kind string

const (
	state     kind = "a state of Pulumi"
	preview   kind = "a preview of Pulumi"
	terraform kind = "a plan of Terraform"
)

// tells are fields at the top of a file by which its kind is known.
var tells = []struct{ field, what string }{
	{"deployment", "a state of Pulumi, from `pulumi stack export`"},
	{"checkpoint", "a state of Pulumi, from its backend"},
	{"steps", "a preview of Pulumi, from `pulumi preview --json`"},
	{"changeSummary", "a preview of Pulumi, from `pulumi preview --json`"},
	{"sequence", "a log of the events of Pulumi's engine"},
	{"planned_values", "a plan of Terraform, from `terraform show -json PLAN`"},
	{"resource_changes", "a plan of Terraform, from `terraform show -json PLAN`"},
	{"lineage", "a state file of Terraform"},
	{"values", "a state of Terraform, from `terraform show -json` without a plan"},
}

// Reader is [State], [Preview] or [Terraform].
type Reader = func(io.Reader) iter.Seq2[*policy.Resource, error]

// Guess tells by the fields of a file how to read it, and gives all of it to read. Nil: it is of another kind.
func Guess(in io.Reader) (read Reader, all io.Reader, err error) {
	text, err := plain(in)
	if err != nil {
		return nil, nil, err
	}
	var head bytes.Buffer
	d := parse(io.TeeReader(text, &head), "")
	err = d.fields("the file", func(name string) error {
		switch name {
		case "deployment", "checkpoint":
			read = State
		case "steps", "changeSummary":
			read = Preview
		case "format_version", "planned_values", "resource_changes":
			read = Terraform
		default:
			return d.skip()
		}
		return errStopped
	})
	if err != nil && !errors.Is(err, errStopped) {
		return nil, nil, err
	}
	return read, io.MultiReader(&head, text), nil
}

// top reads the object that the file is. It is an error if it has none of its kind's own fields. For each field, read
// must read its value.
func (d *document) top(own []string, read func(name string) error) error {
	var names []string
	err := d.fields("the file", func(name string) error {
		if len(names) < 100 || slices.Contains(own, name) {
			names = append(names, name)
		}
		return read(name)
	})
	if err != nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(own, name) }) {
		return err
	}
	for _, tell := range tells {
		if slices.Contains(names, tell.field) {
			return fmt.Errorf("it is not %s: it seems to be %s", d.kind, tell.what)
		}
	}
	return fmt.Errorf("it is not %s", d.kind)
}
