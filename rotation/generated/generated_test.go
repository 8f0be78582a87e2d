package generated_test

import (
	"errors"
	"testing"

	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/generated"
	"github.com/secretstack/secretstack/rotation/rotationtest"
)

var none rotation.Value

func TestVerify(t *testing.T) {
	target, err := generated.New(generated.Config{Kind: "uuid"})
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Apply(t.Context(), rotation.NewValue("new"), none); err != nil {
		t.Error(err)
	}
	// Staged under another configuration.
	if err := target.Verify(t.Context(), rotation.NewValue("no uuid")); err != nil {
		t.Error(err)
	}
	var failure *rotation.Error
	if err := target.Verify(t.Context(), none); !errors.As(err, &failure) || failure.Class != rotation.Invalid {
		t.Errorf("an empty value: %v", err)
	}
	if _, ok := rotation.Target(target).(rotation.Revoker); ok {
		t.Error("a Revoker, but there is nobody to revoke at")
	}
}

// TestConformance accepts any value, as those do that have nobody to ask.
func TestConformance(t *testing.T) {
	rotationtest.Run(t, rotationtest.Harness{New: func(t *testing.T, calls *rotationtest.Calls) rotationtest.World {
		target, err := generated.New(generated.Config{Kind: "base64"})
		if err != nil {
			t.Fatal(err)
		}
		store := rotationtest.NewStore(calls, rotation.NewValue("the first value"))
		return rotationtest.World{
			Open:    func() (rotation.Store, rotation.Target) { return store, target },
			Current: store.Current,
			Works: func(v rotation.Value) error {
				if v.IsZero() {
					return errors.New("there is no value")
				}
				return nil
			},
		}
	}})
}
