// Package secrets has the rules on AWS's secrets and their keys: Secrets Manager, the Parameter Store of Systems Manager
// and KMS.
package secrets

import (
	"embed"
	"strings"

	"github.com/secretstack/secretstack/policies/iamdoc"
	"github.com/secretstack/secretstack/policies/policy"
)

// All are the rules.
var All = []policy.Rule{
	secretOwnKey, secretRotates, secretRotatesOften, secretNotPublic, secretRestricted, secretRecoverable, secretDescribed,
	parameterEncrypted, parameterInClear,
	keyRotates, keyNotPublic, keyPolicyDefined, keyEnabled, keyRecoverable, keyNoLockout, keyThroughService,
}

// Fixes are the examples of how to pass.
//
//go:embed fixes/*.go
var Fixes embed.FS

const (
	secret         = "aws:secretsmanager/secret:Secret"
	secretPolicy   = "aws:secretsmanager/secretPolicy:SecretPolicy"
	secretRotation = "aws:secretsmanager/secretRotation:SecretRotation"
	secretVersion  = "aws:secretsmanager/secretVersion:SecretVersion"

	parameter = "aws:ssm/parameter:Parameter"

	key                = "aws:kms/key:Key"
	externalKey        = "aws:kms/externalKey:ExternalKey"
	replicaKey         = "aws:kms/replicaKey:ReplicaKey"
	replicaExternalKey = "aws:kms/replicaExternalKey:ReplicaExternalKey"
	keyPolicy          = "aws:kms/keyPolicy:KeyPolicy"
	alias              = "aws:kms/alias:Alias"
)

// keys are the types of keys that a customer makes.
var keys = []string{key, externalKey, replicaKey, replicaExternalKey}

// keyNames are the types of what names such a key.
var keyNames = append([]string{alias}, keys...)

// look finds something in the resource's policy. The text "{}" is none: it takes a policy away.
func look(s policy.Subject, find func(iamdoc.Document) []policy.Finding) []policy.Finding {
	at := s.Get("policy")
	if !declared(at) {
		return find(iamdoc.Document{At: at})
	}
	return iamdoc.Look(s, at, find)
}

// declared tells whether there is a policy, also one that is not known yet.
func declared(v policy.Value) bool {
	if v.IsText() {
		text := strings.TrimSpace(v.Text())
		return text != "" && text != "{}"
	}
	return !v.Absent()
}

// public finds what a policy grants to everybody.
func public(s policy.Subject) []policy.Finding {
	return look(s, func(doc iamdoc.Document) []policy.Finding { return doc.Open(s) })
}

// unclear is a finding of what is not known, where that is no property of the resource.
func unclear(s policy.Subject, at policy.Value, message string) []policy.Finding {
	f := s.Unknown(at)
	f.Message = message
	return []policy.Finding{f}
}

func limit(n int) *int { return &n }
