package policy

import (
	"fmt"
	"time"
)

// Severity says what a failure may cost.
type Severity int

// The severities, as scanners use them.
const (
	Low      Severity = iota + 1 // untidy: somebody will lose time
	Medium                       // one more mistake and it is an incident
	High                         // a credential is open to those who should not have it, or can be lost
	Critical                     // a credential is open to everybody, or written down
)

var severities = [...]string{Low: "low", Medium: "medium", High: "high", Critical: "critical"}

// String is the severity's name, as in "high".
func (s Severity) String() string { return severities[s] }

// Profile is a set of rules to begin from.
type Profile string

// The profiles. Strict includes Baseline, and Hygiene includes both.
const (
	Baseline Profile = "baseline" // what nobody should break, in any environment
	Strict   Profile = "strict"   // what production should keep
	Hygiene  Profile = "hygiene"  // what some teams want and others call noise
)

// Profiles are all of them, each including those before it.
var Profiles = []Profile{Baseline, Strict, Hygiene}

// Level says what a failure means to those who run the check.
type Level string

// The levels, by Pulumi's names.
const (
	Mandatory Level = "mandatory" // it stops the update, or the check
	Advisory  Level = "advisory"  // it is shown
	Disabled  Level = "disabled"  // the rule is not checked
)

// Levels are all of them.
var Levels = []Level{Mandatory, Advisory, Disabled}

// Chosen is a rule with what a team has chosen for it.
type Chosen struct {
	Rule
	Level  Level
	Values map[string]any // of the settings that differ from their defaults, each of its setting's type
}

// Rule is one rule: what must hold, why, and the function that looks.
type Rule struct {
	Name     string // kebab-case; begins with the cloud's short name, but for the rules that are the same in each
	Severity Severity
	Profile  Profile // the first of Profiles that has it

	Summary  string   // what must hold, in one line without a full stop
	Why      string   // what goes wrong otherwise, in one paragraph
	Fix      string   // what to do, in one paragraph; the example in Go is beside it in the documentation
	Covers   []string // ids of the scanners' rules that it covers, such as "CKV_AWS_149"
	Controls []string // of frameworks, such as "CIS AWS 7.0 4.6" or "NIST 800-53 r5 SC-12"
	Sources  []string // URLs of the documentation that it rests on
	Settings []Setting

	// Types are the tokens of the resources that Check is asked about, without Azure's API versions, as in
	// "azure-native:keyvault:Vault". Zero: every resource.
	Types []string
	// Joins are the types that it looks for in Subject.Graph. A rule with any is asked when all resources of the stack
	// are known; the others are asked before their resource is touched.
	Joins []string
	// Check gives what is wrong with a resource, or not known; nothing where it passes. Zero: the rule is not about resources.
	Check func(s Subject) []Finding
}

// Subject is what a rule is asked about.
type Subject struct {
	*Resource
	// Graph has the resources of the rule's Types and Joins. Nil for a rule without Joins.
	Graph *Graph
	// Now is the time of the check, for what ends at a date.
	Now time.Time

	settings map[string]any
}

// Int is the value of a setting whose default is an int.
func (s Subject) Int(setting string) int { return s.settings[setting].(int) }

// Bool is the value of a setting whose default is a bool.
func (s Subject) Bool(setting string) bool { return s.settings[setting].(bool) }

// Text is the value of a setting whose default is a string.
func (s Subject) Text(setting string) string { return s.settings[setting].(string) }

// Texts is the value of a setting whose default is a []string.
func (s Subject) Texts(setting string) []string { return s.settings[setting].([]string) }

// Fail says that a property breaks the rule. The message is a sentence: what is wrong, not what to do, and it names
// neither the resource nor the rule. A Value among args prints as "[secret]" where it is one.
func (s Subject) Fail(at Value, format string, args ...any) Finding {
	return Finding{URN: s.URN, Property: at.Path(), Verdict: Fail, Message: fmt.Sprintf(format, args...)}
}

// Unknown says that the rule cannot be decided before the property is known.
func (s Subject) Unknown(at Value) Finding {
	return Finding{URN: s.URN, Property: at.Path(), Verdict: Unknown, Message: "It is not known before the update."}
}

// Require is the rule on a single property: unknown where it is, else a failure unless ok. It asks ok about an absent
// property too.
func (s Subject) Require(at Value, ok func(Value) bool, format string, args ...any) []Finding {
	switch {
	case at.Unknown():
		return []Finding{s.Unknown(at)}
	case ok(at):
		return nil
	}
	return []Finding{s.Fail(at, format, args...)}
}
