package target

import (
	"errors"
	"reflect"
	"slices"

	"github.com/secretstack/secretstack/components/secret"
)

// Rotator is what a secret is asked to be rotated by.
type Rotator struct {
	SameStore bool          // as the secret's
	Secrets   []secret.Spec // those that it was made for
}

// CheckRotator gives the rule that a secret and its rotator break, or nil. A nil rotator is allowed where
// there is no rotation.
func CheckRotator(spec secret.Spec, r *Rotator) error {
	switch {
	case r == nil && spec.Rotation != nil:
		return errors.New("  Rotator: is missing; Spec.Rotation asks for a rotation; make one with NewRotator")
	case r == nil:
	case !r.SameStore:
		return errors.New("  Rotator: is of another store")
	case !r.serves(spec):
		return errors.New("  Rotator: does not have this Spec among its Secrets, and none of them reads it")
	}
	return nil
}

// serves tells whether the rotator rotates a secret as spec says, or reads it for the rotation of another.
func (r *Rotator) serves(spec secret.Spec) bool {
	return slices.ContainsFunc(r.Secrets, func(s secret.Spec) bool {
		if spec.Rotation != nil {
			return s.Name == spec.Name && reflect.DeepEqual(s.Rotation, spec.Rotation)
		}
		return s.Rotation != nil && slices.Contains(s.Rotation.Reads(), spec.Name)
	})
}
