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

// document reads the resource's policy. A policy that is unknown or malformed is a finding already. The text "{}" is
// none: it takes a policy away.
func document(s policy.Subject) (iamdoc.Document, []policy.Finding) {
	at := s.Get("policy")
	if !declared(at) {
		return iamdoc.Document{At: at}, nil
	}
	doc, err := iamdoc.Read(at)
	switch {
	case err != nil:
		return doc, []policy.Finding{s.Fail(at, "The policy cannot be read: %v.", err)}
	case doc.Unknown:
		return doc, []policy.Finding{s.Unknown(at)}
	}
	return doc, nil
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
	doc, findings := document(s)
	if findings != nil {
		return findings
	}
	for _, o := range doc.Public() {
		switch {
		case o.Answer == iamdoc.Unknown:
			findings = append(findings, s.Unknown(o.At))
		case o.NotPrincipal:
			findings = append(findings, s.Fail(o.At, "%s allows everybody but those in NotPrincipal.", label(o.Statement)))
		default:
			findings = append(findings, s.Fail(o.At, "%s allows everybody in AWS, and no condition says who or from where.", label(o.Statement)))
		}
	}
	return findings
}

// label begins a sentence about a statement.
func label(s iamdoc.Statement) string {
	if s.Sid == "" {
		return "A statement"
	}
	return "The statement " + s.Sid
}

// unclear is a finding of what is not known, where that is no property of the resource.
func unclear(s policy.Subject, at policy.Value, message string) []policy.Finding {
	f := s.Unknown(at)
	f.Message = message
	return []policy.Finding{f}
}

func limit(n int) *int { return &n }
