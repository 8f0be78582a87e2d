package main

import (
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/secret"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of secrets.yaml, for editors",
		Example: "  secretstack schema > schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(secret.Schema())
			return err
		},
	}
}
