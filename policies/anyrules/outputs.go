package anyrules

import (
	"maps"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

const stack = "pulumi:pulumi:Stack"

var noSecretInStackOutput = policy.Rule{
	Name:     "no-secret-in-stack-output",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No output of the stack has a credential in clear",
	Why: "Outputs are printed at the end of each update, so they are in the logs of the CI; they are in the state, and every stack that references this one reads " +
		"them. Nobody expects a credential there.",
	Fix: "Export the name or the ARN of the secret, and let who needs the value read it. Where there is no other way, wrap the output with pulumi.ToSecret: it is " +
		"encrypted then, and printed as [secret].",
	Covers:   []string{"prowler:cloudformation_stack_outputs_find_secrets"},
	Controls: []string{"CWE-532"},
	Sources:  []string{aboutSecrets},
	Types:    []string{stack},
	Joins:    slices.Sorted(maps.Keys(valuesOf)),
	Check: func(s policy.Subject) []policy.Finding {
		values := secretValues(s.Graph)
		var findings []policy.Finding
		outputs := (&policy.Resource{Inputs: s.Outputs}).All()
		walk("", outputs, func(name string, v policy.Value) bool {
			switch kind, found := leak.Find(name, v.Text()); {
			case v.Secret():
				return false
			// In a map of secrets each has the name of its secret, whatever it is: an ARN, most often.
			case v.Unknown() && leak.Named(name) && !strings.HasPrefix(v.Path(), "secrets."):
				findings = append(findings, s.Unknown(v))
			case found:
				findings = append(findings, s.Fail(v, "There is %s in it, in clear.", kind))
			case values[v.Text()] != "":
				findings = append(findings, s.Fail(v, "It is the value of %s, in clear.", values[v.Text()]))
			}
			return true
		})
		return findings
	},
}

// shortest is how long the value of a secret is at least, to be known by it elsewhere.
const shortest = 8

// secretValues are the names of secrets by their values, as far as these are known.
func secretValues(graph *policy.Graph) map[string]string {
	values := map[string]string{}
	for typ, paths := range valuesOf {
		for _, r := range graph.Of(typ) {
			for _, path := range paths {
				if v := r.Output(path); v.Secret() && len(v.Text()) >= shortest {
					values[v.Text()] = r.Name
				}
			}
		}
	}
	return values
}
