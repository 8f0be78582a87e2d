package gcprules

import (
	"slices"

	"github.com/secretstack/secretstack/policies/policy"
)

var secretNoPublic = policy.Rule{
	Name:     "gcp-secret-iam-no-public",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No secret, and no project's secrets, are granted to everybody",
	Why: "allUsers is everybody on the internet, and allAuthenticatedUsers everybody with a Google account of their own. Who is " +
		"granted roles/secretmanager.secretAccessor reads the value; any other role tells strangers at least that the secret exists.",
	Fix:    "Grant the role to the service accounts that need it, one by one.",
	Covers: []string{"prowler:secretmanager_secret_not_publicly_accessible", "CKV_GCP_113"},
	Sources: []string{
		"https://cloud.google.com/secret-manager/docs/access-control",
		"https://cloud.google.com/iam/docs/principals-overview",
	},
	Types: slices.Concat(secretGrants, wideGrants),
	Check: func(s policy.Subject) []policy.Finding { return noPublic(s, "roles/secretmanager.") },
}

var kmsNoPublic = policy.Rule{
	Name:     "gcp-kms-no-public",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No key or key ring is granted to everybody",
	Why: "Who may use a key decrypts what it encrypts, as soon as he has it; who may administer it destroys its versions, and with " +
		"them each secret that it protects.",
	Fix: "Grant roles/cloudkms.cryptoKeyEncrypterDecrypter on the key to the service agent that uses it, such as Secret Manager's.",
	Covers: []string{
		"CKV_GCP_112", "CKV2_GCP_6", "CKV2_GCP_8", "KICS:16cc87d1", "SHA:KMS_PUBLIC_KEY", "prowler:kms_key_not_publicly_accessible",
	},
	Controls: []string{"CIS GCP 5.0 1.10"},
	Sources: []string{
		"https://cloud.google.com/secret-manager/docs/cmek",
		"https://cloud.google.com/iam/docs/principals-overview",
	},
	Types: slices.Concat(keyGrants, wideGrants),
	Check: func(s policy.Subject) []policy.Finding { return noPublic(s, "roles/cloudkms.") },
}

var pubsubNoPublic = policy.Rule{
	Name:     "gcp-pubsub-no-public",
	Severity: policy.High,
	Profile:  policy.Baseline,
	Summary:  "No topic or subscription is granted to everybody",
	Why: "Rotators do what messages tell them. Who may publish to their topic starts rotations at will; who may subscribe learns the " +
		"names of secrets and when they change, or takes the messages away.",
	Fix:     "Grant roles/pubsub.publisher on the topic to the service agent that publishes, and nothing to everybody.",
	Covers:  []string{"CKV_GCP_99"},
	Sources: []string{"https://cloud.google.com/pubsub/docs/access-control", "https://cloud.google.com/iam/docs/principals-overview"},
	Types:   slices.Concat(iam("pubsub", "TopicIAM"), iam("pubsub", "SubscriptionIAM"), wideGrants),
	Check:   func(s policy.Subject) []policy.Finding { return noPublic(s, "roles/pubsub.") },
}

var functionNoPublic = policy.Rule{
	Name:     "gcp-function-no-public",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A function is not for everybody to call, and takes no requests in clear text",
	Why: "A function that reads secrets works with its rights for whoever may call it. Over plain HTTP, which a first-generation " +
		"function takes unless told otherwise, others on the way read the request and the answer.",
	Fix: "Grant roles/cloudfunctions.invoker to the service accounts that call it. Set httpsTriggerSecurityLevel of a first-generation " +
		"function to SECURE_ALWAYS. A page or webhook that is meant to be public is a case for an exemption.",
	Covers: []string{"CKV_GCP_107", "CKV2_GCP_10", "prowler:cloudfunction_function_not_publicly_accessible"},
	Sources: []string{
		"https://cloud.google.com/functions/docs/securing/managing-access-iam",
		"https://cloud.google.com/dotnet/docs/reference/Google.Cloud.Functions.V1/latest/Google.Cloud.Functions.V1.HttpsTrigger.Types.SecurityLevel",
	},
	Types: slices.Concat(
		iam("cloudfunctions", "FunctionIam"), iam("cloudfunctionsv2", "FunctionIam"), wideGrants, []string{function1Type}),
	Check: func(s policy.Subject) []policy.Finding {
		if s.Type != function1Type {
			return noPublic(s, "roles/cloudfunctions.")
		}
		if http := s.Get("triggerHttp"); http.Unknown() {
			return []policy.Finding{s.Unknown(http)}
		} else if !http.True() {
			return nil
		}
		secure := func(v policy.Value) bool { return v.Text() == "SECURE_ALWAYS" }
		return s.Require(s.Get("httpsTriggerSecurityLevel"), secure, "It takes requests over plain HTTP.")
	},
}

var runNoPublic = policy.Rule{
	Name:     "gcp-run-no-public",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A Cloud Run service or job is not for everybody to call",
	Why: "A service that reads secrets works with its rights for whoever may call it; second-generation functions are such services " +
		"too. Whoever may run a job starts what it does, with other arguments if he likes.",
	Fix: "Grant roles/run.invoker to the service accounts that call it, and leave Cloud Run's check of it on. A website or webhook " +
		"that is meant to be public is a case for an exemption.",
	Covers: []string{"CKV_GCP_102", "KICS:07a27a3b"},
	Sources: []string{
		"https://docs.cloud.google.com/run/docs/authenticating/public",
		"https://cloud.google.com/run/docs/securing/managing-access",
	},
	Types: slices.Concat(
		iam("cloudrun", "Iam"), iam("cloudrunv2", "ServiceIam"), iam("cloudrunv2", "JobIam"), wideGrants, []string{run1Type, run2Type}),
	Check: func(s policy.Subject) []policy.Finding {
		switch s.Type {
		case run1Type:
			return checked(s, entry(s.Get("metadata.annotations"), "run.googleapis.com/invoker-iam-disabled"))
		case run2Type:
			return checked(s, s.Get("invokerIamDisabled")) // from version 8 of Pulumi's provider
		}
		return noPublic(s, "roles/run.")
	},
}

// checked looks whether Cloud Run's check of who calls is switched off.
func checked(s policy.Subject, off policy.Value) []policy.Finding {
	on := func(v policy.Value) bool { return !v.True() }
	return s.Require(off, on, "Cloud Run's check of who calls is switched off, so everybody on the internet may.")
}

// entry is that of a map whose names may have dots.
func entry(in policy.Value, name string) policy.Value {
	if in.Unknown() {
		return in
	}
	for key, v := range in.Fields() {
		if key == name {
			return v
		}
	}
	return policy.Value{}
}
