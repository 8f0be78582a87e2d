package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/internal/strict"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules"
	"github.com/secretstack/secretstack/policies/ruleset"
)

func newRules() *cobra.Command {
	var as *format
	cmd := &cobra.Command{
		Use:   "rules [NAME]",
		Short: "List the rules, or explain one",
		Long: `List the rules of "secretstack check" and of the policy pack, or explain one: what must hold, why, how to mend it with
an example in Go, its settings, and the scanners' rules and the frameworks' controls that it covers.`,
		Example: `  secretstack rules
  secretstack rules aws-secret-rotation-enabled
  secretstack rules --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all := append(rules.All(), ruleset.Exemptions)
			if len(args) == 0 {
				if as.value == "json" {
					return printJSON(cmd.OutOrStdout(), explainAll(all))
				}
				return printTable(cmd.OutOrStdout(), ruleTable(all))
			}
			i := slices.IndexFunc(all, func(r policy.Rule) bool { return r.Name == args[0] })
			if i < 0 {
				return inputError{fmt.Errorf("there is no rule %s; %s", args[0], strict.Suggest(args[0], ruleNames(all)))}
			}
			if as.value == "json" {
				return printJSON(cmd.OutOrStdout(), explain(all[i]))
			}
			page, err := rules.Page(all[i])
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), page)
			return err
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleNames(rules.All()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	as = addFormat(cmd, "text", "json")
	return cmd
}

func ruleNames(all []policy.Rule) []string {
	var names []string
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

func ruleTable(all []policy.Rule) [][]string {
	rows := [][]string{{"RULE", "SEVERITY", "PROFILE", "WHAT MUST HOLD"}}
	for _, r := range all {
		rows = append(rows, []string{r.Name, r.Severity.String(), string(r.Profile), r.Summary})
	}
	return rows
}

// explained is a rule as JSON.
type explained struct {
	Name     string                    `json:"name"`
	Severity string                    `json:"severity"`
	Profile  policy.Profile            `json:"profile"`
	Summary  string                    `json:"summary"`
	Why      string                    `json:"why"`
	Fix      string                    `json:"fix"`
	Example  string                    `json:"example,omitempty"`  // in Go
	Settings map[string]map[string]any `json:"settings,omitempty"` // their JSON Schema
	Types    []string                  `json:"types,omitempty"`
	Joins    []string                  `json:"joins,omitempty"`
	Covers   []string                  `json:"covers,omitempty"`
	Controls []string                  `json:"controls,omitempty"`
	Sources  []string                  `json:"sources,omitempty"`
}

func explain(r policy.Rule) explained {
	e := explained{
		Name: r.Name, Severity: r.Severity.String(), Profile: r.Profile, Summary: r.Summary, Why: r.Why, Fix: r.Fix,
		Types: r.Types, Joins: r.Joins, Covers: r.Covers, Controls: r.Controls, Sources: r.Sources,
		Settings: map[string]map[string]any{},
	}
	e.Example, _ = rules.Example(r.Name) // only the rule about exemptions has none
	for _, s := range r.Settings {
		e.Settings[s.Name] = s.Schema()
	}
	return e
}

func explainAll(all []policy.Rule) []explained {
	var list []explained
	for _, r := range all {
		list = append(list, explain(r))
	}
	return list
}
