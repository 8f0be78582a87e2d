package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// GitHub prints the report as annotations of a pull request:
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func (r *Report) GitHub(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		command := "error"
		switch {
		case f.Verdict == policy.Unknown:
			command = "notice"
		case f.Chosen.Level == policy.Advisory:
			command = "warning"
		}
		place := ""
		if f.Place.File != "" {
			place = fmt.Sprintf("file=%s,line=%d,", property.Replace(f.Place.File), max(f.Place.Line, 1))
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", command, place, property.Replace(f.Rule+" ("+f.Chosen.Severity.String()+")"),
			data.Replace(said(f)))
	}
	fmt.Fprintf(&b, "::notice title=secretstack::%s\n", data.Replace(strings.Join(append(r.Notes, r.Summary()), " ")))
	_, err := io.WriteString(w, b.String())
	return err
}

// What has a meaning in an annotation is escaped as GitHub's own toolkit does.
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
