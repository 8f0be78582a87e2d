package main

import "github.com/spf13/cobra"

func newPlan() *cobra.Command {
	var selected selection
	var as *format
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print the resources that a stack declares",
		Long: `Print the resources that a stack declares, as the preview of a new stack would have them. It takes
neither engine nor plugins, credentials or network, and knows nothing of what is provisioned: that is
what "secretstack preview" compares with.`,
		Example: `  secretstack plan -s prod
  secretstack plan -s prod --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			if as.value == "json" {
				return printJSON(cmd.OutOrStdout(), s.Plan)
			}
			return s.Plan.Text(cmd.OutOrStdout())
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "text", "json")
	return cmd
}
