package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/report"
	"github.com/secretstack/secretstack/policies/source"
)

// resourceFlags say where a command takes resources from: a stack's plan, or a file of Pulumi's or Terraform's.
type resourceFlags struct {
	selected                  selection
	state, preview, terraform string
}

func (f *resourceFlags) addFlags(cmd *cobra.Command) {
	f.selected.addFlags(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "a `FILE` of \"pulumi stack export\", or a backend's checkpoint; - is the standard input")
	cmd.Flags().StringVar(&f.preview, "preview", "", "a `FILE` of \"pulumi preview --json --show-sames\"")
	cmd.Flags().StringVar(&f.terraform, "terraform", "", "a `FILE` of \"terraform show -json PLAN\"")
}

// resources are those of one stack.
type resources struct {
	all            iter.Seq2[*policy.Resource, error]
	stack, project string // zero: not known before the first resource
	file           string // zero: they are a stack's plan
	place          func(urn string) report.Place
	close          func()
}

func (in *resources) subject() string {
	if in.file != "" {
		return in.file
	}
	return fmt.Sprintf("stack %s of %s", in.stack, in.project)
}

func (f *resourceFlags) open(stdin io.Reader) (*resources, error) {
	given := 0
	for _, flag := range []string{f.selected.stack, f.state, f.preview, f.terraform} {
		given += min(len(flag), 1)
	}
	switch {
	case given > 1:
		return nil, inputError{errors.New("give one of --stack, --state, --preview and --terraform")}
	case f.state != "":
		return fromFile(f.state, stdin, source.State)
	case f.preview != "":
		return fromFile(f.preview, stdin, source.Preview)
	case f.terraform != "":
		return fromFile(f.terraform, stdin, source.Terraform)
	}
	s, err := f.selected.open()
	if err != nil {
		return nil, err
	}
	return &resources{
		all: source.Plan(s.Plan), stack: s.Name, project: s.Project,
		place: func(urn string) report.Place {
			file, line := s.Place(urn)
			return report.Place{File: filepath.Join(f.selected.dir, file), Line: line}
		},
		close: func() {},
	}, nil
}

func fromFile(
	path string, stdin io.Reader, read func(io.Reader) iter.Seq2[*policy.Resource, error],
) (*resources, error) {
	in := &resources{file: path, close: func() {}, place: func(string) report.Place { return report.Place{} }}
	if path == "-" {
		in.file = "standard input"
		in.all = read(stdin)
		return in, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, inputError{err}
	}
	in.all, in.close = read(file), func() { _ = file.Close() } // it was only read
	in.place = func(string) report.Place { return report.Place{File: path} }
	return in, nil
}
