package rotation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
)

// Rotator rotates one secret. It remembers nothing that matters: each method decides from what the Store
// says, and may be called again, by this process or another, whatever has become of the call before.
// A Rotator is used by one goroutine at a time.
//
// The errors of its methods are of type *Error and hold no value.
type Rotator struct {
	// Secret names the secret in records. Together with Life and the ids of the Store's versions it is unique
	// among all the secrets that share a target: the tokens of Rotate are made from these.
	Secret string
	// Life tells this secret from an earlier one of the same name, for whose tokens an issuer would give
	// credentials that are revoked. Zero: the ids of the Store's versions never come again.
	Life   string
	Store  Store
	Target Target
	// Grace is how long the previous credential goes on working after a promotion. Zero: 24 hours.
	Grace time.Duration
	// Overdue is how old the current version is when Look takes its rotation for overdue. Zero: it never is.
	Overdue time.Duration
	// Margin is how much of the context's time must be left for a call to the target. Zero: 5 seconds.
	Margin time.Duration
	// Log takes the records: one for each step, with its message "rotation" and the attributes secret,
	// step, token, version, outcome (ok, skipped or failed), duration_ms, and after an error class and error.
	// Zero: slog.Default().
	Log *slog.Logger
	// Now is the clock. Zero: time.Now.
	Now func() time.Time

	seen []Value // to be kept out of errors
}

const (
	// A previous credential is kept for longer than its grace by this: the clocks of the rotator that
	// promotes and of the one that retires may each be five minutes off.
	skew = 10 * time.Minute
	// A rotator that got no deadline gives itself this one, so that its lease ends when it is killed.
	longest = 15 * time.Minute
)

// Rotate takes the secret through a round, or through the rest of one. Where the Store is a Leaser it does
// so under a lease; ClassOf its error is Busy while another rotator has it, and InGrace while the
// previous credential is not to be revoked yet.
func (r *Rotator) Rotate(ctx context.Context) error {
	return r.leased(ctx, func(ctx context.Context) error {
		id, err := r.step(ctx, "create", "", r.create)
		if err == nil {
			err = r.Set(ctx, id)
		}
		if err == nil {
			err = r.Finish(ctx, id)
		}
		return err
	})
}

// Create makes the next credential durable as the pending version, unless there is one. Before that it
// retires a previous version whose grace is over; if the grace is not over and the Target is a Revoker,
// ClassOf its error is InGrace.
//
// The token of Create, Set, Test and Finish is the round's, and the id of the version that it makes. They do
// nothing where that version is current already, and otherwise work on whichever version is pending.
func (r *Rotator) Create(ctx context.Context, token string) error {
	_, err := r.step(ctx, "create", token, r.create)
	return err
}

// Set makes the pending credential work at the target.
func (r *Rotator) Set(ctx context.Context, token string) error {
	_, err := r.step(ctx, "set", token, r.set)
	return err
}

// Test uses the pending credential as a reader would. Of a pending version without a value, such as AWS
// makes to test a configuration, it uses the current one.
func (r *Rotator) Test(ctx context.Context, token string) error {
	_, err := r.step(ctx, "test", token, r.test)
	return err
}

// Finish promotes the pending version, if it passes Test still, and schedules the retirement of the one
// before.
func (r *Rotator) Finish(ctx context.Context, token string) error {
	_, err := r.step(ctx, "finish", token, r.finish)
	return err
}

// Retire revokes the previous credential and retires its version if its time has come. Where no time is
// known, it schedules one, a grace from now. It works under a lease as Rotate does.
func (r *Rotator) Retire(ctx context.Context) error {
	return r.leased(ctx, func(ctx context.Context) error {
		_, err := r.step(ctx, "retire", "", func(ctx context.Context, _ string) (string, bool, error) {
			v, err := r.Store.Versions(ctx)
			if err != nil {
				return "", false, err
			}
			retired, err := r.retire(ctx, v)
			return v.Previous.ID, retired, err
		})
		return err
	})
}

// A step gives the version that it was about, and whether there was anything to do.
type step func(ctx context.Context, token string) (version string, did bool, err error)

func (r *Rotator) create(ctx context.Context, token string) (string, bool, error) {
	v, err := r.Store.Versions(ctx)
	if err != nil {
		return "", false, err
	}
	if token == "" {
		// Whoever begins this round, now or after a crash, begins it with the same token.
		round := "secretstack:" + r.Secret + "#" + v.Current.ID
		if r.Life != "" {
			round += "#" + r.Life
		}
		token = uuid.NewSHA1(uuid.NameSpaceURL, []byte(round)).String()
	}
	if v.Current.ID == token {
		return token, false, nil
	}
	if v.Pending.ID != "" {
		// AWS begins a round with a pending version that has no value yet.
		if _, err := r.value(ctx, v.Pending.ID); !errors.Is(err, ErrNoValue) {
			return v.Pending.ID, false, err
		}
	}
	if err := r.makeRoom(ctx, v); err != nil {
		return "", false, err
	}
	current, err := r.current(ctx, v)
	if err != nil {
		return "", false, err
	}
	if err := r.timeFor(ctx, "mint"); err != nil {
		return "", false, err
	}
	minted, err := r.Target.Mint(ctx, token, current)
	r.seen = append(r.seen, minted)
	if err != nil {
		return "", false, err
	}
	if minted.IsZero() {
		return "", false, &Error{Class: Invalid, Op: "mint", Err: errors.New("the target gave an empty credential")}
	}
	id, err := r.Store.Stage(ctx, token, minted)
	return id, true, err
}

func (r *Rotator) set(ctx context.Context, token string) (string, bool, error) {
	v, err := r.round(ctx, token)
	if err != nil || v.Pending.ID == "" {
		return token, false, err
	}
	pending, err := r.value(ctx, v.Pending.ID)
	if err != nil {
		return v.Pending.ID, false, err
	}
	current, err := r.current(ctx, v)
	if err != nil {
		return v.Pending.ID, false, err
	}
	if err := r.timeFor(ctx, "apply"); err != nil {
		return v.Pending.ID, false, err
	}
	return v.Pending.ID, true, r.Target.Apply(ctx, pending, current)
}

func (r *Rotator) test(ctx context.Context, token string) (string, bool, error) {
	v, err := r.round(ctx, token)
	if err != nil || v.Pending.ID == "" {
		return token, false, err
	}
	value, err := r.value(ctx, v.Pending.ID)
	if errors.Is(err, ErrNoValue) {
		value, err = r.current(ctx, v)
	}
	if err != nil || value.IsZero() {
		return v.Pending.ID, false, err
	}
	return v.Pending.ID, true, r.verify(ctx, value)
}

func (r *Rotator) finish(ctx context.Context, token string) (string, bool, error) {
	v, err := r.round(ctx, token)
	if err != nil {
		return "", false, err
	}
	if v.Pending.ID == "" {
		if v.Previous.ID == "" || !v.Previous.RetireAfter.IsZero() {
			return token, false, nil
		}
		return token, true, r.schedule(ctx, v.Previous.ID)
	}
	// What is pending now need not be what was pending when Test was called.
	pending, err := r.value(ctx, v.Pending.ID)
	if err != nil {
		return v.Pending.ID, false, err
	}
	if err := r.verify(ctx, pending); err != nil {
		return v.Pending.ID, false, err
	}
	if err := r.Store.Promote(ctx, v.Pending.ID); err != nil {
		return v.Pending.ID, false, err
	}
	previous := v.Current.ID
	if previous == v.Pending.ID { // promoted before, all but its last call
		previous = v.Previous.ID
	}
	if previous == "" {
		return v.Pending.ID, true, nil
	}
	return v.Pending.ID, true, r.schedule(ctx, previous)
}

func (r *Rotator) verify(ctx context.Context, v Value) error {
	if err := r.timeFor(ctx, "verify"); err != nil {
		return err
	}
	return r.Target.Verify(ctx, v)
}

// round gives the versions of a round that has begun. None is pending where it is over already.
func (r *Rotator) round(ctx context.Context, token string) (Versions, error) {
	v, err := r.Store.Versions(ctx)
	if err == nil && v.Pending.ID == "" && v.Current.ID != token {
		err = &Error{
			Class: Busy, Op: "find the pending version", Err: errors.New("there is none"),
			Do: "rotate again: another rotator has finished this round, or the cloud does not show its beginning yet",
		}
	}
	return v, err
}

// makeRoom ends the previous credential before there is a third one. After it another may have its turn, which
// somebody replaced by hand.
func (r *Rotator) makeRoom(ctx context.Context, v Versions) error {
	retired, err := r.retire(ctx, v)
	for err == nil && retired {
		last := v.Previous.ID
		if v, err = r.Store.Versions(ctx); err == nil && v.Previous.ID != last { // or else it was read too early
			retired, err = r.retire(ctx, v)
		} else {
			return err
		}
	}
	if err != nil || v.Previous.ID == "" {
		return err
	}
	if _, ok := r.Target.(Revoker); !ok {
		return nil // the next promotion replaces it
	}
	at := v.Previous.RetireAfter
	if at.IsZero() {
		at = r.retireAfter()
	}
	return &Error{
		Class: InGrace, Op: "begin a round", Err: errors.New("readers may still use the previous credential"),
		Do: "rotate again after " + at.UTC().Format(time.RFC3339),
	}
}

// retire tells whether it has retired the previous version.
func (r *Rotator) retire(ctx context.Context, v Versions) (bool, error) {
	switch {
	case v.Previous.ID == "":
		return false, nil
	case v.Previous.RetireAfter.IsZero():
		return false, r.schedule(ctx, v.Previous.ID)
	case r.now().Before(v.Previous.RetireAfter):
		return false, nil
	}
	if target, ok := r.Target.(Revoker); ok {
		if err := r.revoke(ctx, target, v); err != nil {
			return false, err
		}
	}
	return true, r.Store.Retire(ctx, v.Previous.ID)
}

func (r *Rotator) revoke(ctx context.Context, target Revoker, v Versions) error {
	previous, err := r.value(ctx, v.Previous.ID)
	if errors.Is(err, ErrNoValue) {
		return nil // retired already, but for its last call
	}
	if err != nil {
		return err
	}
	current, err := r.current(ctx, v)
	if err != nil || previous == current {
		return err
	}
	if err := r.timeFor(ctx, "revoke"); err != nil {
		return err
	}
	return target.Revoke(ctx, previous, current)
}

func (r *Rotator) schedule(ctx context.Context, previous string) error {
	return r.Store.Schedule(ctx, previous, r.retireAfter())
}

func (r *Rotator) retireAfter() time.Time {
	grace := r.Grace
	if grace == 0 {
		grace = 24 * time.Hour
	}
	return r.now().Add(grace + skew)
}

// current gives the zero Value where there is none yet. A version that cannot be read, such as one that an operator
// has disabled, is not that: in a first round, the next credential may be of the user who is in use.
func (r *Rotator) current(ctx context.Context, v Versions) (Value, error) {
	if v.Current.ID == "" {
		return Value{}, nil
	}
	value, err := r.value(ctx, v.Current.ID)
	if errors.Is(err, ErrNoValue) {
		err = &Error{
			Class: Invalid, Op: "read the current version " + v.Current.ID, Err: err,
			Do: "enable it, or put a value that works; then rotate",
		}
	}
	return value, err
}

func (r *Rotator) value(ctx context.Context, id string) (Value, error) {
	v, err := r.Store.Value(ctx, id)
	r.seen = append(r.seen, v)
	return v, err
}

// timeFor keeps a call to the target from being cut off half-way.
func (r *Rotator) timeFor(ctx context.Context, op string) error {
	margin := r.Margin
	if margin == 0 {
		margin = 5 * time.Second
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < margin {
		return &Error{
			Class: Deadline, Op: op, Err: fmt.Errorf("less than %s of the rotator's time is left", margin),
			Do: "nothing, if it is rotated again; otherwise give it more time",
		}
	}
	return nil
}

// leased does nothing else where the Store is no Leaser. The context ends with the lease.
func (r *Rotator) leased(ctx context.Context, do func(context.Context) error) error {
	leaser, ok := r.Store.(Leaser)
	if !ok {
		return do(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	deadline, _ := ctx.Deadline()
	var release func(context.Context) error
	_, err := r.step(ctx, "lease", "", func(ctx context.Context, _ string) (_ string, _ bool, err error) {
		release, err = leaser.Lease(ctx, r.now().Add(time.Until(deadline)))
		return "", true, err
	})
	if err != nil {
		return err
	}
	defer func() { _ = release(context.WithoutCancel(ctx)) }() // if it fails, the lease is over by itself
	return do(ctx)
}

func (r *Rotator) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}
