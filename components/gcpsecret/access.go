package gcpsecret

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/secretstack/secretstack/components/internal/reader"
)

// grant lets one reader read the values of this secret. The key needs no grant: Secret Manager
// decrypts as its own agent. It is a member because a binding or policy would remove the grants that
// others made.
func (s *Secret) grant(ctx *pulumi.Context, name string, identity pulumi.StringInput) (*secretmanager.SecretIamMember, error) {
	return secretmanager.NewSecretIamMember(ctx, name, &secretmanager.SecretIamMemberArgs{
		SecretId: s.Secret.SecretId,
		Role:     pulumi.String("roles/secretmanager.secretAccessor"),
		Member: identity.ToStringOutput().ApplyT(func(identity string) (string, error) {
			return identity, checkIdentity(identity)
		}).(pulumi.StringOutput),
	}, pulumi.Parent(s))
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
	return errors.Join(errs...)
}
