package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/access"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/internal/strict"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/source"
)

// access finds who reads what in the stack or file that is selected.
func (f *resourceFlags) access(cmd *cobra.Command) (*access.Access, error) {
	in, err := f.open(cmd)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if in.of != nil {
		return accessOf(in.of)
	}
	found, err := access.From(in.all, access.Options{})
	if err != nil {
		return nil, inputError{fmt.Errorf("%s: %w", in.file, err)}
	}
	return found, nil
}

// accessOf finds who reads what in a stack's plan.
func accessOf(s *stack.Stack) (*access.Access, error) {
	options := access.Options{
		Names: s.Config.Identities, Region: s.Setting("aws:region"), Project: s.Setting("gcp:project"),
		Subscription: s.Setting("azure-native:subscriptionId"),
	}
	var accounts []string
	if json.Unmarshal([]byte(s.Setting("aws:allowedAccountIds")), &accounts) == nil && len(accounts) == 1 {
		options.Account = accounts[0]
	}
	return access.From(planned.Resources(s.Plan), options)
}

// side reads one side of a comparison: a stack by its name, or else a file of whichever kind.
func (f *resourceFlags) side(arg string, stdin io.Reader) (*access.Access, error) {
	selected := selection{dir: f.selected.dir, stack: arg}
	names := stack.Names(f.selected.dir)
	if slices.Contains(names, arg) {
		s, err := selected.open()
		if err != nil {
			return nil, err
		}
		return accessOf(s)
	}
	in := stdin
	if arg != "-" {
		file, err := os.Open(arg)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, inputError{fmt.Errorf("%s is neither a file nor a stack of this project; %s", arg, strict.Suggest(arg, names))}
		} else if err != nil {
			return nil, inputError{err}
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	found, err := accessFile(in)
	if err != nil {
		return nil, inputError{fmt.Errorf("%s: %w", arg, err)}
	}
	return found, nil
}

// accessFile reads a file of any kind that says who reads what.
func accessFile(in io.Reader) (*access.Access, error) {
	read, all, err := source.Guess(in)
	if read != nil {
		return access.From(read(all), access.Options{})
	}
	var found *access.Access
	if err == nil {
		found, err = access.Parse(all)
	}
	if err != nil {
		return nil, fmt.Errorf("it is no state or preview of Pulumi, no plan of Terraform, and not what \"secretstack access --format json\" prints: %w", err)
	}
	return found, nil
}
