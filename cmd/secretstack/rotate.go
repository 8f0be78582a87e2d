package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/awssecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/stack"
)

func newRotate() *cobra.Command {
	var selected selection
	var due bool
	cmd := &cobra.Command{
		Use:   "rotate {NAME... | --due}",
		Short: "Give secrets new values, at the places where they are used too",
		Long: `Give secrets new values, as their rotation in secrets.yaml says: a new credential is made, put to use at
the database or the API, tried there, and then given to the readers. The previous one goes on working until
its grace is over, where two can work at once. What is interrupted is finished by the next rotate.

On the local cloud this program does it. --due rotates what is due, finishes what was interrupted, and ends
the previous values whose grace is over; run it now and then. "up" and "run" say when there is something to do.
A secret whose target has no address in the stack's configuration (secretstack:targets) is not rotated there.

A cloud rotates by itself what is due. There, rotate starts a rotation by the cloud's rotator, and waits for it
only where it is manual: see "secretstack rotations". It signs in as the cloud's own tools do.`,
		Example: `  secretstack rotate orders-db -s local
  secretstack rotate --due -s local
  secretstack rotate session-signing-key -s prod`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case due && len(args) > 0:
				return errors.New("give names, or --due for those that are due, not both")
			case !due && len(args) == 0:
				return errors.New("which secrets? Give their names in secrets.yaml, or --due for those that are due")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			s, err := selected.open()
			if err != nil {
				return err
			}
			specs, err := rotated(s, args)
			switch {
			case err != nil:
				return err
			case !isLocal(s) && due:
				return inputError{fmt.Errorf("the stack %s is on %s, which rotates by itself what is due; give the name of a secret to "+
					"rotate it now", s.Name, s.Config.Cloud)}
			case !isLocal(s):
				return start(ctx, cmd, s, specs)
			}
			local, err := selected.local(s)
			if err != nil {
				return err
			}
			return local.rotate(ctx, cmd.OutOrStdout(), specs, due)
		},
	}
	cmd.Flags().BoolVar(&due, "due", false, "rotate what is due, on the local cloud")
	selected.addFlags(cmd)
	return cmd
}

// rotated gives the secrets of these names, which must have a rotation; all that have one, for no name.
func rotated(s *stack.Stack, names []string) ([]secret.Spec, error) {
	if len(names) == 0 {
		return s.Declaration.Rotated(), nil
	}
	var specs []secret.Spec
	for _, name := range names {
		spec, err := declared(s, name)
		if err != nil {
			return nil, err
		}
		if spec.Rotation == nil {
			return nil, inputError{fmt.Errorf("secrets.yaml does not say how %s is rotated. If any random value will do, add to it:\n"+
				"    rotation: {every: 30d, generated: {}}\n"+
				"(every: manual to rotate it by name only.) Give it postgres, mysql or webhook instead of generated where the value "+
				"must change at a target too. \"secretstack put\" sets a value of your own", name)}
		}
		if !slices.ContainsFunc(specs, func(s secret.Spec) bool { return s.Name == name }) {
			specs = append(specs, spec)
		}
	}
	return specs, nil
}

// start has a cloud's rotator rotate the secrets.
func start(ctx context.Context, cmd *cobra.Command, s *stack.Stack, specs []secret.Spec) error {
	if s.Config.Cloud != awssecret.Limits.Name {
		return byHand(s, specs)
	}
	c, err := awsConfig(ctx, s)
	if err != nil {
		return err
	}
	var errs []error
	for _, spec := range specs {
		line, err := startAWS(ctx, c, s, spec)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", spec.Name, err))
			continue
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", spec.Name, line); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}
