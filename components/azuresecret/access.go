package azuresecret

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
)

// secretsUser is the built-in role Key Vault Secrets User: read values and metadata, nothing else
// (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security).
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6"

func readerRole(subscription pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Sprintf("/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s", subscription, secretsUser)
}

// grant lets one reader read the values of this secret: the scope is the id of the secret without a
// version, not of the vault.
func (s *Secret) grant(
	ctx *pulumi.Context, name string, store *Store, id string, identity pulumi.StringInput,
) (*authorization.RoleAssignment, error) {
	principal := identity.ToStringOutput().ApplyT(func(identity string) (string, error) {
		return identity, checkIdentity(identity)
	}).(pulumi.StringOutput)
	return authorization.NewRoleAssignment(ctx, name, &authorization.RoleAssignmentArgs{
		RoleAssignmentName: principal.ApplyT(func(principal string) string {
			return assignmentName(store.args.Vault, id, principal)
		}).(pulumi.StringOutput),
		RoleDefinitionId: store.role,
		PrincipalId:      principal,
		// Without the type, Azure looks up the principal, and fails for one that was just made.
		PrincipalType: pulumi.String("ServicePrincipal"),
		Scope:         s.Secret.ID().ToStringOutput(),
	}, pulumi.Parent(s))
}

// assignmentName is the GUID that names a role assignment: always the same for the same grant, so
// that one made twice is a conflict that Azure reports.
func assignmentName(vault, secret, principal string) string {
	grant := strings.ToLower(strings.Join([]string{vault, secret, principal, secretsUser}, "/"))
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(grant)).String()
}

// check gives all the mistakes. It cannot see identities that other resources make: grant checks those.
func (a *SecretArgs) check() error {
	if a == nil {
		return errors.New("  SecretArgs are missing")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	if a.Store == nil {
		wrong("Store: is missing; make one with NewStore")
	}
	if _, err := Limits.SecretName("", a.Spec.Name); err != nil {
		wrong("Spec.Name: %w", err)
	}
	errs = append(errs, reader.Check(Limits, a.Spec.Readers, a.Readers)...)
	return errors.Join(errs...)
}
