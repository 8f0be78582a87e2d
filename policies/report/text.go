package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// Text prints the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	for i, f := range r.Findings {
		if i == 0 || !sameHeading(r.Findings[i-1], f) {
			heading(&b, f)
		}
		finding(&b, f)
		if i == len(r.Findings)-1 || !sameHeading(f, r.Findings[i+1]) {
			if f.Verdict == policy.Fail {
				fmt.Fprintf(&b, "  Fix: %s\n  More: secretstack rules %s\n", f.Chosen.Fix, f.Rule)
			}
			b.WriteString("\n")
		}
	}
	r.exempt(&b)
	for _, note := range r.Notes {
		fmt.Fprintln(&b, note)
	}
	fmt.Fprintln(&b, r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func sameHeading(a, b Finding) bool { return a.Rule == b.Rule && a.Verdict == b.Verdict }

func heading(b *strings.Builder, f Finding) {
	kind := string(f.Verdict)
	if f.Verdict == policy.Fail {
		kind = f.Chosen.Severity.String()
	}
	fmt.Fprintf(b, "%s  %s: %s", kind, f.Rule, f.Chosen.Summary)
	if f.Chosen.Level == policy.Advisory {
		b.WriteString(" (advisory)")
	}
	b.WriteString("\n")
}

// finding prints the resource, and what is wrong with it. That something is unknown is said by the heading.
func finding(b *strings.Builder, f Finding) {
	fmt.Fprintf(b, "  %s", where(f.Finding))
	if f.Place.File != "" {
		fmt.Fprintf(b, " [%s]", f.Place)
	}
	b.WriteString("\n")
	if f.Verdict != policy.Unknown {
		fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(f.Message, "\n", "\n    "))
	}
}

// exempt prints each exemption once, with the resources to which it applied.
func (r *Report) exempt(b *strings.Builder) {
	resources := map[string][]string{}
	var order []string
	for _, e := range r.Exempt {
		resource, _ := name(e.URN)
		text := fmt.Sprintf("exempt  %s: %s\n", e.Finding.Rule, justification(e))
		if resources[text] == nil {
			order = append(order, text)
		}
		resources[text] = append(resources[text], resource)
	}
	for _, text := range order {
		fmt.Fprintf(b, "%s  %s\n\n", text, strings.Join(resources[text], ", "))
	}
}
