package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/stack"
)

func newValidate() *cobra.Command {
	var selected selection
	var as *format
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Look for mistakes in secrets.yaml and in the stacks",
		Long: `Look for mistakes in secrets.yaml and in the configuration of the stack that --stack names, or else of
all stacks. All of them are listed, each with its file, line and field, and the exit code is 2.`,
		Example: `  secretstack validate
  secretstack validate -s prod --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			names := []string{selected.stack}
			if selected.stack == "" {
				names = stack.Names(selected.dir)
			}
			if len(names) == 0 {
				return errNoStack(selected.dir)
			}
			problems, err := problemsOf(selected.dir, names)
			if err != nil {
				return inputError{err}
			}
			return printProblems(cmd.OutOrStdout(), as.value, names, problems)
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "text", "json")
	return cmd
}

// problemsOf gives each mistake of the stacks once: those of secrets.yaml occur in all of them.
func problemsOf(dir string, names []string) (secret.Problems, error) {
	var all secret.Problems
	for _, name := range names {
		_, err := stack.Open(dir, name)
		var problems secret.Problems
		if err != nil && !errors.As(err, &problems) {
			return nil, err
		}
		for _, p := range problems {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	all.Sort()
	return all, nil
}

func printProblems(w io.Writer, format string, names []string, problems secret.Problems) error {
	if format == "json" {
		if err := printJSON(w, append(secret.Problems{}, problems...)); err != nil {
			return err
		}
	}
	switch {
	case len(problems) > 0 && format == "json":
		return inputError{fmt.Errorf("mistakes: %d", len(problems))}
	case len(problems) > 0:
		return inputError{problems}
	case format == "text":
		_, err := fmt.Fprintf(w, "No mistakes in secrets.yaml, nor in the stacks: %s.\n", strings.Join(names, ", "))
		return err
	}
	return nil
}
