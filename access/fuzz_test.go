package access

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/property"

	"github.com/secretstack/secretstack/policies/policy"
)

// FuzzPolicies demands that no document, wherever it may stand, brings it down.
func FuzzPolicies(f *testing.F) {
	f.Add(`{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["*", "1", "arn:aws:iam::*:role/*"]}, "NotAction": [], "Condition": {"ForAllValues:StringNotLikeIfExists": {"aws:PrincipalArn": ["${", "${aws:userid}*"]}}}}`, "a-123456")
	f.Add(`{"bindings": [{"role": "roles/owner", "members": [":", "principalSet:", 1, null]}]}`, "projects/p/secrets/s")
	f.Fuzz(func(_ *testing.T, document, name string) {
		var all []*policy.Resource
		for _, typ := range Types() {
			inputs := map[string]property.Value{}
			for _, p := range []string{"policy", "policyData", "rules", "permissions"} {
				inputs[p] = property.New(document)
			}
			for _, p := range []string{
				"name", "secretId", "secretArn", "kmsKeyId", "keyId", "role", "user", "group", "policyArn", "member", "members", "project", "scope",
				"roleDefinitionId", "principalId", "vaultName", "secretName", "targetKeyId", "granteePrincipal", "permissionsBoundary", "parent", "users", "groups", "roles",
			} {
				inputs[p] = property.New(name)
			}
			all = append(all, &policy.Resource{URN: "urn:pulumi:s::p::" + typ + "::x", Type: typ, Name: "x", ID: name, Inputs: property.NewMap(inputs)})
		}
		Of(all, Options{Names: map[string]string{"x": name}})
	})
}
