package secret

import (
	"fmt"
	"regexp"
	"strings"
)

// Spec is what one secret asks for, in plain values that mean the same in each cloud.
type Spec struct {
	// Name is the secret's name in the declaration: see CheckName.
	Name string `yaml:"-" json:"-"`

	// Description says what the secret is for, in at most 500 characters. It is for people: a cloud
	// shows it where that does not touch the value (AWS, Google Cloud). Zero: none.
	Description string `yaml:"description" json:"description,omitempty" jsonschema:"description=What the secret is for,maxLength=500"`

	// Env is the environment variable in which the application expects the value.
	// Zero: made of the name, as EnvName says.
	Env string `yaml:"env" json:"env,omitempty" jsonschema:"description=The environment variable in which the application expects the value. Without it: the name in upper case with each - and / as _,pattern=^[A-Za-z_][A-Za-z0-9_]*$"`

	// Readers name the workloads that may read the secret; nobody else can. At least one, unless the
	// rotation of another secret reads it.
	Readers []string `yaml:"readers" json:"readers,omitempty" jsonschema:"description=The workloads that may read the secret; nobody else can. Only a secret that the rotation of another one reads needs none,minItems=1,uniqueItems=true"`

	// Rotation is how the value is changed. Nil: nobody but an operator changes it.
	Rotation *Rotation `yaml:"rotation" json:"rotation,omitempty" jsonschema:"description=How the value is changed. Without it: nobody but an operator changes it"`

	// Alerts say what is usual for this secret.
	Alerts Alerts `yaml:"alerts" json:"alerts,omitzero" jsonschema:"description=What is usual for this secret\\, so that the unusual is reported"`
}

// Alerts are what is usual for one secret. Who hears of the rest, the stack says.
type Alerts struct {
	// Burst is how many reads within five minutes are still usual, at most 1,000,000. Zero: what the stack says
	// of the alert read-burst, and without that 100.
	Burst int `yaml:"burst" json:"burst,omitempty" jsonschema:"minimum=1,maximum=1000000,description=How many reads within five minutes are still usual. Without it: what the stack says of the alert read-burst\\, and without that 100"`
}

const maxBurst = 1_000_000

const (
	maxDescription = 500

	namePattern   = `^[A-Za-z][A-Za-z0-9_-]*(/[A-Za-z0-9_-]+)*$`
	readerPattern = `^[A-Za-z][A-Za-z0-9_-]*$`
)

var (
	nameRegexp   = regexp.MustCompile(namePattern)
	readerRegexp = regexp.MustCompile(readerPattern)
	envRegexp    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// CheckName tells whether a secret may have this name in a declaration: a letter, then letters,
// digits, -, _ and /. What a single cloud demands beyond this is in its Cloud.
func CheckName(name string) error {
	if !nameRegexp.MatchString(name) {
		return fmt.Errorf("a secret's name has letters, digits, -, _ and single / between them, and begins with a letter")
	}
	return nil
}

// EnvName is the environment variable of the secret: Env or, where that is empty, the name in upper
// case with each - and / as _.
func (s Spec) EnvName() string {
	if s.Env != "" {
		return s.Env
	}
	return strings.ToUpper(strings.NewReplacer("-", "_", "/", "_").Replace(s.Name))
}
