package anyrules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

var noHardcodedSecretInInputs = policy.Rule{
	Name:     "no-hardcoded-secret-in-inputs",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No property of a resource has a credential written down",
	Why: "A credential in a program or its configuration is read by everybody who reads the repository, its copies and its history, and the stack's state has it in " +
		"clear. Nobody can rotate it without a deployment, so nobody does.",
	Fix: "Replace the credential, as it is known, and keep the new one in a secret. Give the resource the secret's name or ARN to read it from. Where the " +
		"resource must have the value itself, take it from configuration that is encrypted (config.RequireSecret).",
	Covers: []string{
		"CKV_SECRET_2", "CKV_SECRET_6", "CKV_SECRET_10", "CKV_SECRET_13", "CKV_AWS_46", "CKV_AWS_295", "KICS:a88baa34", "KICS:4d2cf896", "KICS:d7b9d850",
	},
	Controls: []string{"CWE-798"},
	Sources:  []string{aboutSecrets},
	Check: func(s policy.Subject) []policy.Finding {
		if strings.HasPrefix(s.Type, provider) {
			return nil // no-hardcoded-provider-credential
		}
		return writtenDown(s, slices.Concat(valuesOf[s.Type], judgedElsewhere[s.Type]))
	},
}

// judgedElsewhere are properties that a rule of their own looks at, by type: aws-lambda-env-no-hardcoded-secret,
// aws-ssm-parameter-no-hardcoded-secret, gcp-function-env-no-secret. So one mistake is one finding. The values of secrets
// have a rule too. Indexes of lists are left out.
var judgedElsewhere = map[string][]string{
	"aws:lambda/function:Function":           {"environment.variables"},
	parameter:                                {"insecureValue"},
	"gcp:cloudfunctions/function:Function":   {"environmentVariables", "buildEnvironmentVariables"},
	"gcp:cloudfunctionsv2/function:Function": {"serviceConfig.environmentVariables", "buildConfig.environmentVariables"},
	"gcp:cloudrun/service:Service":           {"template.spec.containers.envs"},
	"gcp:cloudrunv2/service:Service":         {"template.containers.envs"},
	"gcp:cloudrunv2/job:Job":                 {"template.template.containers.envs"},
}

var index = regexp.MustCompile(`\[\d+\]`)

// writtenDown finds credentials in the inputs, but for what is at the given paths. What is marked as a secret is encrypted
// in the state, and most often comes from configuration that is encrypted; what is unknown is not written down.
func writtenDown(s policy.Subject, except []string) []policy.Finding {
	var findings []policy.Finding
	walk("", s.All(), func(name string, v policy.Value) bool {
		if v.Secret() || len(except) > 0 && slices.Contains(except, index.ReplaceAllString(v.Path(), "")) {
			return false
		}
		if t := text(v); t != "" {
			if kind, found := leak.Find(name, t); found {
				findings = append(findings, s.Fail(v, "There is %s in it, in clear.", kind))
			}
		}
		return true
	})
	return findings
}

const provider = "pulumi:providers:"

var noHardcodedProviderCredential = policy.Rule{
	Name:     "no-hardcoded-provider-credential",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No provider has a credential written down",
	Why: "The credential of a provider may do all that the deployment may. Written into the program or its configuration, it is in the repository and in the stack's " +
		"state, in clear, and works from anywhere.",
	Fix: "Replace the credential, as it is known. Let the provider find a short-lived one in its environment: federated from the CI, or that of an instance or a " +
		"person's login. Where there must be one, set it with `pulumi config set --secret`.",
	Covers:   []string{"CKV_AWS_41"},
	Controls: []string{"CWE-798"},
	Sources:  []string{aboutSecrets},
	Check: func(s policy.Subject) []policy.Finding {
		if !strings.HasPrefix(s.Type, provider) {
			return nil
		}
		findings := writtenDown(s, credentialsOfProviders)
		for name, v := range s.All().Fields() {
			switch {
			case v.Secret():
			case v.Unknown() && leak.Named(name):
				findings = append(findings, s.Unknown(v))
			case slices.Contains(credentialsOfProviders, name) && v.Text() != "" && !slices.Contains(forEmulators, v.Text()):
				findings = append(findings, s.Fail(v, "It is written down, in clear."))
			}
		}
		return findings
	},
}

// credentialsOfProviders are inputs that are nothing but a credential, whatever it looks like. Google's "credentials" are
// not among them: they may be the name of a file.
var credentialsOfProviders = []string{
	"accessKey", "accessToken", "apiKey", "apiToken", "clientCertificatePassword", "clientSecret", "oidcToken", "password", "secretKey", "token",
}

// forEmulators are what people write where an emulator of a cloud wants some credential.
var forEmulators = []string{"dummy", "fake", "mock", "test"}
