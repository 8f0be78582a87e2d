package operations

import (
	"slices"
	"strings"

	"github.com/secretstack/secretstack/policies/policy"
)

// keyTypes are joined by rules that ask which key encrypts something: before an update, a key of the same stack is known
// only by the dependency on it.
var keyTypes = []string{key, keyAlias}

// encryption says by which key a property has something encrypted.
type encryption int

const (
	noKey   encryption = iota
	awsKey             // AWS manages it: its policy cannot be changed
	ownKey             // the customer's
	someKey            // not known before the update
)

func encryptedBy(s policy.Subject, path string) (policy.Value, encryption) {
	v := s.Output(path)
	switch text := v.Text(); {
	case v.Unknown():
		if slices.ContainsFunc(keyTypes, func(typ string) bool { return len(s.Graph.Referents(s.Resource, path, typ)) > 0 }) {
			return v, ownKey
		}
		return v, someKey
	case text == "":
		return s.Get(path), noKey
	case strings.HasPrefix(text[strings.LastIndexByte(text, ':')+1:], "alias/aws/"):
		return v, awsKey
	}
	return v, ownKey
}

// requireOwnKey fails without a key of the customer's.
func requireOwnKey(s policy.Subject, path, without string) []policy.Finding {
	switch v, by := encryptedBy(s, path); by {
	case noKey:
		return []policy.Finding{s.Fail(v, "%s", without)}
	case awsKey:
		return []policy.Finding{s.Fail(v, "AWS manages the key %s: nobody can change its policy, or take it away.", v)}
	case someKey:
		return []policy.Finding{s.Unknown(v)}
	}
	return nil
}
