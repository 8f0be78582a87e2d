package main

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/spf13/cobra"
)

func newDestroy() *cobra.Command {
	var selected selection
	var yes bool
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Delete all that a stack has provisioned",
		Long: `Delete all that a stack has provisioned. It shows what it would delete, and asks first. A stack refuses
unless it was last provisioned with secretstack:allowDestroy in its configuration. Its secrets can be recovered
for the time in secretstack:recovery.`,
		Example: "  secretstack destroy -s local",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			if !s.Config.AllowDestroy {
				return inputError{fmt.Errorf("the stack %s does not allow it: set secretstack:allowDestroy: true in Pulumi.%[1]s.yaml, "+
					"run \"secretstack up %s\", and destroy it then", s.Name, flagsOf(s))}
			}
			if err := canAsk(cmd, yes); err != nil {
				return err
			}
			return withEngine(cmd, s, auto.SelectStackInlineSource, func(ctx context.Context, engine auto.Stack) error {
				return destroy(ctx, cmd, engine, yes)
			})
		},
	}
	selected.addFlags(cmd)
	addYes(cmd, &yes)
	return cmd
}

func destroy(ctx context.Context, cmd *cobra.Command, engine auto.Stack, yes bool) error {
	options := []optdestroy.Option{
		optdestroy.Color(colour(cmd)),
		optdestroy.ProgressStreams(cmd.OutOrStdout()), optdestroy.ErrorProgressStreams(cmd.ErrOrStderr()),
	}
	// With --yes too, as in up.
	if _, err := engine.PreviewDestroy(ctx, options...); err != nil {
		return err
	}
	if !yes {
		if err := confirm(ctx, cmd, "Delete all of this from the stack "+engine.Name()+"?"); err != nil {
			return err
		}
	}
	_, err := engine.Destroy(ctx, options...)
	return err
}
