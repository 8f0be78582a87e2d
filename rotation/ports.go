package rotation

import (
	"context"
	"time"
)

// Store holds the versions of one secret. A Store is used by one goroutine at a time, and several
// processes may have one of the same secret.
//
// Each method may be called again after it failed or its process died, with or without having had its
// effect, and then does no more than what is missing. What a method has done is durable when it returns.
// Reads may be stale for a while; writes must not be decided by a stale read alone.
type Store interface {
	// Versions tells which versions there are, without their values.
	Versions(ctx context.Context) (Versions, error)

	// Value reads the value of a version that Versions gave. Its error is ErrNoValue for a version
	// that has none.
	Value(ctx context.Context, id string) (Value, error)

	// Stage makes a value durable as the pending version, which the readers do not see, and gives the
	// id of the version that is now pending. The first one stays: where there is a pending value already,
	// of the same token or another, that one's id is returned and v is dropped.
	//
	// The token is the cloud's idempotency token: the same for each try of one rotation. Where the version
	// of this token is pending no more, its id is returned too and nothing is staged: a rotator that was
	// overtaken, or whose reads are stale, begins no second round.
	Stage(ctx context.Context, token string, v Value) (id string, err error)

	// Promote makes the pending version current, what was current previous, and leaves none pending. It
	// is durable in that order: at each moment there is a current version. Where the version is current
	// already, it finishes what is missing; where it is neither current nor pending, it is an error. Only a
	// pending version that was applied and verified is promoted.
	//
	// What becomes previous has no RetireAfter, whatever was noted of it when it was previous before.
	Promote(ctx context.Context, id string) error

	// Schedule notes that the previous version is to be retired at a time, which Versions then gives as
	// its RetireAfter. A later call replaces the time. It does nothing to a version that is not previous.
	// The time allows for wrong clocks already.
	Schedule(ctx context.Context, id string, at time.Time) error

	// Retire takes the previous version from everybody, the readers and the rotator: disabled or without
	// a stage, then destroyed where the cloud can. It does nothing to a version that is current or pending.
	Retire(ctx context.Context, id string) error
}

// Leaser is a Store whose cloud delivers a rotation to several rotators at once, and so must let one of
// them work.
type Leaser interface {
	Store
	// Lease keeps other rotators from this secret until release is called, or the lease is over by itself: when
	// until has come or, where the cloud can know, when the process has ended. Its error is ErrBusy while
	// another has it.
	Lease(ctx context.Context, until time.Time) (release func(context.Context) error, err error)
}

// Historian is a Store that knows of earlier versions too.
type Historian interface {
	Store
	// History gives the versions that the cloud still knows, the newest first.
	History(ctx context.Context) ([]Event, error)
}

// Event is one line of a secret's history.
type Event struct {
	Version string    // the version's id
	Created time.Time // in UTC
	State   string    // current, pending, previous, retired or destroyed
}

// Versions of a secret. One that is not there is the zero Version.
type Versions struct {
	Current  Version // what the readers read
	Pending  Version // staged and not promoted
	Previous Version // current before the last promotion, and not retired yet
}

// Version is one of a secret's versions.
type Version struct {
	// ID is the cloud's own; of a pending version it is what Promote takes. Empty: there is no version.
	ID string
	// Since is when the value of the current version was made. Zero: the store does not know, because the
	// cloud itself says when a rotation is due.
	Since time.Time
	// RetireAfter is when the previous version is to be retired. Zero: not scheduled yet.
	RetireAfter time.Time
}

// Target is where a credential is put to use: a database, an API.
//
// The rotator calls Mint, makes its answer durable as the pending version, and then calls Apply and Verify,
// in this order. Each may be called again, with the same arguments, after it failed or its process died,
// whether or not it had its effect; two rotators may call them at once.
type Target interface {
	// Mint makes the next credential. current is the one in use, zero where there is none yet. Nothing
	// that works stops working. What Mint returns may be lost, and Mint called again with the same
	// token; an issuer that remembers what it has issued must give the same credential for the same token.
	Mint(ctx context.Context, token string, current Value) (Value, error)

	// Apply makes the pending credential work. It is durable when it returns. current goes on working
	// if the Target is a Revoker; otherwise Apply may be what ends it.
	Apply(ctx context.Context, pending, current Value) error

	// Verify uses the credential as a reader would, and gives an error unless it works.
	Verify(ctx context.Context, v Value) error
}

// Revoker is a Target at which the previous credential works beside the current one until it is revoked.
// The rotator revokes it when its grace has passed, and begins no other rotation before.
//
// A Target without it has no second credential: nothing to apply a value to (generated), or a place for
// one only (a database user), where readers with a cached value must read again.
type Revoker interface {
	Target
	// Revoke ends the previous credential. current goes on working, also if it shares a user name with
	// previous, and whatever has become of previous since: nothing but previous itself is revoked.
	Revoke(ctx context.Context, previous, current Value) error
}
