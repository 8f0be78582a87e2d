package rotation

import (
	"fmt"
	"log/slog"
)

// Value is the value of a secret. Printed, logged or marshalled it is [redacted]; only Reveal gives it.
// The zero Value is no value.
type Value struct{ text string }

const redacted = "[redacted]"

// NewValue takes a value from a cloud or an operator.
func NewValue(text string) Value { return Value{text} }

// Reveal gives the value itself: to the store or the target, never to a log or an error.
func (v Value) Reveal() string { return v.text }

// IsZero tells whether there is no value.
func (v Value) IsZero() bool { return v.text == "" }

// Format is called for each verb of package fmt.
func (v Value) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(redacted)) }

// String is what packages other than fmt print.
func (v Value) String() string { return redacted }

// LogValue is what package slog logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText is what encoders such as encoding/json write.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }
