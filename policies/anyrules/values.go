package anyrules

import (
	"maps"
	"slices"

	"github.com/secretstack/secretstack/policies/policy"
)

const parameter = "aws:ssm/parameter:Parameter"

// valuesOf are the properties that hold the value of a secret, by type.
var valuesOf = map[string][]string{
	"aws:secretsmanager/secretVersion:SecretVersion": {"secretString", "secretBinary"},
	parameter: {"value"}, // of a SecureString
	"gcp:secretmanager/secretVersion:SecretVersion":                 {"secretData"},
	"gcp:secretmanager/regionalSecretVersion:RegionalSecretVersion": {"secretData"},
	"azure-native:keyvault:Secret":                                  {"properties.value"},
}

var secretValueMarkedSecret = policy.Rule{
	Name:     "secret-value-marked-secret",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "The value of a secret is marked as a secret in the program",
	Why: "What is not marked stands in clear in the stack's state, in previews and in the logs of the CI. Not every SDK marks such properties by itself: " +
		"azure-native's does not mark the value of a Key Vault secret.",
	Fix: "Take the value from configuration that is encrypted (config.RequireSecret), or wrap it with pulumi.ToSecret. Better still, let no value go through Pulumi: " +
		"make the secret without one, and have it filled in the cloud.",
	Controls: []string{"CWE-312"},
	Sources:  []string{aboutSecrets},
	Types:    slices.Sorted(maps.Keys(valuesOf)),
	Check: func(s policy.Subject) []policy.Finding {
		var findings []policy.Finding
		for _, path := range valuesOf[s.Type] {
			v := s.Get(path)
			switch typ := s.Get("type"); {
			case v.Secret() || v.Absent():
			case s.Type == parameter && typ.Unknown():
				findings = append(findings, s.Unknown(typ))
			case s.Type == parameter && typ.Text() != "SecureString": // holds no secret, or breaks aws-ssm-parameter-secure-string
			case v.Unknown():
				findings = append(findings, s.Unknown(v)) // a provider can still mark it
			default:
				findings = append(findings, s.Fail(v, "It is not marked as a secret, so it is in clear in the state."))
			}
		}
		return findings
	},
}

// environments are the properties that whoever may look at the resource can read, and that the program in it is started with.
var environments = map[string][]string{
	"aws:codebuild/project:Project":              {"environment.environmentVariables"},
	"aws:ec2/instance:Instance":                  {"userData", "userDataBase64"},
	"aws:ec2/launchTemplate:LaunchTemplate":      {"userData"},
	"aws:ecs/taskDefinition:TaskDefinition":      {"containerDefinitions"},
	"aws:lambda/function:Function":               {"environment"},
	"azure-native:app:ContainerApp":              {"template"},
	"azure-native:app:Job":                       {"template"},
	"azure-native:web:WebApp":                    {"siteConfig.appSettings", "siteConfig.connectionStrings"},
	"azure-native:web:WebAppApplicationSettings": {"properties"},
}

// holders are the properties in these that hold variables.
var holders = map[string]bool{"variables": true, "containers": true, "initContainers": true, "env": true}

var noSecretInEnvironment = policy.Rule{
	Name:     "no-secret-in-environment",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "No environment variable, command or user data is given the value of a secret",
	Why: "Pulumi encrypts what is marked as a secret, in its own state. The cloud shows it to everybody who may look at the resource's configuration, and keeps it " +
		"in each old revision. Reading it there is no access to a secret, so no policy forbids it and no log tells of it.",
	Fix: "Give the program the secret's name or ARN and let it read the value; or let the platform fill the variable in: `secrets` of an ECS container, `secretRef` of a " +
		"Container App, a Key Vault reference in app settings, SECRETS_MANAGER in CodeBuild. On Google Cloud, gcp-function-env-no-secret asks the same.",
	Controls: []string{"CWE-526"},
	Sources: []string{
		"https://docs.aws.amazon.com/AmazonECS/latest/userguide/taskdef-envfiles.html",
		"https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
	},
	Types: slices.Sorted(maps.Keys(environments)),
	Check: func(s policy.Subject) []policy.Finding {
		var findings []policy.Finding
		for _, path := range environments[s.Type] {
			walk("", s.Get(path), func(name string, v policy.Value) bool {
				switch {
				case v.Secret():
					findings = append(findings, s.Fail(v, "A value that the program keeps secret is here for all to see who may see the configuration."))
				case v.Unknown() && (v.Path() == path || holders[name]):
					findings = append(findings, s.Unknown(v))
				}
				return !v.Secret()
			})
		}
		return findings
	},
}
