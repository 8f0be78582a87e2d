package rotation

import (
	"context"
	"time"
)

// Done is what Tend has done.
type Done string

// What Tend can have done.
const (
	Nothing Done = "nothing" // nothing was due, or another rotator is at it
	Retired Done = "retired" // or scheduled the retirement that a rotator left out
	Rotated Done = "rotated"
)

// Tend does what is due, for a timer that only asks: Rotate, where the current version is every old (zero: it
// never is too old), where a round was interrupted, or, with first, where there is no version yet; otherwise Retire,
// where the previous version's time has come. Where nothing is due it reads the versions, and no more.
func (r *Rotator) Tend(ctx context.Context, every time.Duration, first bool) (Done, error) {
	v, err := r.Store.Versions(ctx)
	if err != nil {
		_, err := r.step(ctx, "look", "", func(context.Context, string) (string, bool, error) { return "", false, err })
		return Nothing, err
	}
	did, do := Nothing, func(context.Context) error { return nil }
	old := every > 0 && !v.Current.Since.IsZero() && !r.now().Before(v.Current.Since.Add(every))
	switch {
	case v.Pending.ID != "", v.Current.ID == "" && first, old:
		did, do = Rotated, r.Rotate
	case v.Previous.ID != "" && !r.now().Before(v.Previous.RetireAfter): // not scheduled: long ago
		did, do = Retired, r.Retire
	}
	err = do(ctx)
	switch ClassOf(err) {
	case "":
		return did, nil
	case Busy, InGrace: // its turn comes
		return Nothing, nil
	}
	return Nothing, err
}
