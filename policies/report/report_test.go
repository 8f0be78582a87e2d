package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/report"
	"github.com/secretstack/secretstack/policies/ruleset"
)

const (
	secretURN = "urn:pulumi:prod::shop::secretstack:aws:Secret$aws:secretsmanager/secret:Secret::orders-db"
	urlURN    = "urn:pulumi:prod::shop::aws:lambda/functionUrl:FunctionUrl::rotator"
)

func example() *report.Report {
	public := policy.Rule{
		Name: "no-public-url", Severity: policy.High, Profile: policy.Baseline, Summary: "A function is called by its own account only",
		Why: "Anybody can call it.", Fix: "Set authorizationType to AWS_IAM.", Covers: []string{"CKV_AWS_258"},
	}
	rotated := policy.Rule{
		Name: "rotated", Severity: policy.Medium, Profile: policy.Strict, Summary: "A secret is rotated", Why: "It gets old.", Fix: "Rotate it.",
	}
	chosen := []policy.Chosen{
		{Rule: public, Level: policy.Mandatory},
		{Rule: rotated, Level: policy.Advisory},
		{Rule: policy.Rule{Name: "passes", Severity: policy.Low, Profile: policy.Baseline, Summary: "All is well"}, Level: policy.Mandatory},
		{Rule: policy.Rule{Name: "breaks", Severity: policy.Critical, Profile: policy.Baseline, Summary: "It works"}, Level: policy.Mandatory},
		{Rule: policy.Rule{Name: "off", Severity: policy.Low, Profile: policy.Hygiene, Summary: "Off"}, Level: policy.Disabled},
	}
	r := &report.Report{
		Subject: "stack prod of shop", Profile: policy.Strict, Resources: 12, Rules: chosen,
		Asked: map[string]int{"no-public-url": 2, "rotated": 2, "passes": 3, "breaks": 1},
		Exempt: []ruleset.Exempt{{
			Finding: policy.Finding{Rule: "rotated", URN: secretURN, Verdict: policy.Fail, Message: "Nothing rotates it."},
			Exemption: ruleset.Exemption{
				Resource: "*", Rule: "rotated", Reason: "A person changes it", Owner: "checkout",
				Expires: ruleset.Date{Time: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
			},
		}},
		Notes: []string{"3 resources are of types that no rule knows."},
	}
	r.Add([]policy.Finding{
		{Rule: "rotated", URN: secretURN, Verdict: policy.Fail, Message: "100% of it,\nwith a line."},
		{Rule: "rotated", URN: secretURN, Property: "rules", Verdict: policy.Unknown, Message: "It is not known before the update."},
		{Rule: "no-public-url", URN: urlURN, Property: "authorizationType", Verdict: policy.Fail, Message: "It is NONE, so <anybody> & all can call it."},
		{Rule: "breaks", URN: urlURN, Verdict: policy.Broken, Message: "The rule failed itself."},
	}, func(f policy.Finding) report.Place {
		if f.URN == secretURN {
			return report.Place{File: "the shop/secrets.yaml", Line: 12}
		}
		return report.Place{}
	})
	return r
}

func TestFormats(t *testing.T) {
	r := example()
	for name, print := range map[string]func(io.Writer) error{
		"report.txt": r.Text, "report.json": r.JSON, "report.sarif": r.SARIF, "report.xml": r.JUnit, "github.txt": r.GitHub,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := print(&b); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, "testdata/"+name, b.Bytes())
		})
	}
}

// TestSARIF checks it by the schema of the standard.
func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := example().SARIF(&b); err != nil {
		t.Fatal(err)
	}
	parsed, err := sarif.FromBytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.Validate(); err != nil {
		t.Error(err)
	}
}

func TestWellFormed(t *testing.T) {
	var b bytes.Buffer
	if err := example().JUnit(&b); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
	b.Reset()
	if err := example().JSON(&b); err != nil || !json.Valid(b.Bytes()) {
		t.Error("the JSON is none", err)
	}
}

func TestFailed(t *testing.T) {
	finding := func(rule string, v policy.Verdict) policy.Finding {
		return policy.Finding{Rule: rule, URN: urlURN, Verdict: v}
	}
	for name, test := range map[string]struct {
		findings []policy.Finding
		want     bool
	}{
		"nothing":                 {nil, false},
		"a mandatory failure":     {[]policy.Finding{finding("no-public-url", policy.Fail)}, true},
		"an advisory failure":     {[]policy.Finding{finding("rotated", policy.Fail)}, false},
		"unknown":                 {[]policy.Finding{finding("no-public-url", policy.Unknown)}, false},
		"a broken mandatory rule": {[]policy.Finding{finding("breaks", policy.Broken)}, true},
	} {
		r := &report.Report{Rules: example().Rules}
		r.Add(test.findings, func(policy.Finding) report.Place { return report.Place{} })
		if got := r.Failed(); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
