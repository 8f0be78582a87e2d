package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
)

func newList() *cobra.Command {
	var selected selection
	var as *format
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List a stack's secrets: their variables, their readers, and where they are",
		Example: `  secretstack list -s prod
  secretstack list -s prod --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			items := list(s)
			if as.value == "json" {
				return printJSON(cmd.OutOrStdout(), items)
			}
			return printItems(cmd.OutOrStdout(), items)
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "table", "json")
	return cmd
}

// item is a secret in a list.
type item struct {
	Secret  string   `json:"secret"`
	Env     string   `json:"env"`
	Readers []string `json:"readers"`
	// Rotation is the time between two rotations, and at which target.
	Rotation string `json:"rotation,omitempty"`
	Where    string `json:"where"` // the cloud's name for it
}

func list(s *stack.Stack) []item {
	places := placesOf(s)
	var items []item
	for _, spec := range s.Declaration.Secrets {
		readers := append([]string{}, spec.Readers...) // [] in JSON, where there are none
		rotation := ""
		if r := spec.Rotation; r != nil {
			rotation = r.Every.String() + " " + r.Target()
		}
		items = append(items, item{spec.Name, spec.EnvName(), readers, rotation, places[spec.Name]})
	}
	return items
}

// placesOf gives the cloud's names for the secrets, by name.
func placesOf(s *stack.Stack) map[string]string {
	places := map[string]string{}
	for _, r := range s.Plan.Resources {
		if p := place(r); p != "" {
			places[r.Name] = p
		}
	}
	return places
}

// place tells where a resource has a secret, if it is one that does.
func place(r plan.Resource) string {
	input := func(name string) string { return r.Inputs.Get(name).AsString() }
	switch r.Type {
	case "aws:secretsmanager/secret:Secret":
		return input("name")
	case "azure-native:keyvault:Secret":
		return input("vaultName") + "/" + input("secretName")
	case "gcp:secretmanager/secret:Secret":
		return input("secretId")
	case localsecret.EntryType:
		return input("file") + "#" + input("name")
	}
	return ""
}

func printItems(w io.Writer, items []item) error {
	rows := [][]string{{"SECRET", "ENV", "READERS", "ROTATION", "WHERE"}}
	for _, i := range items {
		rows = append(rows, []string{i.Secret, i.Env, strings.Join(i.Readers, ", "), i.Rotation, i.Where})
	}
	return printTable(w, rows)
}
