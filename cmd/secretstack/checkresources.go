package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"

	"github.com/secretstack/secretstack/policies/policy"
	"github.com/secretstack/secretstack/policies/report"
	"github.com/secretstack/secretstack/policies/ruleset"
	"github.com/secretstack/secretstack/policies/source"
)

// check asks the rules that the file chooses of all resources.
func (in *resources) check(file *ruleset.File, profile policy.Profile, noExemptions bool) (*report.Report, error) {
	out := &report.Report{}
	var checker *policy.Checker
	var sieve *ruleset.Sieve
	begin := func() {
		out.Profile = file.ProfileOf(in.stack, profile)
		out.Rules = file.Choose(in.stack, profile)
		checker, sieve = policy.NewChecker(out.Rules, now()), file.Sieve(out.Rules, now(), noExemptions)
	}
	var findings []policy.Finding
	unmapped := map[string]bool{}
	for r, err := range in.all {
		if err != nil {
			return nil, inputError{fmt.Errorf("%s: %w", in.file, err)}
		}
		if checker == nil { // only its first resource tells which stack a file is of
			if u := urn.URN(r.URN); in.stack == "" && u.IsValid() {
				in.stack, in.project = string(u.Stack()), string(u.Project())
			}
			begin()
		}
		out.Resources++
		if typ, ok := source.Unmapped(r); ok {
			unmapped[typ] = true
		}
		findings = append(findings, sieve.Keep(checker.Look(r))...)
	}
	if checker == nil {
		begin()
	}
	findings = append(findings, sieve.Keep(checker.Finish())...)
	findings = append(findings, sieve.Finish(in.stack, in.project, checker.Asked())...)

	out.Subject, out.Asked, out.Exempt = in.subject(), checker.Asked(), sieve.Exempt()
	if len(unmapped) > 0 {
		out.Notes = []string{fmt.Sprintf("Of these types, only the rules about every resource were asked: %s.",
			strings.Join(slices.Sorted(maps.Keys(unmapped)), ", "))}
	}
	out.Add(findings, func(f policy.Finding) report.Place {
		if f.Rule == ruleset.Exemptions.Name {
			return report.Place{File: file.Path, Line: file.Line(f.Property)}
		}
		return in.place(f.URN)
	})
	return out, nil
}
