package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/policies/planned"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/report"
	"github.com/secretstack/secretstack/policies/source"
)

// resourceFlags say where a command takes resources from: a stack's plan, or a file of Pulumi's or Terraform's.
type resourceFlags struct{ selected selection }

func (f *resourceFlags) addFlags(cmd *cobra.Command) {
	f.selected.addFlags(cmd)
	cmd.Flags().String("state", "", "a `FILE` of \"pulumi stack export\", or a backend's checkpoint; - is the standard input")
	cmd.Flags().String("preview", "", "a `FILE` of \"pulumi preview --json --show-sames\"")
	cmd.Flags().String("terraform", "", "a `FILE` of \"terraform show -json PLAN\"")
}

// resources are those of one stack.
type resources struct {
	all            iter.Seq2[*policy.Resource, error]
	stack, project string       // zero: not known before the first resource
	of             *stack.Stack // whose plan they are; nil: they are of a file
	file           string       // zero: they are a stack's plan
	place          func(urn string) report.Place
	close          func()
}

func (in *resources) subject() string {
	if in.file != "" {
		return in.file
	}
	return fmt.Sprintf("stack %s of %s", in.stack, in.project)
}

func (f *resourceFlags) open(cmd *cobra.Command) (*resources, error) {
	readers := map[string]source.Reader{"stack": nil, "state": source.State, "preview": source.Preview, "terraform": source.Terraform}
	given := slices.DeleteFunc(slices.Collect(maps.Keys(readers)), func(flag string) bool { return !cmd.Flags().Changed(flag) })
	switch {
	case len(given) > 1:
		return nil, inputError{errors.New("give one of --stack, --state, --preview and --terraform")}
	case len(given) == 1 && readers[given[0]] != nil:
		return fromFile(cmd.Flag(given[0]).Value.String(), cmd.InOrStdin(), readers[given[0]])
	}
	s, err := f.selected.open()
	if err != nil {
		return nil, err
	}
	places := s.Places()
	return &resources{
		all: planned.Resources(s.Plan), of: s, stack: s.Name, project: s.Project,
		place: func(urn string) report.Place {
			file, line := places(urn)
			return report.Place{File: filepath.Join(f.selected.dir, file), Line: line}
		},
		close: func() {},
	}, nil
}

func fromFile(path string, stdin io.Reader, read source.Reader) (*resources, error) {
	in := &resources{file: path, close: func() {}, place: func(string) report.Place { return report.Place{} }}
	if path == "-" {
		in.file = "standard input"
		in.all = read(stdin)
		return in, nil
	}
	file, err := os.Open(path)
	if err != nil { // also for "", as of a variable that is not set
		return nil, inputError{err}
	}
	in.all, in.close = read(file), func() { _ = file.Close() } // it was only read
	in.place = func(string) report.Place { return report.Place{File: path} }
	return in, nil
}
