package rules

import (
	"fmt"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// Page is a rule's documentation, as Markdown.
func Page(r policy.Rule) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n", r.Name, r.Summary)
	fmt.Fprintf(&b, "| severity | profile | asked |\n|---|---|---|\n| %s | %s | %s |\n\n", r.Severity, r.Profile, asked(r))
	fmt.Fprintf(&b, "## Why\n\n%s\n\n## Fix\n\n%s\n\n", r.Why, r.Fix)
	if r.Check != nil {
		text, err := Example(r.Name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "```go\n%s```\n\n", text)
	}
	if len(r.Settings) > 0 {
		b.WriteString("## Settings\n\nIn `policies.yaml`, below `rules:`.\n\n| setting | default | allowed | |\n|---|---|---|---|\n")
		for _, s := range r.Settings {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", s.Name, defaultOf(s), s.Range(), s.Description)
		}
		b.WriteString("\n")
	}
	list(&b, "## Looks at", code(r.Types))
	list(&b, "## Together with", code(r.Joins))
	list(&b, "## Covers", r.Covers)
	list(&b, "## Controls", r.Controls)
	list(&b, "## Sources", r.Sources)
	return strings.TrimSpace(b.String()) + "\n", nil
}

func asked(r policy.Rule) string {
	switch {
	case r.Check == nil:
		return "of the exemptions in `policies.yaml`"
	case len(r.Joins) > 0:
		return "of the whole stack, at the end"
	}
	return "of each resource, before it is made"
}

func defaultOf(s policy.Setting) string {
	if texts, ok := s.Default.([]string); ok {
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return fmt.Sprint(s.Default)
}

func code(texts []string) []string {
	var all []string
	for _, t := range texts {
		all = append(all, "`"+t+"`")
	}
	return all
}

func list(b *strings.Builder, heading string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n\n", heading)
	for _, item := range items {
		if strings.HasPrefix(item, "https://") {
			item = "<" + item + ">"
		}
		fmt.Fprintf(b, "- %s\n", item)
	}
	b.WriteString("\n")
}

// Index lists all rules, as Markdown.
func Index(all []policy.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rules\n\n%d rules. How they are run and chosen: [policies](../policies.md).\n\n", len(all))
	b.WriteString("| rule | severity | profile | what must hold |\n|---|---|---|---|\n")
	for _, r := range all {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", r.Name, r.Name, r.Severity, r.Profile, r.Summary)
	}
	return b.String()
}
