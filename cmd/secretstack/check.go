package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/rules"
	"github.com/secretstack/secretstack/policies/ruleset"
)

// now is the clock of what ends at a date.
var now = time.Now

// errFindings is the failure of a check that could be done.
var errFindings = errors.New("the check has failed")

type check struct {
	from         resourceFlags
	profile      string
	policies     string
	noExemptions bool
	as           *format
}

func newCheck() *cobra.Command {
	c := &check{}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a stack, a state or a Terraform plan by the rules",
		Long: `Check resources by the rules that policies.yaml chooses. Of a stack of this project it checks the plan: it takes
neither engine nor plugins, credentials or network. With --state, --preview or --terraform it checks what any program
of Pulumi's, in any language, or of Terraform's has made or is going to make.

A rule has three answers: a resource passes, it fails, or it is not known before the update. What is not known is shown
and is no failure. The failures that policies.yaml exempts are counted, and with --no-exemptions they count.

Exit codes:
  0  nothing mandatory has failed
  1  something has, or a rule was broken, or the check could not be done
  2  the input is wrong`,
		Example: `  secretstack check -s prod
  secretstack check -s prod --profile hygiene
  secretstack check -s prod --format sarif > secretstack.sarif
  pulumi stack export | secretstack check --state -
  pulumi preview --json --show-sames | secretstack check --preview -
  terraform show -json plan.out | secretstack check --terraform -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd) },
	}
	c.from.addFlags(cmd)
	cmd.Flags().StringVar(&c.profile, "profile", "", "check the rules of this `PROFILE`: baseline, strict or hygiene (default: as policies.yaml says)")
	cmd.Flags().StringVar(&c.policies, "policies", "", "the `FILE` with the choice of rules and the exemptions (default: policies.yaml in the project's folder)")
	cmd.Flags().BoolVar(&c.noExemptions, "no-exemptions", false, "let what policies.yaml exempts count")
	c.as = addFormat(cmd, "text", "json", "sarif", "junit", "github")
	return cmd
}

func (c *check) run(cmd *cobra.Command) error {
	file, err := c.ruleset()
	if err != nil {
		return err
	}
	in, err := c.from.open(cmd)
	if err != nil {
		return err
	}
	defer in.close()
	out, err := in.check(file, policy.Profile(c.profile), c.noExemptions)
	if err != nil {
		return err
	}
	write := map[string]func(io.Writer) error{
		"text": out.Text, "json": out.JSON, "sarif": out.SARIF, "junit": out.JUnit, "github": out.GitHub,
	}[c.as.value]
	if err := write(cmd.OutOrStdout()); err != nil {
		return err
	}
	if out.Failed() {
		return errFindings
	}
	return nil
}

// ruleset reads policies.yaml.
func (c *check) ruleset() (*ruleset.File, error) {
	if c.profile != "" && !slices.Contains(policy.Profiles, policy.Profile(c.profile)) {
		return nil, inputError{fmt.Errorf("there is no profile %s: it is baseline, strict or hygiene", c.profile)}
	}
	path := c.policies
	if path == "" {
		path = filepath.Join(c.from.selected.dir, ruleset.FileName)
	} else if _, err := os.Stat(path); err != nil { // which is no error of Read's
		return nil, inputError{err}
	}
	file, err := ruleset.Read(path, rules.All())
	if err != nil {
		return nil, inputError{err}
	}
	return file, nil
}
