package secrets

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

var keyNotPublic = policy.Rule{
	Name:     "aws-kms-policy-no-wildcard-principal",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "A key's policy opens it to nobody outside",
	Why: "In a key's policy, the principal \"*\" is everybody in AWS, in every account. Whoever gets hold of encrypted data can then decrypt it, " +
		"and kms:ViaService alone does not help: others use the same service from their own accounts.",
	Fix:      "Name the account (its root) or the roles. Where the principal must be \"*\", as for use through a service, add the condition kms:CallerAccount.",
	Covers:   []string{"CKV_AWS_33", "KICS:7ebc9038", "KICS:f6049677", "KICS:da905474", "prowler:kms_key_not_publicly_accessible", "guard:kms_no_wildcard_principal", "cfn_nag:F76", "terrascan:AC_AWS_0482"},
	Controls: []string{"Security Hub KMS.5"},
	Sources: []string{
		"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html",
		"https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
		"https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html",
	},
	Types: slices.Concat(keys, []string{keyPolicy}),
	Check: public,
}

var keyPolicyDefined = policy.Rule{
	Name:     "aws-kms-policy-defined",
	Severity: policy.Low,
	Profile:  policy.Strict,
	Summary:  "A key has a policy that the program declares",
	Why: "A key without one gets a default that allows the whole account everything. " +
		"Then each administrator of IAM decides who uses the key, and no review shows it.",
	Fix:     "Set the key's policy, or add a KeyPolicy: administrators, and users through the services that need the key.",
	Covers:  []string{"CKV2_AWS_64"},
	Sources: []string{"https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"},
	Types:   keys,
	Joins:   []string{keyPolicy},
	Check: func(s policy.Subject) []policy.Finding {
		if declared(s.Get("policy")) { // whatever it says
			return nil
		}
		switch sure, maybe := s.Graph.Referrers(s.Resource, keyPolicy, "keyId"); {
		case len(sure) > 0:
			return nil
		case len(maybe) > 0:
			return unclear(s, s.Get("policy"), "Which key a KeyPolicy is for is not known before the update.")
		}
		return []policy.Finding{s.Fail(s.Get("policy"), "It has no policy but the default, which allows the whole account everything.")}
	},
}

var keyThroughService = policy.Rule{
	Name:     "aws-kms-via-service-secretsmanager",
	Severity: policy.Low,
	Profile:  policy.Hygiene,
	Summary:  "The key of a secret decrypts for people and roles through a service only",
	Why: "Who reads a secret needs its key, but only through Secrets Manager. A right to decrypt without that condition is a right to decrypt " +
		"everything else that is ever put under the key, and the secret's own policy has no say in it.",
	Fix: "Add the condition kms:ViaService (secretsmanager.REGION.amazonaws.com) or kms:EncryptionContext:SecretARN to each statement that allows " +
		"kms:Decrypt, kms:ReEncryptFrom or kms:CreateGrant, and give administrators the other actions by name instead of kms:*.",
	Sources: []string{
		"https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html",
		"https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html",
	},
	Types: slices.Concat(keys, []string{keyPolicy}),
	Joins: []string{secret, alias},
	Check: func(s policy.Subject) []policy.Finding {
		used := ofSecrets(s)
		if used == iamdoc.No {
			return nil
		}
		findings := look(s, func(doc iamdoc.Document) []policy.Finding { return untied(s, doc) })
		if used == iamdoc.Unknown && len(findings) > 0 {
			return unclear(s, s.Get("policy"), "Whether a secret is under the key is not known before the update.")
		}
		return findings
	},
}

// ofSecrets tells whether secrets or their replicas are under a key, or under that of a KeyPolicy.
func ofSecrets(s policy.Subject) (used iamdoc.Answer) {
	names := []*policy.Resource{s.Resource}
	for _, typ := range keys { // of a KeyPolicy
		names = append(names, s.Graph.Referents(s.Resource, "keyId", typ)...)
	}
	for _, k := range names {
		aliases, _ := s.Graph.Referrers(k, alias, "targetKeyId")
		names = append(names, aliases...)
	}
	for _, name := range names {
		for _, property := range []string{"kmsKeyId", "replicas.kmsKeyId"} {
			switch sure, maybe := s.Graph.Referrers(name, secret, property); {
			case len(sure) > 0:
				return iamdoc.Yes
			case len(maybe) > 0:
				used = iamdoc.Unknown
			}
		}
	}
	return used
}

// decrypts are the actions that give what is under a key, or the right to it.
var decrypts = []string{"kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"}

// untied finds the statements by which a key can be used without a service between. Services themselves may.
func untied(s policy.Subject, doc iamdoc.Document) []policy.Finding {
	if slices.ContainsFunc(doc.Statements, deniesDirectUse) {
		return nil
	}
	var findings []policy.Finding
	for _, st := range doc.Statements {
		if !st.NotPrincipal && !slices.ContainsFunc(st.Principals, func(p iamdoc.Principal) bool { return p.Class() != iamdoc.Service }) {
			continue
		}
		var at policy.Value
		var uses iamdoc.Answer
		for _, action := range decrypts {
			if v, a := st.About(action); a > uses {
				at, uses = v, a
			}
		}
		switch min(st.Allows(), uses, tied(st).Not()) {
		case iamdoc.Yes:
			findings = append(findings, s.Fail(at, "%s allows the key to be used directly, and not through a service only.", st.Label()))
		case iamdoc.Unknown:
			findings = append(findings, s.Unknown(st.At))
		}
	}
	return findings
}

// tied tells whether a condition requires a service between, the context of what is decrypted, or of a grant that a
// service makes it.
func tied(s iamdoc.Statement) (a iamdoc.Answer) {
	for _, c := range s.Conditions {
		switch {
		case c.Key == "kms:viaservice" || strings.HasPrefix(c.Key, "kms:encryptioncontext:"):
			if slices.Contains([]string{"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}, c.Operator) {
				a = max(a, narrow(c))
			}
		case c.Key == "kms:grantisforawsresource" && c.Operator == "Bool":
			a = max(a, c.Each(policy.Value.True))
		case c.Key == "" || c.Operator == "":
			a = max(a, iamdoc.Unknown)
		}
	}
	return a
}

// deniesDirectUse tells of a statement that denies use to everybody who does not come through a service.
func deniesDirectUse(s iamdoc.Statement) bool {
	_, denies := s.ToEverybody()
	denies = min(denies, s.Denies())
	for _, action := range decrypts {
		_, about := s.About(action)
		denies = min(denies, about)
	}
	if denies != iamdoc.Yes || s.NotPrincipal || len(s.Conditions) != 1 {
		return false
	}
	c := s.Conditions[0]
	operator := strings.TrimSuffix(c.Operator, "IfExists")
	return c.Key == "kms:viaservice" && (operator == "StringNotEquals" || operator == "StringNotLike") && narrow(c) == iamdoc.Yes
}

// narrow tells whether no value is a pattern that any text fits.
func narrow(c iamdoc.Condition) iamdoc.Answer {
	return c.Each(func(v policy.Value) bool { return strings.Trim(v.Text(), "*?") != "" })
}
