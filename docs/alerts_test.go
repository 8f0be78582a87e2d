package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/alert/azurealert"
	"github.com/secretstack/secretstack/alert/gcpalert"
	"github.com/secretstack/secretstack/alert/localalert"
	"github.com/secretstack/secretstack/internal/golden"
)

// TestAlertTable holds the table of what each cloud can do, here and in the README, against the catalogue.
func TestAlertTable(t *testing.T) {
	golden.Section(t, "alerts.md", "alerts", alertTable(""))
	golden.Section(t, "../README.md", "alerts", alertTable("docs/alerts.md"))
}

func alertTable(page string) string {
	clouds := []struct {
		name string
		gaps map[alert.ID]string
		part map[alert.ID]string
	}{
		{"aws", awsalert.Gaps, nil},
		{"gcp", gcpalert.Gaps, gcpalert.Partly},
		{"azure", azurealert.Gaps, azurealert.Partly},
		{"local", localalert.Gaps, nil},
	}
	var table strings.Builder
	var notes []string
	table.WriteString("| alert | | aws | gcp | azure | local |\n|---|---|:-:|:-:|:-:|:-:|\n")
	for _, a := range alert.Catalogue {
		fmt.Fprintf(&table, "| [%s](%s#%s): %s | %s |", a.ID, page, a.ID, a.Title, a.Severity)
		for _, c := range clouds {
			word, note := "yes", c.part[a.ID]
			if gap, ok := c.gaps[a.ID]; ok {
				word, note = "no", gap
			}
			if note != "" {
				notes = append(notes, fmt.Sprintf("%d. %s: %s.", len(notes)+1, c.name, note))
				word += fmt.Sprintf(" (%d)", len(notes))
			}
			fmt.Fprintf(&table, " %s |", word)
		}
		table.WriteByte('\n')
	}
	return table.String() + "\n" + strings.Join(notes, "\n") + "\n"
}

// TestRunbooks demands that each alert has its section, under its id, with what every runbook says.
func TestRunbooks(t *testing.T) {
	text, err := os.ReadFile("alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, runbooks, _ := strings.Cut(string(text), "\n## Runbooks\n")
	sections := strings.Split(runbooks, "\n### ")[1:]
	if len(sections) != len(alert.Catalogue) {
		t.Fatalf("there are %d runbooks for %d alerts", len(sections), len(alert.Catalogue))
	}
	for i, a := range alert.Catalogue {
		id, section, _ := strings.Cut(sections[i], "\n")
		if id != string(a.ID) {
			t.Errorf("the runbook %s stands where that of %s should", id, a.ID)
		}
		for _, part := range []string{"**Innocent causes.**", "**How to tell.**", "**Now.**", "**Afterwards.**"} {
			if strings.Count(section, part) != 1 {
				t.Errorf("the runbook of %s has not one part %s", a.ID, part)
			}
		}
		if !strings.HasSuffix(a.Runbook(), "docs/alerts.md#"+id) {
			t.Errorf("%s is said to be at %s", a.ID, a.Runbook())
		}
	}
}

// TestAlertAnchors demands that the links within the page go to one of its headings.
func TestAlertAnchors(t *testing.T) {
	text, err := os.ReadFile("alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			anchor := strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(strings.ToLower(strings.TrimSpace(heading)))
			anchors[anchor] = true
		}
	}
	for _, part := range strings.Split(string(text), "](#")[1:] {
		if anchor, _, _ := strings.Cut(part, ")"); !anchors[anchor] {
			t.Errorf("there is no heading for #%s", anchor)
		}
	}
}
