// Package generated makes random values that no target has to know: a signing key, the password of a new
// user. It tells nobody: whoever must accept a value reads it from the secret, as the readers do.
package generated

import (
	"context"
	"errors"

	"github.com/secretstack/secretstack/rotation"
)

// Target makes random values. It is no Revoker: a reader that checks what another reader signed accepts the
// previous value as long as it sees fit.
type Target struct {
	config Config
}

// New gives an error where config.Check does.
func New(config Config) (*Target, error) {
	if err := config.Check(); err != nil {
		return nil, err
	}
	return &Target{config: config}, nil
}

// Mint makes another value each time that it is called. Of these, the first one staged is used.
func (t *Target) Mint(context.Context, string, rotation.Value) (rotation.Value, error) {
	return rotation.NewValue(t.config.generate()), nil
}

// Apply has nobody to tell.
func (t *Target) Apply(context.Context, rotation.Value, rotation.Value) error { return nil }

// Verify has nobody to ask: it only refuses an empty value. It does not compare with the configuration,
// which may have changed since the value was staged.
func (t *Target) Verify(_ context.Context, v rotation.Value) error {
	if v.IsZero() {
		return &rotation.Error{Class: rotation.Invalid, Op: "verify a generated value", Err: errors.New("it is empty"), Do: "rotate again"}
	}
	return nil
}
