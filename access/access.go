package access

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// Access is who can read which secrets of a stack.
type Access struct {
	Format     string     `json:"format"`          // Version
	Stack      string     `json:"stack,omitempty"` // as in "shop/dev"; zero: the resources do not say
	Identities []Identity `json:"identities"`      // those that can read something, or may, by name
	Groups     []Group    `json:"groups"`
	Notes      []string   `json:"notes,omitempty"` // what could not be looked at, as sentences
}

// Version is that of the JSON form.
const Version = "secretstack/access/v1"

// Group is secrets that the same identities can read, in the same ways.
type Group struct {
	Secrets []Secret `json:"secrets"` // by name
	Readers []Reader `json:"readers"` // by identity; empty: nobody reads them, as far as is known
}

// Secret is one that is read.
type Secret struct {
	Name  string `json:"name"`            // as the program calls it; no other secret here is called so
	Where string `json:"where,omitempty"` // the cloud's name; zero: not known before the update
}

// Identity is one that reads.
type Identity struct {
	Name     string `json:"name"`               // short; no other identity here is called so
	ID       string `json:"id,omitempty"`       // as the cloud has it, such as an ARN; zero: not known before the update
	Kind     string `json:"kind"`               // such as "role", "group" or "service account"
	Mark     Mark   `json:"mark,omitempty"`     // zero: none
	Resource string `json:"resource,omitempty"` // the URN, where the stack makes it
}

// Mark says of an identity what no person is.
type Mark string

// The marks.
const (
	Rotator Mark = "rotator" // it rotates secrets of this stack
	Service Mark = "service" // it is a service of the cloud
	Anybody Mark = "anybody" // it is everybody there is, or everybody with an account
)

// Level is how sure it is that an identity can read a secret.
type Level string

// The levels.
const (
	Certain     Level = "certain"
	Conditional Level = "conditional" // it depends on what nobody can know from here, such as the network
	Unknown     Level = "unknown"     // it depends on what is not known before the update, or not in this stack
	Locked      Level = "locked"      // it may read the secret, but cannot decrypt it
)

// Levels are all of them, the surest first.
var Levels = []Level{Certain, Conditional, Unknown, Locked}

func (l Level) rank() int { return slices.Index(Levels, l) }

// Reader is an identity that can read the secrets of a group.
type Reader struct {
	Identity string `json:"identity"` // its name
	Level    Level  `json:"level"`    // of the surest way
	Wide     bool   `json:"wide"`     // each of the surest ways is wide
	Ways     []Way  `json:"ways"`     // the surest first
}

// Way is one of the ways in which an identity can read a secret.
type Way struct {
	By    By       `json:"by"`
	How   string   `json:"how"` // as in "roles/owner on project shop-prod"
	Level Level    `json:"level"`
	Wide  bool     `json:"wide"`         // it is not limited to some secrets, but reads whatever secrets there are
	If    []string `json:"if,omitempty"` // what it depends on, as in "if aws:SourceVpce is vpce-0a1b2c3d"
}

// By is what lets an identity read.
type By string

// What lets an identity read.
const (
	BySecret   By = "secret"   // a policy of the secret, or a grant on it
	ByIdentity By = "identity" // a policy of the identity, or of a group that it is in
	ByScope    By = "scope"    // a grant on what the secret is in, such as a vault or a project
	ByKey      By = "key"      // the value is encrypted to its key
)

// String is the way with what it depends on, as in "secret's policy, if ...".
func (w Way) String() string {
	return strings.Join(append([]string{w.How}, w.If...), ", ")
}

// weaken makes a way depend on something.
func (w *Way) weaken(to Level, condition string) {
	if to.rank() > w.Level.rank() {
		w.Level = to
	}
	if !slices.Contains(w.If, condition) {
		w.If = append(slices.Clip(w.If), condition)
	}
}

// Each gives each secret with its readers, by name.
func (a *Access) Each() iter.Seq2[Secret, []Reader] {
	type entry struct {
		Secret
		group int
	}
	var all []entry
	for i, g := range a.Groups {
		for _, s := range g.Secrets {
			all = append(all, entry{s, i})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.Name, b.Name) })
	return func(yield func(Secret, []Reader) bool) {
		for _, e := range all {
			if !yield(e.Secret, a.Groups[e.group].Readers) {
				return
			}
		}
	}
}

// Secrets is how many there are.
func (a *Access) Secrets() int {
	n := 0
	for _, g := range a.Groups {
		n += len(g.Secrets)
	}
	return n
}

// Parse reads what JSON an Access was written as.
func Parse(r io.Reader) (*Access, error) {
	var a Access
	if err := json.NewDecoder(r).Decode(&a); err != nil {
		return nil, err
	}
	if a.Format != Version {
		return nil, fmt.Errorf("its format is %q, and this program knows %q", a.Format, Version)
	}
	return &a, nil
}
