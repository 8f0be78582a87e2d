package gcpsecret

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/components/target"
)

const accessor = "roles/secretmanager.secretAccessor" // read values, nothing else

// read lets one reader read the values of this secret. The key needs no grant: Secret Manager
// decrypts as its own agent.
func (s *Secret) read(ctx *pulumi.Context, name string, identity pulumi.StringInput) (*secretmanager.SecretIamMember, error) {
	return s.grant(ctx, name, s.Secret, pulumi.String(accessor), identity.ToStringOutput().ApplyT(func(identity string) (string, error) {
		return identity, checkIdentity(identity)
	}).(pulumi.StringOutput))
}

// grant gives a role on one secret. It is a member because a binding or policy would remove the grants
// that others made.
func (s *Secret) grant(
	ctx *pulumi.Context, name string, on *secretmanager.Secret, role, member pulumi.StringInput,
) (*secretmanager.SecretIamMember, error) {
	return secretmanager.NewSecretIamMember(ctx, name, &secretmanager.SecretIamMemberArgs{
		SecretId: on.SecretId,
		Role:     role,
		Member:   member,
	}, pulumi.Parent(s))
}

// letRotate lets the rotator change this secret and keep its companion; or only read it, where it does so
// for the rotation of another.
//
// No reader's grant has a name with a slash after the secret's.
func (s *Secret) letRotate(ctx *pulumi.Context, name string, args *SecretArgs, id string) (err error) {
	r := args.Rotator
	if args.Spec.Rotation == nil {
		s.Rotator, err = s.grant(ctx, name+"/rotator", s.Secret, pulumi.String(accessor), r.Account.Member)
		return err
	}
	if s.Rotator, err = s.grant(ctx, name+"/rotator", s.Secret, r.Role.Name, r.Account.Member); err != nil {
		return err
	}
	id += secret.CompanionSuffix
	if s.Companion, err = r.newCompanion(ctx, name, id, s); err != nil {
		return err
	}
	keep, err := s.grant(ctx, companionName(name)+"/rotator", s.Companion, r.CompanionRole.Name, r.Account.Member)
	if err != nil {
		return err
	}
	s.Clock, err = r.newClock(ctx, name, id, s, keep)
	return err
}

// check gives all the mistakes. It cannot see identities that other resources make: grant checks those.
func (a *SecretArgs) check() error {
	if a == nil {
		return errors.New("  SecretArgs are missing")
	}
	var errs []error
	wrong := func(format string, values ...any) { errs = append(errs, fmt.Errorf("  "+format, values...)) }
	prefix := ""
	if a.Store == nil {
		wrong("Store: is missing; make one with NewStore")
	} else {
		prefix = a.Store.args.Prefix
	}
	if _, err := Limits.SecretName(prefix, a.Spec.Name); err != nil {
		wrong("Spec.Name: %w", err)
	}
	errs = append(errs, reader.Check(Limits, a.Spec.Readers, a.Readers)...)
	return errors.Join(append(errs, target.CheckRotator(a.Spec, a.Rotator.of(a.Store)))...)
}
