// Package ruleset reads policies.yaml: which rules a team has chosen, how strictly, with which settings, and what is
// exempt from them.
package ruleset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/secretstack/secretstack/internal/strict"
	"github.com/secretstack/secretstack/policies/policy"
)

// FileName is where a project has its choice, beside secrets.yaml.
const FileName = "policies.yaml"

// File is the content of policies.yaml. The zero value chooses the rules of [policy.Baseline].
type File struct {
	Path       string // of the file; zero: there is none
	Profile    policy.Profile
	Stacks     map[string]policy.Profile // for single stacks, instead of Profile
	Exemptions []Exemption

	rules  []policy.Rule
	levels map[string]policy.Level
	values map[string]map[string]any
	lines  func(field string) int
}

// Read reads the file for the rules that there are. Where there is no file, it is as if it were empty. The error has
// every mistake in it, as [strict.Problems].
func Read(path string, rules []policy.Rule) (*File, error) {
	f := &File{Profile: policy.Baseline, rules: append(slices.Clone(rules), Exemptions)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	} else if err != nil {
		return nil, err
	}
	f.Path = path
	doc := strict.New(path)
	f.decode(doc, data)
	f.lines = doc.Line
	return f, doc.Problems.Err()
}

// Line is the line on which a field of the file stands; 0: none.
func (f *File) Line(field string) int {
	if f.lines == nil {
		return 0
	}
	return f.lines(field)
}

func (f *File) decode(doc *strict.Document, data []byte) {
	choice := reflect.New(choiceType(f.rules))
	content := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Profile", Type: reflect.TypeFor[policy.Profile](), Tag: `yaml:"profile"`},
		{Name: "Stacks", Type: reflect.TypeFor[map[string]policy.Profile](), Tag: `yaml:"stacks"`},
		{Name: "Rules", Type: choice.Type().Elem(), Tag: `yaml:"rules"`},
		{Name: "Exemptions", Type: reflect.TypeFor[[]Exemption](), Tag: `yaml:"exemptions"`},
	}))
	doc.Decode(data, content.Interface())
	if profile := content.Elem().Field(0).Interface().(policy.Profile); profile != "" {
		f.Profile = profile
		checkProfile(doc, "profile", profile)
	}
	f.Stacks = content.Elem().Field(1).Interface().(map[string]policy.Profile)
	for stack, profile := range f.Stacks {
		checkProfile(doc, "stacks."+stack, profile)
	}
	f.choices(doc, content.Elem().Field(2))
	f.Exemptions = content.Elem().Field(3).Interface().([]Exemption)
	for i := range f.Exemptions {
		e := &f.Exemptions[i]
		e.field, e.pattern = fmt.Sprintf("exemptions[%d]", i), glob(e.Resource)
		f.checkExemption(doc, *e)
	}
}

// choiceType is a struct with a field for each rule, so that a mistake in a name or a kind is found as in any other
// file: each is a struct of the level and the settings, which are nil where the file does not have them.
func choiceType(rules []policy.Rule) reflect.Type {
	var fields []reflect.StructField
	for i, r := range rules {
		settings := []reflect.StructField{{Name: "Level", Type: reflect.TypeFor[*policy.Level](), Tag: `yaml:"level"`}}
		for j, s := range r.Settings {
			settings = append(settings, reflect.StructField{
				Name: fmt.Sprintf("S%d", j), Type: reflect.PointerTo(reflect.TypeOf(s.Default)), Tag: tag(s.Name),
			})
		}
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("R%d", i), Type: reflect.StructOf(settings), Tag: tag(r.Name)})
	}
	return reflect.StructOf(fields)
}

func tag(name string) reflect.StructTag { return reflect.StructTag(fmt.Sprintf("yaml:%q", name)) }

func (f *File) choices(doc *strict.Document, choice reflect.Value) {
	f.levels, f.values = map[string]policy.Level{}, map[string]map[string]any{}
	for i, r := range f.rules {
		fields := choice.Field(i)
		if level := fields.Field(0); !level.IsNil() {
			f.levels[r.Name] = level.Elem().Interface().(policy.Level)
			if field := "rules." + r.Name + ".level"; !slices.Contains(policy.Levels, f.levels[r.Name]) && !doc.Wrong(field) {
				doc.Add(field, "must be mandatory, advisory or disabled")
			}
		}
		values := map[string]any{}
		for j, s := range r.Settings {
			if value := fields.Field(j + 1); !value.IsNil() {
				values[s.Name] = value.Elem().Interface()
				field := "rules." + r.Name + "." + s.Name
				if err := s.Check(values[s.Name]); err != nil && !doc.Wrong(field) {
					doc.Add(field, "%s", err)
				}
			}
		}
		f.values[r.Name] = values
	}
}

func checkProfile(doc *strict.Document, field string, p policy.Profile) {
	if !slices.Contains(policy.Profiles, p) && !doc.Wrong(field) {
		doc.Add(field, "must be baseline, strict or hygiene")
	}
}

func (f *File) checkExemption(doc *strict.Document, e Exemption) {
	missing := func(name, rule string) {
		if at := e.field + "." + name; !doc.Wrong(at) {
			doc.Add(at, "%s", rule)
		}
	}
	if !strings.HasPrefix(e.Resource, "urn:pulumi:") && !strings.HasPrefix(e.Resource, "*") {
		missing("resource", "must be a URN, in which * stands for any text, as in urn:pulumi:prod::*::stripe-api-key")
	}
	if !slices.ContainsFunc(f.rules, func(r policy.Rule) bool { return r.Name == e.Rule && r.Check != nil }) {
		missing("rule", "must be a rule about resources: `secretstack rules` lists them")
	}
	if utf8.RuneCountInString(strings.TrimSpace(e.Reason)) < 10 {
		missing("reason", "must say why, in ten characters at least")
	}
	if e.Owner == "" {
		missing("owner", "must say who is asked when it expires")
	}
	if e.Expires.IsZero() {
		missing("expires", "must be a day, such as 2027-01-31")
	}
}

// ProfileOf is the profile of a stack. One that is given counts instead of the file's.
func (f *File) ProfileOf(stack string, given policy.Profile) policy.Profile {
	return cmp.Or(given, f.Stacks[stack], f.Profile)
}

// Choose gives all rules with their levels and settings for a stack, [Exemptions] among them. A rule that is not in the
// profile of [File.ProfileOf] is disabled, unless the file gives it a level.
func (f *File) Choose(stack string, profile policy.Profile) []policy.Chosen {
	profile = f.ProfileOf(stack, profile)
	var chosen []policy.Chosen
	for _, r := range f.rules {
		c := policy.Chosen{Rule: r, Level: policy.Disabled, Values: f.values[r.Name]}
		if slices.Index(policy.Profiles, r.Profile) <= slices.Index(policy.Profiles, profile) {
			c.Level = policy.Mandatory
		}
		if level := f.levels[r.Name]; level != "" {
			c.Level = level
		}
		chosen = append(chosen, c)
	}
	return chosen
}
