package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/access"
	"github.com/secretstack/secretstack/access/picture"
)

const accessHelp = `Print who can read which secrets, and how: by a policy of the secret or a grant on it, by the identity's own policies,
or by a grant on what the secret is in, such as a vault or a project. It looks at what the stack declares; what is granted
elsewhere it cannot know. With --state, --preview or --terraform it looks at what any program of Pulumi's, in any
language, or of Terraform's has made or is going to make.

How sure it is:
  certain      the stack says so
  conditional  it depends on something else, which is said: the network of who asks, the policies of another account
  unknown      it depends on what is known only after the update, or is not in this stack
  locked       it may read the secret, but cannot decrypt it
Wide is what is not limited to some secrets, as an administrator's role is.

With --diff it prints what a change adds and takes away. OLD and NEW are each the name of a stack, or a file: a state, a
preview or a plan of Terraform as above, or what --format json has printed.`

const accessExamples = `  secretstack access -s prod
  secretstack access -s prod --format html > access.html
  pulumi stack export | secretstack access --state -
  secretstack access --diff state.json prod --format markdown
  secretstack access --diff main.json branch.json --exit-code`

// errDiffers is the failure of a comparison that finds something, where that is asked for.
var errDiffers = errors.New("who can read what has changed")

type accessCommand struct {
	from     resourceFlags
	diff     bool
	exitCode bool
	as       *format
}

func newAccess() *cobra.Command {
	a := &accessCommand{}
	cmd := &cobra.Command{
		Use:     "access [--diff OLD NEW]",
		Short:   "Print who can read which secrets, and what a change does to that",
		Long:    accessHelp,
		Example: accessExamples,
		Args: func(cmd *cobra.Command, args []string) error {
			if a.diff && len(args) != 2 {
				return fmt.Errorf("--diff compares two: OLD and NEW, each a stack or a file")
			}
			if !a.diff {
				return cobra.NoArgs(cmd, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd, args) },
	}
	a.from.addFlags(cmd)
	cmd.Flags().BoolVar(&a.diff, "diff", false, "compare OLD and NEW, each a stack or a file")
	cmd.Flags().BoolVar(&a.exitCode, "exit-code", false, "with --diff: exit with 1 where they differ")
	a.as = addFormat(cmd, "table", "json", "markdown", "svg", "html")
	for _, source := range []string{"stack", "state", "preview", "terraform"} {
		cmd.MarkFlagsMutuallyExclusive("diff", source)
	}
	return cmd
}

func (a *accessCommand) run(cmd *cobra.Command, args []string) error {
	if a.exitCode && !a.diff {
		return inputError{errors.New("--exit-code is about a difference: give --diff OLD NEW")}
	}
	out := cmd.OutOrStdout()
	if !a.diff {
		found, err := a.from.access(cmd)
		if err != nil {
			return err
		}
		return printAccess(out, found, a.as.value)
	}
	var sides [2]*access.Access
	for i, arg := range args {
		var err error
		if sides[i], err = a.from.side(arg, cmd.InOrStdin()); err != nil {
			return err
		}
	}
	d := access.Compare(sides[0], sides[1])
	if err := printDiff(out, d, sides, a.as.value); err != nil {
		return err
	}
	if a.exitCode && len(d.Changes) > 0 {
		return errDiffers
	}
	return nil
}

func printAccess(w io.Writer, a *access.Access, as string) error {
	switch as {
	case "json":
		return printJSON(w, a)
	case "svg":
		return picture.SVG(w, a)
	case "html":
		return picture.HTML(w, a)
	case "markdown":
		return inputError{errors.New("markdown is of a difference: give --diff OLD NEW")}
	}
	if len(a.Groups) == 0 {
		_, err := fmt.Fprintln(w, "There are no secrets.")
		return errors.Join(err, printNotes(w, a.Notes))
	}
	rows := [][]string{{"SECRET", "READER", "ACCESS", "HOW"}}
	for s, readers := range a.Each() {
		if len(readers) == 0 {
			rows = append(rows, []string{s.Name, "nobody", "", ""})
		}
		for _, r := range readers {
			rows = append(rows, []string{s.Name, r.Identity, r.Label(), r.How()})
		}
	}
	if err := printTable(w, rows); err != nil {
		return err
	}
	rows = [][]string{{"\nREADER", "KIND", "ID"}}
	for _, id := range a.Identities {
		kind := id.Kind
		if id.Mark != "" && string(id.Mark) != kind && id.Mark != access.Anybody {
			kind += ", " + string(id.Mark)
		}
		rows = append(rows, []string{id.Name, kind, id.ID})
	}
	if len(a.Identities) > 0 {
		if err := printTable(w, rows); err != nil {
			return err
		}
	}
	return printNotes(w, a.Notes)
}

func printNotes(w io.Writer, notes []string) error {
	var text strings.Builder
	for i, note := range notes {
		if i == 0 {
			text.WriteByte('\n')
		}
		text.WriteString("note: " + note + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func printDiff(w io.Writer, d *access.Diff, sides [2]*access.Access, as string) error {
	switch as {
	case "json":
		return printJSON(w, d)
	case "markdown":
		return d.Markdown(w, sides[1])
	case "svg", "html":
		return inputError{fmt.Errorf("a difference is printed as table, json or markdown, not as %s", as)}
	}
	if len(d.Changes) == 0 {
		_, err := fmt.Fprintf(w, "No difference: %s.\n", sides[1].Count())
		return err
	}
	rows := [][]string{}
	for _, c := range d.Changes {
		for _, s := range c.Secrets {
			rows = append(rows, []string{c.Sign() + " " + s.Label(), c.Identity.Name, c.Label(), c.How()})
		}
	}
	if err := printTable(w, append([][]string{{"  SECRET", "READER", "ACCESS", "HOW"}}, rows...)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s.\n", d.Count())
	return err
}
