package gcprules

import (
	"strings"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

var kmsRotation = policy.Rule{
	Name:     "gcp-kms-rotation",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A key has a new version every 90 days",
	Why: "A version of a key that leaked, or was used for too much, opens all that it ever encrypted. With a new one each quarter that " +
		"is a quarter's worth. Versions of before stay, so nothing becomes unreadable.",
	Fix: "Set rotationPeriod to 7776000s or less. Cloud KMS rotates keys for symmetric encryption by itself, and no others: keys for " +
		"signing, for raw and asymmetric encryption, imported and external ones are not asked for.",
	Covers: []string{
		"CKV_GCP_43", "Trivy:GCP-0065", "KICS:d8c57c4e", "SHA:KMS_KEY_NOT_ROTATED", "prowler:kms_key_rotation_max_90_days", "terrascan:AC_GCP_0011",
	},
	Controls: []string{"CIS GCP 5.0 1.11"},
	Sources: []string{
		"https://docs.cloud.google.com/kms/docs/key-rotation",
		"https://docs.cloud.google.com/kms/docs/ekm",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "The most days from one version of a key to the next", Default: 90, Minimum: number(1), Maximum: number(3650),
	}},
	Types: []string{keyType},
	Check: func(s policy.Subject) []policy.Finding {
		period := s.Get("rotationPeriod")
		every, _ := duration(period)
		if every > 0 && every <= time.Duration(s.Int("days"))*day {
			return nil
		}
		purpose, imported, level := s.Get("purpose"), s.Get("importOnly"), s.Get("versionTemplate.protectionLevel")
		if t := purpose.Text(); t != "" && t != "ENCRYPT_DECRYPT" || imported.True() || strings.HasPrefix(level.Text(), "EXTERNAL") {
			return nil // Cloud KMS rotates them not at all, or only where it manages the external key, which the key does not tell
		}
		for _, v := range []policy.Value{purpose, imported, level} {
			if v.Unknown() {
				return []policy.Finding{s.Unknown(v)}
			}
		}
		switch {
		case period.Unknown():
			return []policy.Finding{s.Unknown(period)}
		case period.Text() == "":
			return []policy.Finding{s.Fail(period, "It is never rotated.")}
		}
		return []policy.Finding{s.Fail(period, "From one version to the next it is %s, more than %d days.", period, s.Int("days"))}
	},
}

var kmsProtected = policy.Rule{
	Name:     "gcp-kms-protected",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A key cannot be deleted by an update, and its versions not at once",
	Why: "When Pulumi deletes a key, all its versions are destroyed; and what they encrypted is lost when their time is over: each " +
		"secret of the store. The only way back is to notice before.",
	Fix:    "Give the key the option pulumi.Protect(true). Leave destroyScheduledDuration out, which means 30 days, or make it no shorter.",
	Covers: []string{"CKV_GCP_82"},
	Sources: []string{
		"https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
		"https://docs.cloud.google.com/kms/docs/destroy-restore",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "The fewest days in which a version that is to be destroyed can be restored",
		Default: 30, Minimum: number(1), Maximum: number(120),
	}},
	Types: []string{keyType},
	Check: func(s policy.Subject) []policy.Finding {
		findings := s.Require(s.Option("protect"), policy.Value.True, "An update can delete it, and what it encrypts with it.")
		at := s.Get("destroyScheduledDuration")
		long := func(v policy.Value) bool {
			d, ok := duration(v)
			return v.Absent() || ok && d >= time.Duration(s.Int("days"))*day
		}
		return append(findings, s.Require(at, long, "A destroyed version can be restored for %s only, less than %d days.", at, s.Int("days"))...)
	},
}
