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
		if i == 0 || r.Findings[i-1].Rule != f.Rule || r.Findings[i-1].Verdict != f.Verdict {
			heading(&b, f)
		}
		fmt.Fprintf(&b, "  %s", where(f.Finding))
		if f.Place.File != "" {
			fmt.Fprintf(&b, " [%s]", f.Place)
		}
		fmt.Fprintf(&b, "\n    %s\n", f.Message)
		last := i == len(r.Findings)-1 || r.Findings[i+1].Rule != f.Rule || r.Findings[i+1].Verdict != f.Verdict
		if last && f.Verdict == policy.Fail {
			fmt.Fprintf(&b, "  Fix: %s\n  More: secretstack rules %s\n", f.Chosen.Fix, f.Rule)
		}
		if last {
			b.WriteString("\n")
		}
	}
	for i, e := range r.Exempt {
		if i == 0 {
			b.WriteString("exempt\n")
		}
		fmt.Fprintf(&b, "  %s: %s\n    %s (%s, until %s)\n", e.Finding.Rule, where(e.Finding), e.Reason, e.Owner, e.Expires)
		if i == len(r.Exempt)-1 {
			b.WriteString("\n")
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintln(&b, note)
	}
	fmt.Fprintln(&b, r.Summary())
	_, err := io.WriteString(w, b.String())
	return err
}

func heading(b *strings.Builder, f Finding) {
	switch f.Verdict {
	case policy.Fail:
		fmt.Fprintf(b, "%s  %s: %s", f.Chosen.Severity, f.Rule, f.Chosen.Summary)
	default:
		fmt.Fprintf(b, "%s  %s: %s", f.Verdict, f.Rule, f.Chosen.Summary)
	}
	if f.Chosen.Level == policy.Advisory {
		b.WriteString(" (advisory)")
	}
	b.WriteString("\n")
}
