package main

import (
	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/policies/rules"
	"github.com/secretstack/secretstack/policies/ruleset"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema [secrets|policies]",
		Short: "Print the JSON Schema of secrets.yaml or policies.yaml, for editors",
		Example: `  secretstack schema > secrets.schema.json
  secretstack schema policies > policies.schema.json`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"secrets", "policies"},
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := secret.Schema()
			if len(args) == 1 && args[0] == "policies" {
				schema = ruleset.Schema(rules.All())
			}
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}
