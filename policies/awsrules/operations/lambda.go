package operations

import (
	"slices"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

var lambdaEnvNoHardcodedSecret = policy.Rule{
	Name:     "aws-lambda-env-no-hardcoded-secret",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No environment variable of a function has a credential written into it",
	Why: "Whoever may read a function's configuration reads its environment: that is a permission of every read-only role. The " +
		"value is in the program's sources, in the stack's state and in each published version of the function as well, and " +
		"changing it means a deployment.",
	Fix: "Give the function the name or ARN of a secret, and let it read the value when it starts. Replace the credential that " +
		"was written down: it is known to everybody who can read the sources.",
	Covers:  []string{"CKV_AWS_45", "KICS:1402afd8", "KICS:2564172f", "prowler:awslambda_function_no_secrets_in_variables"},
	Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"},
	Types:   []string{function},
	Check: func(s policy.Subject) []policy.Finding {
		variables := s.Get("environment.variables")
		if variables.Unknown() {
			return []policy.Finding{s.Unknown(variables)}
		}
		var found []policy.Finding
		for name, v := range variables.Fields() {
			if v.Secret() || !v.IsText() { // not written down; secret-value-marked-secret asks where such values go
				continue
			}
			if kind, is := leak.Find(name, v.Text()); is {
				found = append(found, s.Fail(v, "The variable %s is %s, written down.", name, kind))
			}
		}
		return found
	},
}

var lambdaEnvCMK = policy.Rule{
	Name:     "aws-lambda-env-cmk",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A function's environment is encrypted with a key of its own",
	Why: "Without a key, AWS encrypts the environment with one that it manages. Everybody who may read the function's " +
		"configuration then sees the variables; with a key of one's own, only those who may also decrypt with it.",
	Fix:     "Set kmsKeyArn to a key of yours that the function's role may decrypt with, or leave the environment empty.",
	Covers:  []string{"CKV_AWS_173", "prowler:awslambda_function_env_vars_not_encrypted_with_cmk", "terrascan:AC_AWS_0483"},
	Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html"},
	Types:   []string{function},
	Joins:   keyTypes,
	Check: func(s policy.Subject) []policy.Finding {
		variables := s.Get("environment.variables")
		if variables.IsMap() && none(variables) || variables.Absent() {
			return nil
		}
		found := requireOwnKey(s, "kmsKeyArn", "It has environment variables, and no key of yours encrypts them.")
		if len(found) > 0 && variables.Unknown() {
			return []policy.Finding{s.Unknown(variables)}
		}
		return found
	},
}

// none tells that a map is empty.
func none(v policy.Value) bool {
	for range v.Fields() {
		return false
	}
	return true
}

var lambdaReservedConcurrency = policy.Rule{
	Name:     "aws-lambda-reserved-concurrency",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A function has a concurrency reserved for it",
	Why: "All functions of an account and region share one limit. Without a reservation, one that runs away takes the others " +
		"with it, the rotator of your secrets among them.",
	Fix:     "Set reservedConcurrentExecutions to what the function needs; a rotator needs a few.",
	Covers:  []string{"CKV_AWS_115", "guard:lambda_concurrency_check", "cfn_nag:W92"},
	Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"},
	Types:   []string{function},
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(s.Get("reservedConcurrentExecutions"), func(v policy.Value) bool {
			n, ok := v.Number()
			return ok && n >= 0
		}, "No concurrency is reserved for it.")
	},
}

var lambdaInVPC = policy.Rule{
	Name:     "aws-lambda-in-vpc",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A rotator runs in a network of yours, in two subnets at least",
	Why: "A rotator holds the passwords of administrators. Outside your networks it reaches the databases over the internet, so " +
		"they must be open to it; in one subnet only, it stands still with that zone.",
	Fix: "Set vpcConfig with two subnets or more, in different zones, and see that Secrets Manager can be reached from there: by" +
		" an interface endpoint, say. A rotator of secrets that are generated needs none of it.",
	Covers:   []string{"CKV_AWS_117", "guard:lambda_inside_vpc", "cfn_nag:W89", "prowler:awslambda_function_inside_vpc"},
	Controls: []string{"Security Hub Lambda.3", "Security Hub Lambda.5"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html",
	},
	Types: []string{function},
	Joins: rotatorTypes,
	Check: ofRotators(func(s policy.Subject) []policy.Finding {
		subnets := s.Get("vpcConfig.subnetIds")
		if subnets.Unknown() {
			return []policy.Finding{s.Unknown(subnets)}
		}
		different, unknown := map[string]bool{}, 0
		for _, subnet := range subnets.Items() {
			if subnet.Unknown() {
				unknown++
				continue
			}
			different[subnet.Text()] = true
		}
		switch len(different) + unknown {
		case 0:
			return []policy.Finding{s.Fail(subnets, "It rotates secrets, and is in no network of yours.")}
		case 1:
			return []policy.Finding{s.Fail(subnets, "It rotates secrets from one subnet only.")}
		}
		return nil
	}),
}

var lambdaTracing = policy.Rule{
	Name:     "aws-lambda-tracing",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A function's invocations are traced",
	Why:      "Without a trace, nobody can tell which of the calls that a rotator makes took the time, or which one failed.",
	Fix:      "Set tracingConfig.mode to Active, and let the role write traces (AWSXRayDaemonWriteAccess).",
	Covers: []string{
		"CKV_AWS_50", "Trivy:AWS-0066", "KICS:8152e0cf", "pulumi:aws-lambda-function-enable-tracing-config",
	},
	Controls: []string{"Security Hub Lambda.7"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html",
	},
	Types: []string{function},
	Check: func(s policy.Subject) []policy.Finding {
		mode := s.Get("tracingConfig.mode")
		if mode.Text() == "PassThrough" {
			return []policy.Finding{s.Fail(mode, "Only those invocations are traced whose caller asks for it.")}
		}
		return s.Require(mode, func(v policy.Value) bool { return v.Text() == "Active" }, "Its invocations are not traced.")
	},
}

var lambdaCodeSigning = policy.Rule{
	Name:     "aws-lambda-code-signing",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A function runs only code that was signed",
	Why: "Whoever may update a rotator's code reads every secret that it rotates. With code signing, that takes the signing " +
		"profile as well. Functions made of container images cannot have it, so the rule leaves them out.",
	Fix:     "Make a code signing configuration that names your signing profile and enforces it, and set codeSigningConfigArn.",
	Covers:  []string{"CKV_AWS_272"},
	Sources: []string{"https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html"},
	Types:   []string{function},
	Check: func(s policy.Subject) []policy.Finding {
		switch kind := s.Get("packageType"); {
		case kind.Text() == "Image" || !s.Get("imageUri").Absent():
			return nil
		case kind.Unknown():
			return []policy.Finding{s.Unknown(kind)}
		}
		return s.Require(s.Get("codeSigningConfigArn"), func(v policy.Value) bool { return v.Text() != "" },
			"It runs whatever code it is given, signed or not.")
	},
}

// asynchronous are the services that invoke functions without waiting for what comes of it:
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html.
var asynchronous = []string{
	"cloudformation.amazonaws.com", "codecommit.amazonaws.com", "config.amazonaws.com", "events.amazonaws.com", "iot.amazonaws.com",
	"logs.amazonaws.com", "s3.amazonaws.com", "ses.amazonaws.com", "sns.amazonaws.com",
}

var lambdaFailureDestination = policy.Rule{
	Name:     "aws-lambda-failure-destination",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A function that is invoked asynchronously says where failed invocations go",
	Why: "Lambda tries such an invocation three times and then drops it. Nobody learns of it. Secrets Manager waits for a " +
		"rotator's answer, so a rotator that nothing else invokes is left out: its dead-letter queue would stay empty.",
	Fix: "Set deadLetterConfig, or a FunctionEventInvokeConfig with destinationConfig.onFailure, to a queue or topic that " +
		"somebody looks at.",
	Covers: []string{"CKV_AWS_116", "KICS:c2eae442", "guard:lambda_dlq_check", "prowler:awslambda_function_no_dead_letter_queue", "cdk-nag:HIPAA.Security-LambdaDLQ"},
	Sources: []string{
		"https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
		"https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html",
	},
	Types: []string{function},
	Joins: []string{permission, invokeConfig},
	Check: func(s policy.Subject) []policy.Finding {
		var callers []policy.Value
		permitted, _ := s.Graph.Referrers(s.Resource, permission, "function")
		for _, p := range permitted {
			if who := p.Output("principal"); who.Unknown() || slices.Contains(asynchronous, who.Text()) {
				callers = append(callers, who)
			}
		}
		queue := s.Get("deadLetterConfig.targetArn")
		if len(callers) == 0 || queue.Text() != "" {
			return nil
		}
		configured, maybe := s.Graph.Referrers(s.Resource, invokeConfig, "functionName")
		for _, c := range configured {
			if to := c.Get("destinationConfig.onFailure.destination"); to.Text() != "" {
				return nil
			} else if to.Unknown() {
				maybe = append(maybe, c)
			}
		}
		known := slices.IndexFunc(callers, func(v policy.Value) bool { return !v.Unknown() })
		if queue.Unknown() || len(maybe) > 0 || known < 0 {
			return []policy.Finding{s.Unknown(queue)}
		}
		return []policy.Finding{s.Fail(queue, "%s invokes it and does not wait, and what fails goes nowhere.", callers[known])}
	},
}
