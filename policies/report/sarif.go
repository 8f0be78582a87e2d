package report

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/ruleset"
)

// SARIF prints the report in the format in which code hosts take it:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. Exempt failures are in it, as suppressed ones.
func (r *Report) SARIF(w io.Writer) error {
	out := sarif.NewReport()
	run := sarif.NewRunWithInformationURI("secretstack", "https://github.com/secretstack/secretstack")
	for _, c := range r.Rules {
		if c.Level != policy.Disabled {
			run.Tool.Driver.AddRule(descriptor(c))
		}
	}
	for _, f := range r.Findings {
		run.AddResult(result(f))
	}
	for _, e := range r.Exempt {
		res := result(Finding{Finding: e.Finding, Chosen: r.rule(e.Finding.Rule)})
		run.AddResult(res.WithSuppressions([]*sarif.Suppression{
			sarif.NewSuppression().WithKind("external").WithStatus("accepted").WithJustification(justification(e)),
		}))
	}
	out.AddRun(run)
	return out.PrettyWrite(w)
}

func justification(e ruleset.Exempt) string {
	return e.Reason + " (" + e.Owner + ", until " + e.Expires.String() + ")"
}

func descriptor(c policy.Chosen) *sarif.ReportingDescriptor {
	properties := sarif.NewPropertyBag()
	properties.Add("tags", append([]string{"security", string(c.Profile)}, c.Covers...))
	properties.Add("security-severity", scores[c.Severity])
	return sarif.NewReportingDescriptor().WithID(c.Name).WithName(c.Name).
		WithShortDescription(text(c.Summary)).WithFullDescription(text(c.Why)).WithHelp(text(c.Fix)).
		WithHelpURI("https://github.com/secretstack/secretstack/blob/main/docs/rules/" + c.Name + ".md").
		WithProperties(properties)
}

func text(s string) *sarif.MultiformatMessageString {
	return sarif.NewMultiformatMessageString().WithText(s)
}

// scores are what GitHub makes its severities of:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
var scores = map[policy.Severity]string{policy.Low: "2.0", policy.Medium: "5.5", policy.High: "8.0", policy.Critical: "9.5"}

func result(f Finding) *sarif.Result {
	level, kind := "error", "fail"
	switch {
	case f.Verdict == policy.Unknown:
		level, kind = "none", "open"
	case f.Chosen.Level == policy.Advisory || f.Chosen.Severity == policy.Low:
		level = "warning"
	}
	resource, _ := name(f.URN)
	location := sarif.NewLocation().WithLogicalLocations([]*sarif.LogicalLocation{
		sarif.NewLogicalLocation().WithName(resource).WithKind("resource").WithFullyQualifiedName(f.URN),
	})
	if f.Place.File != "" {
		location.WithPhysicalLocation(sarif.NewPhysicalLocation().
			WithArtifactLocation(sarif.NewSimpleArtifactLocation((&url.URL{Path: filepath.ToSlash(f.Place.File)}).String())).
			WithRegion(sarif.NewRegion().WithStartLine(max(f.Place.Line, 1))))
	}
	fingerprint := sha256.Sum256([]byte(f.Rule + "\n" + f.URN + "\n" + f.Property))
	return sarif.NewRuleResult(f.Rule).WithLevel(level).WithKind(kind).WithMessage(sarif.NewTextMessage(said(f))).
		WithLocations([]*sarif.Location{location}).
		WithPartialFingerprints(map[string]string{"secretstack/v1": hex.EncodeToString(fingerprint[:16])})
}
