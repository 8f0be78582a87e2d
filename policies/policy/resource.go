package policy

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

// Resource is one of a stack's.
type Resource struct {
	URN    string
	Type   string // its token, without Azure's API version: "azure-native:keyvault:Vault"
	Name   string // the last part of its URN
	Parent string // a URN; zero: the stack
	ID     string // zero: not known

	Inputs  property.Map // what the program declares
	Outputs property.Map // what the provider gives, inputs among it; empty before the update
	// Options are what the program declares beside inputs: "protect" (a bool). Unknown where the source does not tell.
	Options property.Map

	Dependencies         []string            // URNs
	PropertyDependencies map[string][]string // URNs, by input
}

// Get gives an input, as the program declares it, at a path as of [Value.At].
func (r *Resource) Get(path string) Value { return r.All().At(path) }

// All gives the inputs.
func (r *Resource) All() Value { return Value{v: property.New(r.Inputs)} }

// Output gives an output at a path, or the input where no such output is known.
func (r *Resource) Output(path string) Value {
	out := Value{v: property.New(r.Outputs)}.At(path)
	if in := r.Get(path); out.Absent() || out.Unknown() && !in.Absent() {
		return in
	}
	return out
}

// Option gives a resource option: "protect".
func (r *Resource) Option(name string) Value { return Value{v: property.New(r.Options)}.At(name) }

// Canonical is a type's token without Azure's API version, by which Rule.Types names it.
func Canonical(token string) string {
	rest, azure := strings.CutPrefix(token, "azure-native:")
	if !azure {
		return token
	}
	module, name, _ := strings.Cut(rest, ":")
	module, _, _ = strings.Cut(module, "/")
	return "azure-native:" + module + ":" + name
}
