// Package identities has the rules on who may do what on AWS: policies of roles, users and groups, what is attached to
// them, who may take a role, and access keys.
package identities

import (
	"embed"

	"github.com/secretstack/secretstack/policies/policy"
)

// All are the rules.
var All = []policy.Rule{
	noAdminStatement, noAdminManagedPolicy, noActionWildcard, noResourceWildcard, noUnconstrainedWrite, noAllowNotAction,
	secretReadScoped, kmsDecryptScoped, passRoleScoped, noCredentialMinting, noPrivilegeEscalation,
	roleNoPublicTrust, roleNoAccountRootTrust, roleConfusedDeputy, oidcSubjectPinned,
	noUserAttachedPolicy, noLongLivedAccessKey, noPolicyMgmtConflict,
}

// Fixes are the sources of the examples.
//
//go:embed fixes/*.go
var Fixes embed.FS

// The types that the rules look at.
const (
	managedPolicy    = "aws:iam/policy:Policy"
	role             = "aws:iam/role:Role"
	rolePolicy       = "aws:iam/rolePolicy:RolePolicy"
	userPolicy       = "aws:iam/userPolicy:UserPolicy"
	groupPolicy      = "aws:iam/groupPolicy:GroupPolicy"
	roleAttachment   = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	roleAttachments  = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
	userAttachment   = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
	groupAttachment  = "aws:iam/groupPolicyAttachment:GroupPolicyAttachment"
	policyAttachment = "aws:iam/policyAttachment:PolicyAttachment"
	accessKey        = "aws:iam/accessKey:AccessKey"
)
