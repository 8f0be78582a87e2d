package gcprules

import (
	"github.com/secretstack/secretstack/policies/policy"
)

var secretCMEK = policy.Rule{
	Name:     "gcp-secret-cmek",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Each replica of a secret is encrypted with a key of your own",
	Why: "Under Google's own key, whoever has the right to read a secret is all that stands between a stranger and its value. Under a " +
		"key of yours the value is lost to everybody when you disable the key, and each use of the key can be logged.",
	Fix: "Give customerManagedEncryption.kmsKeyName, in replication.auto a key in the location global, and for user-managed replication " +
		"a key in each replica's location. Grant roles/cloudkms.cryptoKeyEncrypterDecrypter to Secret Manager's service agent first.",
	Covers:  []string{"prancer:PR-GCP-CLD-SCR-003", "hardhat:cmek"},
	Sources: []string{"https://cloud.google.com/secret-manager/docs/cmek"},
	Types:   secretTypes,
	Joins:   []string{keyType},
	Check: func(s policy.Subject) []policy.Finding {
		const path = "customerManagedEncryption.kmsKeyName"
		if s.Type == regionalSecretType {
			return ownKey(s, s.Get(path), "It is encrypted with a key of Google's.")
		}
		replication := s.Get("replication")
		if replication.Unknown() {
			return []policy.Finding{s.Unknown(replication)}
		}
		if replicas := replication.At("userManaged.replicas"); !replicas.Absent() {
			var findings []policy.Finding
			for _, r := range replicas.Items() {
				findings = append(findings, ownKey(s, r.At(path), "The replica in %s is encrypted with a key of Google's.", r.At("location"))...)
			}
			return findings
		}
		return ownKey(s, replication.At("auto."+path), "It is encrypted with a key of Google's.")
	},
}

var pubsubCMEK = policy.Rule{
	Name:     "gcp-pubsub-cmek",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "A topic is encrypted with a key of your own",
	Why: "Messages about secrets have names and times, not values, so Google's own key is enough for most. Where policy wants all data " +
		"under keys of your own, topics are among it.",
	Fix:     "Set kmsKeyName, and grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to Pub/Sub's service agent first.",
	Covers:  []string{"CKV_GCP_83", "SHA:PUBSUB_CMEK_DISABLED"},
	Sources: []string{"https://cloud.google.com/pubsub/docs/encryption"},
	Types:   []string{token("pubsub", "Topic")},
	Joins:   []string{keyType},
	Check: func(s policy.Subject) []policy.Finding {
		return ownKey(s, s.Get("kmsKeyName"), "Its messages are encrypted with a key of Google's.")
	},
}

// ownKey wants the name of a key, which may be one that the same update makes.
func ownKey(s policy.Subject, key policy.Value, format string, args ...any) []policy.Finding {
	if key.Unknown() && dependsOn(s, key, keyType) {
		return nil
	}
	return s.Require(key, func(v policy.Value) bool { return v.Text() != "" }, format, args...)
}
