package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/internal/strict"
)

// Problem is one mistake in a file.
type Problem = strict.Problem

// Problems are all the mistakes in a file: the error of Load.
type Problems = strict.Problems

// Target is the stack for which a declaration is checked.
type Target struct {
	Cloud Cloud
	// Prefix begins each secret's name in the cloud. Zero: none.
	Prefix string
	// Identities give each reader's identity in the cloud.
	Identities map[string]string
	// Where says in messages where the identities stand, such as "Pulumi.dev.yaml".
	Where string
}

// Declaration is the content of secrets.yaml.
type Declaration struct {
	Secrets []Spec // in the order of their names

	lines map[string]int // by the secret's name
}

// file is the form of secrets.yaml; the JSON Schema is made of it.
type file struct {
	Secrets map[string]Spec `yaml:"secrets" json:"secrets" jsonschema:"description=The secrets by name,minProperties=1"`
}

// Load reads a declaration and checks it for a target; a nil target leaves out what depends on one.
// Its error is the reading error, or Problems with every mistake in the file.
func Load(path string, target *Target) (*Declaration, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Problems{{File: filepath.Base(path), Rule: "is not there; it declares the project's secrets"}}
	}
	if err != nil {
		return nil, fmt.Errorf("read the declaration: %w", err)
	}
	return Parse(filepath.Base(path), data, target)
}

// Parse is Load for content that is already read; name stands for the file in messages.
func Parse(name string, data []byte, target *Target) (*Declaration, error) {
	var f file
	doc := strict.New(name)
	doc.ValuesGo = "store it with: secretstack put NAME"
	doc.Decode(data, &f)
	if len(f.Secrets) == 0 && len(doc.Problems) == 0 {
		doc.Add("secrets", "declares nothing; name at least one secret")
	}
	d := &Declaration{lines: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(f.Secrets)) {
		s := f.Secrets[name]
		s.Name = name
		d.Secrets = append(d.Secrets, s)
		d.lines[name] = doc.Line(at(s, ""))
	}
	d.check(doc)
	if target != nil {
		d.checkFor(*target, doc)
	}
	return d, doc.Problems.Err()
}

// Line is the line of the file on which a secret is declared; 0: none.
func (d *Declaration) Line(name string) int { return d.lines[name] }

// Reads gives the secrets that a reader may read.
func (d *Declaration) Reads(reader string) []Spec {
	var specs []Spec
	for _, s := range d.Secrets {
		if slices.Contains(s.Readers, reader) {
			specs = append(specs, s)
		}
	}
	return specs
}

// Rotated gives the secrets that have a Rotation.
func (d *Declaration) Rotated() []Spec {
	return slices.DeleteFunc(slices.Clone(d.Secrets), func(s Spec) bool { return s.Rotation == nil })
}

// ReadByRotator tells whether the rotation of another secret reads this one, which may then do without readers.
func (d *Declaration) ReadByRotator(name string) bool {
	return slices.ContainsFunc(d.Secrets, func(s Spec) bool {
		return s.Rotation != nil && slices.Contains(s.Rotation.Reads(), name)
	})
}

// Readers gives each reader that occurs, once, in order.
func (d *Declaration) Readers() []string {
	readers := map[string]bool{}
	for _, s := range d.Secrets {
		for _, r := range s.Readers {
			readers[r] = true
		}
	}
	return slices.Sorted(maps.Keys(readers))
}

func at(s Spec, field string) string { return "secrets." + s.Name + field }

// check finds the mistakes that are mistakes in each cloud.
func (d *Declaration) check(doc *strict.Document) {
	envs := map[string]Spec{}
	for _, s := range d.inOrderOf(doc) {
		if err := CheckName(s.Name); err != nil {
			doc.Add(at(s, ""), "%s", err)
			continue
		}
		if len(s.Description) > maxDescription {
			doc.Add(at(s, ".description"), "has %d characters; at most %d are allowed", len(s.Description), maxDescription)
		}
		env := s.EnvName()
		if !envRegexp.MatchString(env) {
			doc.Add(at(s, ".env"), "an environment variable's name has letters, digits and _ and does not begin with a digit")
		} else if first, taken := envs[env]; taken {
			doc.Add(at(s, ".env"), "%s is the environment variable of %s (line %d) already; give one of them another env",
				env, first.Name, doc.Line(at(first, "")))
		} else {
			envs[env] = s
		}
		if len(s.Readers) == 0 && !d.ReadByRotator(s.Name) && !doc.Wrong(at(s, "")) && !doc.Wrong(at(s, ".readers")) {
			doc.Add(at(s, ".readers"), "names nobody; a secret needs at least one reader")
		}
		d.checkRotation(s, doc)
		if b := s.Alerts.Burst; b < 0 || b > maxBurst {
			doc.Add(at(s, ".alerts.burst"), "must be from 1 to %d reads within five minutes, not %d", maxBurst, b)
		}
		for i, r := range s.Readers {
			field := at(s, fmt.Sprintf(".readers[%d]", i))
			if doc.Wrong(field) {
				continue
			}
			if !readerRegexp.MatchString(r) {
				doc.Add(field, "a reader's name has letters, digits, - and _ and begins with a letter")
			} else if slices.Index(s.Readers, r) < i {
				doc.Add(field, "names %s twice", r)
			}
		}
	}
}

// checkFor finds the mistakes that are mistakes in the target.
func (d *Declaration) checkFor(t Target, doc *strict.Document) {
	known := slices.Sorted(maps.Keys(t.Identities))
	names := map[string]Spec{}
	for _, s := range d.inOrderOf(doc) {
		name, err := t.Cloud.SecretName(t.Prefix, s.Name)
		if err != nil && !doc.Wrong(at(s, "")) {
			doc.Add(at(s, ""), "%s refuses the name: %s", t.Cloud.Name, err)
		}
		if t.Cloud.FoldsCase {
			name = strings.ToLower(name)
		}
		if first, taken := names[name]; taken && err == nil {
			doc.Add(at(s, ""), "is one name with %s (line %d) on %s: %s; rename one of them",
				first.Name, doc.Line(at(first, "")), t.Cloud.Name, name)
		}
		names[name] = s
		if field := at(s, ".rotation.every"); s.Rotation != nil && !doc.Wrong(field) {
			if err := t.Cloud.CheckEvery(s.Rotation.Every); err != nil {
				doc.Add(field, "%s", err)
			}
		}
		var held []string // the readers whose identities are known
		for i, r := range s.Readers {
			field := at(s, fmt.Sprintf(".readers[%d]", i))
			identity, ok := t.Identities[r]
			holder := slices.IndexFunc(held, func(other string) bool { return t.Cloud.Same(t.Identities[other], identity) })
			switch {
			case doc.Wrong(field) || !ok && t.Cloud.MakesIdentities:
			case !ok:
				doc.Add(field, "%s has no identity in %s (secretstack:identities); %s", r, t.Where, strict.Suggest(r, known))
			case holder >= 0:
				doc.Add(field, "%s and %s have one identity in %s (secretstack:identities); name one of them", held[holder], r, t.Where)
			default:
				held = append(held, r)
			}
		}
	}
}

// inOrderOf gives the secrets in the order of the file, in which "the first" and "the second" are meant.
func (d *Declaration) inOrderOf(doc *strict.Document) []Spec {
	return slices.SortedStableFunc(slices.Values(d.Secrets), func(a, b Spec) int {
		return doc.Line(at(a, "")) - doc.Line(at(b, ""))
	})
}
