package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/internal/stack"
)

func newUp() *cobra.Command {
	var selected selection
	var yes bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Provision a stack's secrets",
		Long: `Provision a stack's secrets: make the cloud what secrets.yaml and the stack's configuration say. Mistakes
in them are listed before anything starts. It shows a preview and asks first, but for the local cloud.

State and login are those of the Pulumi CLI, which is built if it is not there. Only a stack of the local
cloud needs neither: its state, which holds nothing secret, is in the project's folder .secretstack,
unless PULUMI_BACKEND_URL names another place.`,
		Example: `  secretstack up -s local
  secretstack up -s prod --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			yes := yes || isLocal(s)
			if err := canAsk(cmd, yes); err != nil {
				return err
			}
			err = withEngine(cmd, s, func(ctx context.Context, engine auto.Stack) error {
				if !yes {
					if err := previewAndConfirm(ctx, cmd, engine); err != nil {
						return err
					}
				}
				return up(ctx, cmd, engine, isLocal(s))
			})
			if err != nil || !isLocal(s) {
				return err
			}
			return printNext(cmd, s)
		},
	}
	selected.addFlags(cmd)
	addYes(cmd, &yes)
	return cmd
}

func previewAndConfirm(ctx context.Context, cmd *cobra.Command, engine auto.Stack) error {
	if err := preview(ctx, cmd, engine); err != nil {
		return err
	}
	return confirm(ctx, cmd, "Make these changes to the stack "+engine.Name()+"?")
}

func up(ctx context.Context, cmd *cobra.Command, engine auto.Stack, hideOutputs bool) error {
	options := []optup.Option{
		optup.Color(colour(cmd)),
		optup.ProgressStreams(cmd.OutOrStdout()), optup.ErrorProgressStreams(cmd.ErrOrStderr()),
	}
	if hideOutputs {
		options = append(options, optup.SuppressOutputs())
	}
	_, err := engine.Up(ctx, options...)
	return err
}

// printNext shows what a local stack has and how to use it.
func printNext(cmd *cobra.Command, s *stack.Stack) error {
	items, err := list(cmd.Context(), s)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if err := printItems(w, items); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\nEach has a generated value until you put one. Try:\n"+
		"  %[1]s run -s %[2]s --as %[3]s -- printenv %[4]s\n"+
		"  %[1]s put %[5]s -s %[2]s\n", os.Args[0], s.Name, items[0].Readers[0], items[0].Env, items[0].Secret)
	return err
}
