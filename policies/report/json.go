package report

import (
	"encoding/json"
	"io"
)

// JSON prints the report for programs.
func (r *Report) JSON(w io.Writer) error {
	out := jsonReport{
		Subject: r.Subject, Profile: string(r.Profile), Failed: r.Failed(), Resources: r.Resources, Checks: r.Checks(),
		Findings: []jsonFinding{}, Exempt: []jsonFinding{}, Notes: r.Notes,
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, newJSONFinding(f))
	}
	for _, e := range r.Exempt {
		j := newJSONFinding(Finding{Finding: e.Finding, Chosen: r.rule(e.Finding.Rule)})
		j.Reason, j.Owner, j.Expires = e.Reason, e.Owner, e.Expires.String()
		out.Exempt = append(out.Exempt, j)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

type jsonReport struct {
	Subject   string        `json:"subject"`
	Profile   string        `json:"profile"`
	Failed    bool          `json:"failed"`
	Resources int           `json:"resources"`
	Checks    int           `json:"checks"`
	Findings  []jsonFinding `json:"findings"`
	Exempt    []jsonFinding `json:"exempt"`
	Notes     []string      `json:"notes,omitempty"`
}

type jsonFinding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Level    string `json:"level"`
	Verdict  string `json:"verdict"`
	URN      string `json:"urn"`
	Property string `json:"property,omitempty"`
	Message  string `json:"message"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Owner    string `json:"owner,omitempty"`
	Expires  string `json:"expires,omitempty"`
}

func newJSONFinding(f Finding) jsonFinding {
	return jsonFinding{
		Rule: f.Rule, Severity: f.Chosen.Severity.String(), Level: string(f.Chosen.Level), Verdict: string(f.Verdict),
		URN: f.URN, Property: f.Property, Message: f.Message, File: f.Place.File, Line: f.Place.Line,
	}
}
