package main

import (
	"errors"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

const rootHelp = `secretstack provisions the secrets that a project declares in secrets.yaml, in the cloud that
a stack selects: aws, azure, gcp, or local, which is this machine.

The project is the folder with Pulumi.yaml, and each Pulumi.STACK.yaml in it is a stack. A stack is
selected with --stack, or else by PULUMI_STACK in the environment; a project's only stack needs neither.

Exit codes:
  0  it worked
  1  it failed
  2  the input is wrong: the usage, the declaration or a stack's configuration
  "secretstack run" ends with the exit code of the command that it runs. If it cannot run it:
  125  not all of the reader's secrets are there, or another failure of its own
  126  the command cannot be executed
  127  there is no such command`

const rootExamples = `  secretstack validate                     # look for mistakes, in all stacks
  secretstack plan -s prod                 # what would be there, without credentials or network
  secretstack up -s local                  # provision on this machine
  secretstack put stripe-api-key -s local  # type a value in
  secretstack run -s local --as checkout -- ./checkout
  secretstack rotate --due -s local        # give new values to what is due`

// inputError is a mistake in what the user gave, rather than a failure.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// exitError is a failure with an exit code of its own.
type exitError struct {
	error
	code int
}

func (e exitError) Unwrap() error { return e.error }

// execute runs the command line and gives its exit code.
func execute(args []string) int {
	root := newRoot()
	root.SetArgs(args)
	started := false // that far, each error is one of usage
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	prefix := "error:"
	if hasColour(cmd.ErrOrStderr()) {
		prefix = "\x1b[1;31merror:\x1b[0m"
	}
	between := " "
	if strings.Contains(err.Error(), "\n") {
		between = "\n" // a list begins on a line of its own
	}
	cmd.PrintErrln(prefix + between + err.Error())
	var exit exitError
	switch {
	case !started:
		cmd.PrintErrf("Run %q for its usage.\n", cmd.CommandPath()+" --help")
		return 2
	case errors.As(err, &inputError{}):
		return 2
	case errors.As(err, &exit):
		return exit.code
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "secretstack",
		Short:         "Provision an application's secrets in any of four clouds",
		Long:          rootHelp,
		Example:       rootExamples,
		Version:       version(),
		SilenceErrors: true, // execute prints them
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "look", Title: "Look, without credentials or network:"},
		&cobra.Group{ID: "provision", Title: "Provision, with the Pulumi engine:"},
		&cobra.Group{ID: "rotate", Title: "Rotate:"},
		&cobra.Group{ID: "use", Title: "Use the local cloud:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"look":      {newValidate(), newList(), newPlan(), newAlerts(), newAccess(), newCheck(), newRules(), newSchema()},
		"provision": {newPreview(), newUp(), newDestroy()},
		"rotate":    {newRotate(), newRotations()},
		"use":       {newPut(), newRun(), newAudit()},
	} {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	return root
}

// version is that of the module or, built from a clone, of its commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}
