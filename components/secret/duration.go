package secret

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// Duration is a period in a declaration or a stack's configuration: a whole number and a unit, h, d
// (24 hours) or w (7 days), such as 30d.
type Duration time.Duration

var units = []struct {
	letter byte
	length time.Duration
}{{'w', 7 * day}, {'d', day}, {'h', time.Hour}}

// UnmarshalText reads what String writes.
func (d *Duration) UnmarshalText(text []byte) error {
	wrong := errors.New("must be a whole number with a unit, h, d or w, such as 30d")
	if len(text) < 2 {
		return wrong
	}
	n, err := strconv.ParseUint(string(text[:len(text)-1]), 10, 31)
	if err != nil {
		return wrong
	}
	for _, u := range units {
		if u.letter == text[len(text)-1] {
			if n > uint64(math.MaxInt64/u.length) {
				return wrong
			}
			*d = Duration(time.Duration(n) * u.length)
			return nil
		}
	}
	return wrong
}

// String gives days where the duration has whole days, and hours otherwise.
func (d Duration) String() string {
	if time.Duration(d)%day == 0 {
		return fmt.Sprintf("%dd", time.Duration(d)/day)
	}
	return fmt.Sprintf("%gh", time.Duration(d).Hours())
}

// Every is the time between two rotations: a Duration, or Manual, the zero value.
type Every Duration

// Manual rotation has no schedule: a person starts it.
const Manual Every = 0

// UnmarshalText reads what String writes.
func (e *Every) UnmarshalText(text []byte) error {
	if string(text) == "manual" {
		*e = Manual
		return nil
	}
	var d Duration
	if err := d.UnmarshalText(text); err != nil || d == 0 {
		return errors.New("must be manual, or a whole number with a unit, h, d or w, such as 30d")
	}
	*e = Every(d)
	return nil
}

// String gives manual for Manual, and otherwise what Duration gives.
func (e Every) String() string {
	if e == Manual {
		return "manual"
	}
	return Duration(e).String()
}

// MarshalText writes what UnmarshalText reads.
func (e Every) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
