package secrets

import (
	"regexp"

	"github.com/secretstack/secretstack/policies/leak"
	"github.com/secretstack/secretstack/policies/policy"
)

var parameterEncrypted = policy.Rule{
	Name:     "aws-ssm-parameter-secure-string",
	Severity: policy.High,
	Profile:  policy.Strict,
	Summary:  "A parameter with the name of a credential is a SecureString under a key of your own",
	Why: "A parameter of type String is not encrypted: whoever may read parameters sees it, and AWS's own policy AmazonSSMReadOnlyAccess allows that. " +
		"A SecureString without a key of its own is under aws/ssm, which the whole account can use.",
	Fix:    "Set type to SecureString and keyId to a KMS key of your own; or keep the credential in Secrets Manager, which rotates it too.",
	Covers: []string{"CKV2_AWS_34", "CKV_AWS_337"},
	Sources: []string{
		"https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html",
		"https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html",
	},
	Types: []string{parameter},
	Joins: keyNames,
	Check: func(s policy.Subject) []policy.Finding {
		typ, name := s.Get("type"), s.Output("name")
		switch {
		case typ.Text() == secureString:
			const shared = "AWS manages the key, and the whole account can use it through Systems Manager."
			return ownKey(s, s.Get("keyId"), "keyId", "No key is named, so it is aws/ssm: "+shared, shared)
		case typ.Unknown():
			return []policy.Finding{s.Unknown(typ)}
		case name.Unknown():
			return []policy.Finding{s.Unknown(name)}
		case leak.Named(nameOf(s)):
			return []policy.Finding{s.Fail(typ, "By its name it is a credential, and the type %v is not encrypted.", typ)}
		}
		return nil
	},
}

var parameterInClear = policy.Rule{
	Name:     "aws-ssm-parameter-no-hardcoded-secret",
	Severity: policy.Critical,
	Profile:  policy.Baseline,
	Summary:  "No parameter has a credential in clear",
	Why: "A credential in a String parameter can be read by everybody who may read parameters, and stays in their history. " +
		"One that the program writes down, of whatever type, is in the repository and in the stack's state as well.",
	Fix:     "Revoke the credential. Keep the new one in Secrets Manager, or in a SecureString whose value comes from an encrypted setting.",
	Covers:  []string{"CKV_AWS_384"},
	Sources: []string{"https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-securestring.html"},
	Types:   []string{parameter},
	Check: func(s policy.Subject) []policy.Finding {
		var findings []policy.Finding
		for _, input := range []string{"value", "insecureValue"} {
			findings = append(findings, inClear(s, s.Get(input))...)
		}
		return findings
	},
}

const secureString = "SecureString"

// inClear finds a credential. A value that is marked as a secret is one too, unless the parameter is encrypted: the
// SDKs mark all values of parameters, whatever their type.
func inClear(s policy.Subject, at policy.Value) []policy.Finding {
	typ := s.Get("type")
	encrypted := typ.Text() == secureString && at.Secret()
	if at.Absent() || encrypted {
		return nil
	}
	if at.Unknown() {
		return []policy.Finding{s.Unknown(at)}
	}
	kind, found := leak.Find(nameOf(s), at.Text())
	switch {
	case !found:
		return nil
	case typ.Unknown() && at.Secret():
		return []policy.Finding{s.Unknown(typ)}
	case typ.Unknown() || typ.Text() == secureString:
		return []policy.Finding{s.Fail(at, "It is %s in clear, so it is in the program and in the stack's state.", kind)}
	}
	return []policy.Finding{s.Fail(at, "It is %s, and the type %v is not encrypted.", kind, typ)}
}

// suffix is what Pulumi adds to a name that the program does not give.
var suffix = regexp.MustCompile(`-[0-9a-f]{7}$`)

// nameOf is the parameter's name, or what Pulumi makes it of.
func nameOf(s policy.Subject) string {
	if name := s.Output("name").Text(); name != "" {
		return suffix.ReplaceAllString(name, "")
	}
	return s.Name
}
