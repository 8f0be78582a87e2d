package azurerules

import (
	"regexp"
	"strconv"

	"github.com/secretstack/secretstack/policies/policy"
)

const key = "azure-native:keyvault:Key"

var keys = []policy.Rule{keyExpiry, keyRotation, keyStrength}

var keyExpiry = policy.Rule{
	Name:     "azure-kv-key-expiry",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "A key has a date on which it expires",
	Why: "A key without an end stays in use for as long as nobody thinks of it, and a copy that leaked stays good. The expiry time " +
		"of a rotation policy is for the versions that follow; the first one needs a date of its own.",
	Fix: "Set attributes.expires, in seconds since 1970. A disabled key needs none.",
	Covers: []string{
		"CKV_AZURE_40", "Trivy:AZU-0014", "KICS:4d080822", "azpol:Key-Vault-keys-should-have-an-expiration-date",
		"prowler:keyvault_rbac_key_expiration_set", "terrascan:AC_AZURE_0164",
	},
	Controls: []string{"CIS Azure 6.0 8.3.1", "MCSB DP-6", "NIST 800-53 r5 IA-5"},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/keys/about-keys-details",
		"https://learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation",
	},
	Types: []string{key},
	Check: func(s policy.Subject) []policy.Finding {
		return ifEnabled(s, s.Require(s.Get(expires), dated, "The key never expires."))
	},
}

// The date of a key and of a secret.
const expires = "properties.attributes.expires"

func dated(v policy.Value) bool {
	_, ok := date(v)
	return ok
}

// ifEnabled are the findings on a version of a key or secret, which nobody can use where it is disabled.
func ifEnabled(s policy.Subject, findings []policy.Finding) []policy.Finding {
	enabled := s.Get("properties.attributes.enabled")
	switch {
	case enabled.False(), len(findings) == 0:
		return nil
	case enabled.Unknown():
		return []policy.Finding{s.Unknown(enabled)}
	}
	return findings
}

var keyRotation = policy.Rule{
	Name:     "azure-kv-key-rotation-policy",
	Severity: policy.Medium,
	Profile:  policy.Strict,
	Summary:  "Key Vault rotates a key by itself",
	Why: "A key that people rotate is rotated late or never. With a rotation policy Key Vault makes a new version in time, and " +
		"services that name the key without a version follow it.",
	Fix: "Give the key a rotationPolicy with a lifetime action of type Rotate and a trigger such as P1Y after creation.",
	Covers: []string{
		"KICS:ca1ffce5", "azpol:Keys-should-have-a-rotation-policy", "prowler:keyvault_key_rotation_enabled",
		"PSRule:Azure.KeyVault.AutoRotationPolicy",
	},
	Controls: []string{"CIS Azure 6.0 8.3.9"},
	Sources:  []string{"https://learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation"},
	Settings: []policy.Setting{days("The longest that a version of a key may be the current one.", 730, 7, 3650)},
	Types:    []string{key},
	Check: func(s policy.Subject) []policy.Finding {
		rotation := s.Get("properties.rotationPolicy")
		actions := rotation.At("lifetimeActions")
		var unknown []policy.Finding
		for _, action := range actions.Items() {
			switch typ := action.At("action.type"); {
			case action.Unknown():
				unknown = append(unknown, s.Unknown(action))
			case typ.Unknown():
				unknown = append(unknown, s.Unknown(typ))
			case is(typ, "Rotate"):
				return rotatedInTime(s, action, rotation.At("attributes.expiryTime"))
			}
		}
		switch {
		case len(unknown) > 0:
			return unknown
		case actions.Absent():
			return []policy.Finding{s.Fail(rotation, "The key has no rotation policy.")}
		}
		return []policy.Finding{s.Fail(actions, "The rotation policy rotates nothing: no action is of type Rotate.")}
	},
}

// rotatedInTime requires that an action rotates soon enough, counted from the creation of a version or back from its expiry.
func rotatedInTime(s policy.Subject, action, expiry policy.Value) []policy.Finding {
	at, before := action.At("trigger.timeAfterCreate"), action.At("trigger.timeBeforeExpiry")
	fromExpiry := at.Absent() && !before.Absent()
	if fromExpiry {
		at = before
	}
	age, ok := daysOf(at.Text())
	switch {
	case at.Unknown():
		return []policy.Finding{s.Unknown(at)}
	case !ok:
		return []policy.Finding{s.Fail(at, "It does not say when to rotate: %s is no duration such as P90D.", at)}
	case fromExpiry && expiry.Unknown():
		return []policy.Finding{s.Unknown(expiry)}
	case fromExpiry:
		life, ok := daysOf(expiry.Text())
		if !ok {
			return []policy.Finding{s.Fail(at, "It rotates %s before the key expires, but the policy has no expiryTime.", at)}
		}
		age = life - age
	}
	if most := s.Int("days"); age > most {
		return []policy.Finding{s.Fail(at, "A version of the key is rotated after some %d days, later than after %d.", age, most)}
	}
	return nil
}

// duration is what Key Vault takes of ISO 8601; it counts in whole days.
var duration = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T\d.*)?$`)

// daysOf gives the days of a duration such as P1Y6M, with months of 30 and years of 365 days.
func daysOf(text string) (total int, ok bool) {
	parts := duration.FindStringSubmatch(text)
	if parts == nil || text == "P" {
		return 0, false
	}
	for i, days := range []int{365, 30, 7, 1} {
		n, _ := strconv.Atoi(parts[i+1]) // empty: zero
		total += n * days
	}
	return total, true
}

var keyStrength = policy.Rule{
	Name:     "azure-kv-key-strength",
	Severity: policy.Low,
	Profile:  policy.Strict,
	Summary:  "A key is strong enough for the years that it is used",
	Why: "RSA with 2048 bits counts as strong until 2030 only, and what it encrypts now may be kept for longer. Keys of type EC and RSA keys " +
		"of 3072 bits are good beyond that.",
	Fix: "Set kty to EC, or keySize to 3072 or more. Where keys have to stay in hardware, set kty to EC-HSM or RSA-HSM, which needs a " +
		"vault of the tier premium.",
	Covers: []string{"CKV_AZURE_112", "azpol:Keys-using-RSA-minimum-key-size"},
	Sources: []string{
		"https://learn.microsoft.com/azure/key-vault/keys/about-keys",
		"https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final",
	},
	Settings: []policy.Setting{
		{Name: "rsaBits", Description: "The least size of an RSA key.", Default: 3072, Minimum: new(2048), Maximum: new(4096)},
		{Name: "hsm", Description: "Whether keys must stay in a hardware security module.", Default: false},
	},
	Types: []string{key},
	Check: func(s policy.Subject) []policy.Finding {
		typ, size := s.Get("properties.kty"), s.Get("properties.keySize")
		least := s.Int("rsaBits")
		if typ.Unknown() {
			return []policy.Finding{s.Unknown(typ)}
		}
		var findings []policy.Finding
		if s.Bool("hsm") && !is(typ, "EC-HSM", "RSA-HSM", "oct-HSM") {
			findings = append(findings, s.Fail(typ, "The key is of type %s, which is kept in software.", typ))
		}
		switch {
		case is(typ, "EC", "EC-HSM", "oct-HSM"):
		case !is(typ, "RSA", "RSA-HSM"):
			findings = append(findings, s.Fail(typ, "The type of the key, %s, is none of RSA and EC.", typ))
		case size.Absent():
			findings = append(findings, s.Fail(size, "The RSA key does not say that it has %d bits or more.", least))
		default:
			findings = append(findings, s.Require(size, func(v policy.Value) bool {
				n, ok := v.Number()
				return ok && n >= float64(least)
			}, "The RSA key has %s bits, fewer than %d.", size, least)...)
		}
		return findings
	},
}
