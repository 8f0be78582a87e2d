package secrets

import (
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

var secretRotates = policy.Rule{
	Name:     "aws-secret-rotation-enabled",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A secret is rotated automatically",
	Why: "A value that nobody changes stays good for whoever once copied it: a colleague who left, a log, an old image. " +
		"Rotation that a person must remember does not happen, or breaks the service because nobody has practised it.",
	Fix: "Give the secret a SecretRotation, with a function that changes the value. What cannot be rotated by a machine is an exemption, with a date.",
	Covers: []string{
		"CKV2_AWS_57", "prowler:secretsmanager_automatic_rotation_enabled", "guard:secretsmanager_rotation_enabled_check", "cdk-nag:AwsSolutions-SMG4",
	},
	Controls: []string{
		"Security Hub SecretsManager.1", "Security Hub SecretsManager.2", "NIST 800-53 r5 AC-2(1)", "NIST 800-53 r5 AC-3(15)",
		"PCI DSS 4.0.1 8.3.9", "PCI DSS 4.0.1 8.6.3",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html",
	},
	Types: []string{secret},
	Joins: []string{secretRotation, secretVersion, secretPolicy},
	Check: func(s policy.Subject) []policy.Finding {
		// No customer can give a secret a name with an exclamation mark: such a secret belongs to a service, which rotates it.
		if strings.Contains(s.Output("name").Text(), "!") {
			return nil
		}
		rotations, maybe := s.Graph.Referrers(s.Resource, secretRotation, "secretId")
		for _, through := range [][2]string{{secretVersion, "secretId"}, {secretPolicy, "secretArn"}} {
			named, _ := s.Graph.Referrers(s.Resource, through[0], through[1])
			for _, r := range named {
				sure, _ := s.Graph.Referrers(r, secretRotation, "secretId")
				rotations = append(rotations, sure...)
			}
		}
		for _, r := range rotations {
			if !r.Output("rotationEnabled").False() {
				return nil
			}
		}
		switch {
		case len(rotations) > 0:
			return []policy.Finding{s.Fail(policy.Value{}, "Its rotation has been cancelled.")}
		case len(maybe) > 0:
			return unclear(s, policy.Value{}, "Which secret a rotation is for is not known before the update.")
		}
		return []policy.Finding{s.Fail(policy.Value{}, "Nothing rotates it.")}
	},
}

var secretRotatesOften = policy.Rule{
	Name:     "aws-secret-rotation-interval",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A secret is rotated at least each 90 days",
	Why:      "A value that leaks is good until the next rotation. A schedule of years is rotation on paper only.",
	Fix:      "Set automaticallyAfterDays or a rate() to 90 days at most, or write a cron() whose longest gap is no longer. A monthly schedule is usual.",
	Covers:   []string{"CKV_AWS_304", "prowler:secretsmanager_secret_rotated_periodically"},
	Controls: []string{
		"Security Hub SecretsManager.4", "NIST 800-53 r5 AC-2(1)", "NIST 800-53 r5 AC-3(15)", "PCI DSS 4.0.1 8.3.9", "PCI DSS 4.0.1 8.6.3",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html",
		"https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/secretsmanager-controls.html",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "How many days may be between two rotations", Default: 90, Minimum: limit(1), Maximum: limit(1000),
	}},
	Types: []string{secretRotation},
	Check: func(s policy.Subject) []policy.Finding {
		rules, most := s.Get("rotationRules"), s.Int("days")
		days, expression := rules.At("automaticallyAfterDays"), rules.At("scheduleExpression")
		switch every, ok := days.Number(); {
		case rules.Unknown():
			return []policy.Finding{s.Unknown(rules)}
		case ok && every > float64(most):
			return []policy.Finding{s.Fail(days, "There are up to %v days between two rotations; at most %d are allowed.", every, most)}
		case ok && every > 0:
			return nil
		case expression.Unknown():
			return []policy.Finding{s.Unknown(expression)}
		case days.Unknown():
			return []policy.Finding{s.Unknown(days)}
		case expression.Text() == "":
			return []policy.Finding{s.Fail(rules, "It has no schedule.")}
		}
		switch gap, err := longestGap(expression.Text()); {
		case err != nil:
			return []policy.Finding{s.Fail(expression, "Secrets Manager has no such schedule: %v.", err)}
		case gap > most:
			return []policy.Finding{s.Fail(expression, "By %v, there are up to %d days between two rotations; at most %d are allowed.", expression, gap, most)}
		}
		return nil
	},
}
