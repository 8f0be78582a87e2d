package rotation

import (
	"context"
	"fmt"
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

// Tended is what Tend has found and done.
type Tended struct {
	Did Done
	// OnTime says that the versions could be read, and that the current one is not overdue: see Rotator.Overdue.
	OnTime bool
}

// Tend does what is due, for a timer that only asks: Rotate, where the current version is every old (zero: it
// never is too old), where a round was interrupted, or, with first, where there is no version yet; otherwise Retire,
// where the previous version's time has come. Where nothing is due it reads the versions, and no more. It
// leaves the record of a look, as Look says.
func (r *Rotator) Tend(ctx context.Context, every time.Duration, first bool) (Tended, error) {
	v, err := r.Store.Versions(ctx)
	if err != nil {
		_, err := r.step(ctx, "look", "", func(context.Context, string) (string, bool, error) { return "", false, err })
		return Tended{Did: Nothing}, err
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
	case Busy, InGrace: // its turn comes
		did, err = Nothing, nil
	default:
		did = Nothing
	}
	if did == Rotated {
		v.Current.Since = r.now()
	}
	return Tended{did, r.Look(ctx, v)}, err
}

// Look tells whether the current version is on time, and leaves a record: the step look, with the outcome ok, or
// failed and the class overdue. It needs no more of the Rotator than Secret, Overdue and Log.
func (r *Rotator) Look(ctx context.Context, v Versions) (onTime bool) {
	_, err := r.step(ctx, "look", "", func(context.Context, string) (string, bool, error) {
		age := r.now().Sub(v.Current.Since)
		if r.Overdue == 0 || v.Current.Since.IsZero() || age <= r.Overdue {
			return v.Current.ID, true, nil
		}
		return v.Current.ID, true, &Error{
			Class: Overdue, Op: "rotate in time",
			Err: fmt.Errorf("the current version is %s old, and was to be replaced before %s", age.Truncate(time.Minute), r.Overdue),
			Do:  "see why earlier rotations failed or never began, and rotate it by hand",
		}
	})
	return err == nil
}
