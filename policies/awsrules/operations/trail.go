package operations

import "github.com/secretstack/secretstack/policies/policy"

var trailEncryptedValidated = policy.Rule{
	Name:     "aws-trail-encrypted-validated",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A trail is whole, encrypted, sealed, and goes where alarms can look at it",
	Why: "The trail is the only record of who read which secret. Without validation nobody can prove that its files are as they " +
		"were written; in one region it misses what happens in the others; without a key everybody who may read the bucket " +
		"reads it; and a metric filter can look only at a log group.",
	Fix: "Set kmsKeyId, enableLogFileValidation and isMultiRegionTrail, and send the trail to a log group with " +
		"cloudWatchLogsGroupArn and cloudWatchLogsRoleArn. Leave enableLogging and includeGlobalServiceEvents on.",
	Covers: []string{
		"CKV_AWS_35", "CKV_AWS_67", "CKV2_AWS_10", "Trivy:AWS-0014", "Trivy:AWS-0015", "Trivy:AWS-0016", "KICS:5d9e3164",
	},
	Controls: []string{
		"CIS AWS 7.0 4.5", "Security Hub CloudTrail.1", "Security Hub CloudTrail.2", "Security Hub CloudTrail.4", "Security Hub CloudTrail.5",
	},
	Sources: []string{
		"https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",
		"https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/cloudtrail-controls.html",
	},
	Types: []string{trail},
	Joins: append([]string{logGroup}, keyTypes...),
	Check: func(s policy.Subject) []policy.Finding {
		found := requireOwnKey(s, "kmsKeyId", "No key of yours encrypts its files.")
		for _, flag := range []struct{ path, without string }{
			{"enableLogFileValidation", "Nobody can prove that its files were not changed."},
			{"isMultiRegionTrail", "It records one region only."},
		} {
			found = append(found, s.Require(s.Get(flag.path), policy.Value.True, "%s", flag.without)...)
		}
		for _, flag := range []struct{ path, without string }{
			{"enableLogging", "It is switched off."},
			{"includeGlobalServiceEvents", "It leaves out what has no region, such as changes in IAM."},
		} {
			found = append(found, s.Require(s.Get(flag.path), func(v policy.Value) bool { return !v.False() }, "%s", flag.without)...)
		}
		group := s.Get("cloudWatchLogsGroupArn")
		if group.Unknown() && len(s.Graph.Referents(s.Resource, "cloudWatchLogsGroupArn", logGroup)) > 0 {
			return found
		}
		return append(found, s.Require(group, func(v policy.Value) bool { return v.Text() != "" }, "It goes to no log group, where an alarm could look at it.")...)
	},
}
