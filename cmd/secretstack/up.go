package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/agefile"
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
cloud needs neither: its state, which holds nothing secret, is in the project's folder .secretstack. On the
local cloud, up also makes again what is missing of the encrypted file and of the readers' keys.

Keys and secrets are protected: to take one away, or to destroy the stack, it must first be provisioned
with secretstack:allowDestroy in its configuration.`,
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
			err = withEngine(cmd, s, auto.UpsertStackInlineSource, func(ctx context.Context, engine auto.Stack) error {
				if !isLocal(s) {
					if err := previewAndConfirm(ctx, cmd, engine, yes); err != nil {
						return err
					}
				}
				return up(ctx, cmd, engine, isLocal(s))
			})
			if err != nil || !isLocal(s) {
				return err
			}
			if err := printNext(cmd, s); err != nil {
				return err
			}
			local, err := selected.local(s)
			if err != nil {
				return err
			}
			file, err := agefile.Read(local.file)
			if err != nil {
				return err
			}
			local.overdue(cmd.ErrOrStderr(), file, s.Declaration.Secrets)
			return nil
		},
	}
	selected.addFlags(cmd)
	addYes(cmd, &yes)
	return cmd
}

// previewAndConfirm previews without a question too: the engine finds that something is protected when
// it comes to delete it, and has by then deleted the grants on it. A preview finds out before.
func previewAndConfirm(ctx context.Context, cmd *cobra.Command, engine auto.Stack, yes bool) error {
	if err := preview(ctx, cmd, engine, false); err != nil || yes {
		return err
	}
	return confirm(ctx, cmd, "Make these changes to the stack "+engine.Name()+"?")
}

func up(ctx context.Context, cmd *cobra.Command, engine auto.Stack, local bool) error {
	options := []optup.Option{
		optup.Color(colour(cmd)),
		optup.ProgressStreams(cmd.OutOrStdout()), optup.ErrorProgressStreams(cmd.ErrOrStderr()),
	}
	if local {
		options = append(options, optup.SuppressOutputs(), optup.Refresh()) // a file or key may be gone
	}
	_, err := engine.Up(ctx, options...)
	return err
}

// printNext says what a local stack has and how to use it.
func printNext(cmd *cobra.Command, s *stack.Stack) error {
	var text strings.Builder
	// Somebody uses it, and only with the right reader.
	better := func(spec secret.Spec) bool { return spec.Env != "" && len(spec.Readers) == 1 }
	var try secret.Spec // some secret has readers: what has none is read for the rotation of one that has
	fmt.Fprintf(&text, "%s has, each encrypted to its readers:\n", fileOf(s))
	for _, spec := range s.Declaration.Secrets {
		if len(spec.Readers) == 0 {
			fmt.Fprintf(&text, "  %s, read by the rotation of others alone\n", spec.Name)
			continue
		}
		fmt.Fprintf(&text, "  %s, read by %s as %s\n", spec.Name, strings.Join(spec.Readers, " and "), spec.EnvName())
		if try.Name == "" || better(spec) && !better(try) {
			try = spec
		}
	}
	fmt.Fprintf(&text, "\nEach has a generated value until you put one. Try:\n"+
		"  %[1]s run %[2]s --as %[3]s -- printenv %[4]s\n"+
		"  %[1]s put %[5]s %[2]s\n", os.Args[0], flagsOf(s), try.Readers[0], try.EnvName(), try.Name)
	_, err := fmt.Fprint(cmd.OutOrStdout(), text.String())
	return err
}
