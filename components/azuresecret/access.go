package azuresecret

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	"github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
)

// secretsUser is the built-in role Key Vault Secrets User: read values and metadata, nothing else
// (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security).
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6"

// role gives the id of a role definition in this subscription by its GUID.
func (s *Store) role(guid string) pulumi.StringInput {
	return pulumi.Sprintf("/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s", s.subscription, guid)
}

// read lets one reader read the values of this secret.
func (s *Secret) read(ctx *pulumi.Context, name string, identity pulumi.StringInput) (*authorization.RoleAssignment, error) {
	principal := identity.ToStringOutput().ApplyT(func(identity string) (string, error) {
		return identity, checkIdentity(identity)
	}).(pulumi.StringOutput)
	return s.assign(ctx, name, s.Secret, s.id, secretsUser, principal)
}

// assign gives a role on one secret, or its companion: the scope is the id of the secret without a version,
// not of the vault.
func (s *Secret) assign(
	ctx *pulumi.Context, name string, on *keyvault.Secret, id, role string, principal pulumi.StringOutput, after ...pulumi.Resource,
) (*authorization.RoleAssignment, error) {
	return authorization.NewRoleAssignment(ctx, name, &authorization.RoleAssignmentArgs{
		RoleAssignmentName: principal.ApplyT(func(principal string) string {
			return guid(s.args.Store.args.Vault, id, principal, role)
		}).(pulumi.StringOutput),
		RoleDefinitionId: s.args.Store.role(role),
		PrincipalId:      principal,
		// Without the type, Azure looks up the principal, and fails for one that was just made.
		PrincipalType: pulumi.String("ServicePrincipal"),
		Scope:         on.ID().ToStringOutput(),
	}, pulumi.Parent(s), pulumi.DependsOn(after))
}

// letRotate lets the rotator change this secret and keep its companion; or only read it, where it does so for
// the rotation of another.
//
// No reader's assignment has a name with a slash after the secret's.
func (s *Secret) letRotate(ctx *pulumi.Context, name string, r *Rotator) (err error) {
	if s.Companion == nil {
		s.Rotator, err = s.assign(ctx, name+"/rotator", s.Secret, s.id, secretsUser, r.Identity.PrincipalId)
		return err
	}
	if s.Rotator, err = s.assign(ctx, name+"/rotator", s.Secret, s.id, r.roleGUID(), r.Identity.PrincipalId, r.Role); err != nil {
		return err
	}
	_, err = s.assign(ctx, companionName(name)+"/rotator", s.Companion, s.id+secret.CompanionSuffix, r.roleGUID(), r.Identity.PrincipalId, r.Role)
	return err
}

// companionName is a name in Pulumi that is no other secret's, whose names have no dot.
func companionName(name string) string { return name + ".rotation" }

// guid is a name that Azure wants as a GUID: always the same for the same parts, so that what is made
// twice is a conflict that Azure reports.
func guid(parts ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(strings.ToLower(strings.Join(parts, "/")))).String()
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
	return errors.Join(append(errs, target.CheckRotator(a.Spec, a.Rotator.of(a.Store)))...)
}
