// Package gcprules has the rules on Google Cloud: secrets, keys, who is granted what, federation, audit logs, and the
// functions and services that hold credentials.
package gcprules

import (
	"embed"
	"strings"
	"time"

	"github.com/secretstack/secretstack/policies/policy"
)

// All are the rules.
var All = []policy.Rule{
	secretCMEK, secretRotation, secretVersionDestroyTTL, secretNoPublic, secretAccessorNotProjectWide,
	kmsRotation, kmsNoPublic, kmsProtected, kmsSeparationOfDuties,
	iamNoBasicRoles, iamServiceAccountNoAdmin, iamNoProjectImpersonation, iamNoDefaultOrUserPrincipal,
	serviceAccountNoUserManagedKey, federationAttributeCondition, auditDataAccessLogs,
	pubsubCMEK, pubsubNoPublic,
	functionNoPublic, functionIngress, functionEnvNoSecret, runNoPublic,
}

// Fixes are the sources of the examples.
//
//go:embed fixes/*.go
var Fixes embed.FS

const day = 24 * time.Hour

// token is that of a resource type: "gcp:secretmanager/secretIamMember:SecretIamMember".
func token(module, name string) string {
	return "gcp:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}

// The types that several rules look at. The regional secrets came with version 8 of Pulumi's provider.
var (
	secretType         = token("secretmanager", "Secret")
	regionalSecretType = token("secretmanager", "RegionalSecret")
	keyType            = token("kms", "CryptoKey")
	accountType        = token("serviceaccount", "Account")
	agentType          = token("projects", "ServiceIdentity")
	function1Type      = token("cloudfunctions", "Function")
	function2Type      = token("cloudfunctionsv2", "Function")
	run1Type           = token("cloudrun", "Service")
	run2Type           = token("cloudrunv2", "Service")
	runJobType         = token("cloudrunv2", "Job")

	secretTypes     = []string{secretType, regionalSecretType}
	customRoleTypes = []string{token("projects", "IAMCustomRole"), token("organizations", "IAMCustomRole")}
)

// duration reads Google's JSON form of a duration, such as "7776000s":
// https://protobuf.dev/reference/protobuf/google.protobuf/#duration.
func duration(v policy.Value) (d time.Duration, ok bool) {
	d, err := time.ParseDuration(v.Text())
	return d, err == nil && strings.HasSuffix(v.Text(), "s")
}

func number(n int) *int { return &n }
