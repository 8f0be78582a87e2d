package secrettest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/secrettest"
	"github.com/secretstack/secretstack/internal/golden"
)

// TestReadme compares the table of promises in the README with what the clouds declare.
func TestReadme(t *testing.T) {
	clouds := []secrettest.Cloud{aws, gcp, azure, local}
	var table, notes strings.Builder
	table.WriteString("| promise |")
	for _, c := range clouds {
		fmt.Fprintf(&table, " %s |", c.Name)
	}
	table.WriteString("\n|---|" + strings.Repeat(":-:|", len(clouds)) + "\n")
	note := 0
	for _, p := range secrettest.Promises {
		fmt.Fprintf(&table, "| %s |", p)
		for _, c := range clouds {
			reason, gap := c.Gaps[p]
			if !gap {
				table.WriteString(" yes |")
				continue
			}
			note++
			fmt.Fprintf(&table, " no (%d) |", note)
			fmt.Fprintf(&notes, "%d. %s: %s.\n", note, c.Name, reason)
		}
		table.WriteString("\n")
	}
	golden.Section(t, "../../README.md", "promises", table.String()+"\n"+notes.String())
}

// inputs gives the identities as a component takes them.
func inputs(identities map[string]string) map[string]pulumi.StringInput {
	readers := map[string]pulumi.StringInput{}
	for reader, identity := range identities {
		readers[reader] = pulumi.String(identity)
	}
	return readers
}
