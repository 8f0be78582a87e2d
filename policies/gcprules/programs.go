package gcprules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

var functionIngress = policy.Rule{
	Name:     "gcp-function-ingress",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A function takes requests from inside only, or through a load balancer",
	Why: "By default a function has an address on the internet to which anybody can send requests. Then only the check of who calls " +
		"stands before it, and one grant too many opens it.",
	Fix: "Set ingressSettings to ALLOW_INTERNAL_ONLY, or to ALLOW_INTERNAL_AND_GCLB where it is behind a load balancer. Pub/Sub and " +
		"Cloud Scheduler of the same project still reach it.",
	Covers:  []string{"CKV_GCP_124"},
	Sources: []string{"https://cloud.google.com/functions/docs/networking/network-settings", "https://cloud.google.com/run/docs/securing/ingress"},
	Types:   []string{function1Type, function2Type},
	Check: func(s policy.Subject) []policy.Finding {
		at := s.Get("serviceConfig.ingressSettings")
		if s.Type == function1Type {
			at = s.Get("ingressSettings")
			if !s.Get("eventTrigger").Absent() {
				return nil // it has no address
			}
		}
		inside := func(v policy.Value) bool { return strings.HasPrefix(v.Text(), "ALLOW_INTERNAL_") }
		return s.Require(at, inside, "It takes requests from the internet.")
	},
}

var functionEnvNoSecret = policy.Rule{
	Name:     "gcp-function-env-no-secret",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No environment variable or argument of a function, service or job has a credential in clear",
	Why: "Environment variables and arguments are part of the configuration: whoever may look at the function sees them, in the console, in the API and in " +
		"each old revision. The credential cannot be rotated without a deployment, and nobody knows who read it.",
	Fix: "Put the value into Secret Manager and name the secret: in secretEnvironmentVariables of a function, in valueSource.secretKeyRef " +
		"of a Cloud Run container. Better still, mount it as a file, which has the newest version.",
	Controls: []string{"CIS GCP 5.0 1.18"},
	Sources: []string{
		"https://cloud.google.com/run/docs/configuring/services/secrets",
		"https://cloud.google.com/functions/docs/configuring/secrets",
	},
	Types: []string{function1Type, function2Type, run1Type, run2Type, runJobType},
	Check: func(s policy.Subject) []policy.Finding {
		var findings []policy.Finding
		for _, path := range variablesOf[s.Type] {
			all := s.Get(path)
			if found := closed(s, all); found != nil {
				findings = append(findings, found...)
				continue
			}
			for name, v := range all.Fields() {
				findings = append(findings, variable(s, name, v)...)
			}
		}
		for _, container := range s.Get(containersOf[s.Type]).Items() {
			if found := closed(s, container); found != nil {
				findings = append(findings, found...)
				continue
			}
			for _, env := range container.At("envs").Items() {
				name := env.At("name")
				found := closed(s, env)
				if found == nil {
					found = closed(s, name)
				}
				if found == nil {
					found = variable(s, name.Text(), env.At("value"))
				}
				findings = append(findings, found...)
			}
			for _, arg := range slices.Concat(container.At("commands").Items(), container.At("args").Items()) {
				if arg.Secret() { // what is written down there, no-hardcoded-secret-in-inputs finds
					findings = append(findings, closed(s, arg)...)
				}
			}
		}
		return findings
	},
}

// Where functions have variables, and services and jobs have containers.
var (
	variablesOf = map[string][]string{
		function1Type: {"environmentVariables", "buildEnvironmentVariables"},
		function2Type: {"serviceConfig.environmentVariables", "buildConfig.environmentVariables"},
	}
	containersOf = map[string]string{
		run1Type:   "template.spec.containers",
		run2Type:   "template.containers",
		runJobType: "template.template.containers",
	}
)

// closed looks at what cannot be read: what is marked as a secret, which is one whatever it looks like, or not known.
func closed(s policy.Subject, v policy.Value) []policy.Finding {
	switch {
	case v.Absent():
		return nil
	case v.Secret():
		return []policy.Finding{s.Fail(v, "A value that the program keeps secret is here for all to see who may see the configuration.")}
	case v.Unknown():
		return []policy.Finding{s.Unknown(v)}
	}
	return nil
}

// variable looks at one. What is not known yet is not written down, and most often the name of another resource; so only
// one with the name of a credential is in doubt.
func variable(s policy.Subject, name string, v policy.Value) []policy.Finding {
	if v.Secret() || v.Unknown() && leak.Named(name) {
		return closed(s, v)
	}
	if kind, found := leak.Find(name, v.Text()); found {
		return []policy.Finding{s.Fail(v, "The value of %s is %s, in clear.", cmp.Or(name, "a variable"), kind)}
	}
	return nil
}
