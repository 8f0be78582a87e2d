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
