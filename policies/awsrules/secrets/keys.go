package secrets

import (
	"slices"

	"github.com/secretstack/secretstack/policies/policy"
)

var keyRotates = policy.Rule{
	Name:     "aws-kms-rotation-enabled",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A key gets new material each year",
	Why: "The more is encrypted under the same material, the more one break of it opens. Rotation by KMS costs nothing and changes no ARN; " +
		"what was encrypted before stays readable.",
	Fix: "Set enableKeyRotation. Keys that KMS cannot rotate (asymmetric, HMAC, imported, in a key store of your own) are not looked at; " +
		"a replica follows its primary key.",
	Covers: []string{
		"CKV_AWS_7", "Trivy:AWS-0065", "KICS:22fbfeac", "KICS:235ca980", "prowler:kms_cmk_rotation_enabled", "awsguard:cmk-backing-key-rotation-enabled",
		"pulumi:aws-kms-key-enable-key-rotation", "guard:cmk_backing_key_rotation_enabled", "cfn_nag:F19", "cdk-nag:AwsSolutions-KMS5", "terrascan:AC_AWS_0160",
	},
	Controls: []string{
		"Security Hub KMS.4", "CIS AWS 7.0 4.6", "NIST 800-53 r5 SC-12", "NIST 800-53 r5 SC-12(2)", "NIST 800-53 r5 SC-28(3)", "PCI DSS 4.0.1 3.7.4",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html",
	},
	Types: []string{key},
	Check: func(s policy.Subject) []policy.Finding {
		rotates := s.Get("enableKeyRotation")
		if rotates.True() {
			return nil
		}
		// What decides whether KMS can rotate the key. In each, absent is the default, and that is a key which it can.
		var unknown []policy.Finding
		for _, p := range []struct{ property, rotatable string }{
			{"keyUsage", "ENCRYPT_DECRYPT"}, {"customerMasterKeySpec", "SYMMETRIC_DEFAULT"}, {"customKeyStoreId", ""},
		} {
			switch v := s.Get(p.property); {
			case v.Unknown():
				unknown = append(unknown, s.Unknown(v))
			case v.Text() != "" && v.Text() != p.rotatable:
				return nil
			}
		}
		if unknown != nil {
			return unknown
		}
		return s.Require(rotates, policy.Value.True, "KMS does not rotate the key.")
	},
}

var keyEnabled = policy.Rule{
	Name:     "aws-kms-key-enabled",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A key is enabled",
	Why:      "Nothing that is under a disabled key can be read: every secret fails at its next read, and nothing can be rotated.",
	Fix:      "Set isEnabled (of replicas and imported keys: enabled) to true, or leave it out. A key that is to go is exempt until it is deleted.",
	Covers:   []string{"CKV_AWS_227", "KICS:7350fa23", "KICS:2844c749", "prowler:kms_cmk_are_used"},
	Sources:  []string{"https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html"},
	Types:    keys,
	Check: func(s policy.Subject) []policy.Finding {
		property := "enabled"
		if s.Type == key {
			property = "isEnabled"
		}
		// A key that waits for its material cannot be enabled.
		imported := s.Type == externalKey || s.Type == replicaExternalKey
		if imported && s.Get("keyMaterialBase64").Absent() {
			return nil
		}
		return s.Require(s.Get(property), func(v policy.Value) bool { return !v.False() },
			"The key is disabled, so nothing under it can be read.")
	},
}

var keyRecoverable = policy.Rule{
	Name:     "aws-kms-deletion-window",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "The deletion of a key can be taken back for at least 14 days",
	Why: "When a key is gone, so is everything under it, for ever: each secret, each backup. A week is short when the mistake comes before holidays, " +
		"or where what needs the key runs once in a month.",
	Fix:    "Leave deletionWindowInDays out, which means 30 days, or set it to at least 14. In throw-away stacks, set the rule's days to 7.",
	Covers: []string{"KICS:0b530315", "prowler:kms_cmk_not_deleted_unintentionally"},
	Controls: []string{
		"Security Hub KMS.3", "NIST 800-53 r5 SC-12", "NIST 800-53 r5 SC-12(2)",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
		"https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html",
	},
	Settings: []policy.Setting{{
		Name: "days", Description: "For how many days the deletion of a key can be taken back at least", Default: 14, Minimum: limit(7), Maximum: limit(30),
	}},
	Types: keys,
	Check: func(s policy.Subject) []policy.Finding {
		at, least := s.Get("deletionWindowInDays"), s.Int("days")
		return s.Require(at, func(policy.Value) bool {
			days, _ := at.Number()
			return at.Absent() || days >= float64(least)
		}, "Its deletion can be taken back for %v days; at least %d are wanted.", at, least)
	},
}

var keyNoLockout = policy.Rule{
	Name:     "aws-kms-no-lockout-bypass",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A key's policy is checked for locking everybody out",
	Why: "KMS refuses a key policy after which whoever sets it could not change it any more. With the bypass it accepts one, " +
		"and then only AWS's support can give the key back, if anybody can.",
	Fix:     "Leave bypassPolicyLockoutSafetyCheck out.",
	Covers:  []string{"pulumi:aws-kms-key-disallow-bypass-policy-lockout-safety-check"},
	Sources: []string{"https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"},
	Types:   slices.Concat(keys, []string{keyPolicy}),
	Check: func(s policy.Subject) []policy.Finding {
		return s.Require(s.Get("bypassPolicyLockoutSafetyCheck"), func(v policy.Value) bool { return !v.True() },
			"The check that somebody can still change the policy is switched off.")
	},
}
