package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/secretstack/secretstack/policies/policy"
)

// JUnit prints the report as CI servers take test results: a test for each rule that was asked. One that only knows
// after the update counts as skipped.
func (r *Report) JUnit(w io.Writer) error {
	suite := junit.Testsuite{Name: "secretstack: " + r.Subject, Time: "0"}
	suite.AddProperty("profile", string(r.Profile))
	suite.AddProperty("exempt", strconv.Itoa(len(r.Exempt)))
	for _, c := range r.Rules {
		lines := map[policy.Verdict][]string{}
		for _, f := range r.Findings {
			if f.Rule == c.Name {
				lines[f.Verdict] = append(lines[f.Verdict], said(f))
			}
		}
		if r.Asked[c.Name] == 0 && len(lines) == 0 {
			continue
		}
		test := junit.Testcase{Name: c.Name, Classname: "secretstack." + c.Severity.String()}
		test.Error = outcome(lines[policy.Broken], "the rule failed itself")
		if c.Level == policy.Mandatory {
			test.Failure = outcome(lines[policy.Fail], c.Summary)
		} else if failed := outcome(lines[policy.Fail], c.Summary); failed != nil {
			test.SystemOut = &junit.Output{Data: "advisory:\n" + failed.Data}
		}
		if test.Error == nil && test.Failure == nil {
			test.Skipped = outcome(lines[policy.Unknown], "not known before the update")
		}
		suite.AddTestcase(test)
	}
	var suites junit.Testsuites
	suites.AddSuite(suite)
	return suites.WriteXML(w)
}

func outcome(lines []string, summary string) *junit.Result {
	if len(lines) == 0 {
		return nil
	}
	return &junit.Result{Message: fmt.Sprintf("%d: %s", len(lines), summary), Data: strings.Join(lines, "\n")}
}
