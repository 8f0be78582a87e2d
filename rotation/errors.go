package rotation

import (
	"context"
	"errors"
)

var (
	// ErrNoValue says that a version has no value, or that there is no such version (any more).
	ErrNoValue = errors.New("the version has no value")
	// ErrBusy says that another rotator is at work on the secret. It is no failure: try again later.
	ErrBusy = errors.New("another rotator is at work on this secret")
)

// Class says what kind of failure an error is. Records and alerts are grouped by it.
type Class string

// The classes of failures.
const (
	Unreachable Class = "unreachable" // no connection, or no answer in time: a network, a firewall, a name
	Refused     Class = "refused"     // the target or the cloud refuses: a password, a permission
	Throttled   Class = "throttled"   // too many calls; it will pass
	Invalid     Class = "invalid"     // a value, an answer or a configuration that cannot be used
	InGrace     Class = "in-grace"    // the previous credential is not to be revoked yet
	Busy        Class = "busy"        // another rotator is at work
	Deadline    Class = "deadline"    // the rotator's own time ran out
	Overdue     Class = "overdue"     // a rotation should have come long ago
	Internal    Class = "internal"    // anything else
)

// Error is a failure with its class and with what to do about it.
type Error struct {
	Class Class
	Op    string // what was tried, such as "connect to orders-db:5432"
	Err   error  // never holds a value
	Do    string // what to do, as an imperative; empty where the error says enough
}

func (e *Error) Error() string {
	text := e.Op + ": " + e.Err.Error()
	if e.Do != "" {
		text += "; " + e.Do
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// ClassOf gives the class of a failure; empty for nil.
func ClassOf(err error) Class {
	var classed *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &classed):
		return classed.Class
	case errors.Is(err, ErrBusy):
		return Busy
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Deadline
	default:
		return Internal
	}
}
