package main

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/spf13/cobra"
)

func newPreview() *cobra.Command {
	var selected selection
	cmd := &cobra.Command{
		Use:     "preview",
		Short:   "Show what up would change",
		Long:    "Show what up would change, which it does as well. State and login are as in up: see secretstack up --help.",
		Example: "  secretstack preview -s prod",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			return withEngine(cmd, s, auto.UpsertStackInlineSource, func(ctx context.Context, engine auto.Stack) error {
				return preview(ctx, cmd, engine, isLocal(s))
			})
		},
	}
	selected.addFlags(cmd)
	return cmd
}

func preview(ctx context.Context, cmd *cobra.Command, engine auto.Stack, local bool) error {
	options := []optpreview.Option{
		optpreview.Color(colour(cmd)),
		optpreview.ProgressStreams(cmd.OutOrStdout()), optpreview.ErrorProgressStreams(cmd.ErrOrStderr()),
	}
	if local {
		options = append(options, optpreview.Refresh()) // as in up
	}
	_, err := engine.Preview(ctx, options...)
	return err
}

// colour is the engine's word for whether it may use colours.
func colour(cmd *cobra.Command) string {
	if hasColour(cmd.OutOrStdout()) {
		return "always"
	}
	return "never"
}
