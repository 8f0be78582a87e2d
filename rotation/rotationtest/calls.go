package rotationtest

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Fate is what becomes of one outside call.
type Fate int

// The fates of a call.
const (
	Works        Fate = iota
	FailsBefore       // an error, without effect
	FailsAfter        // it had its effect, and the answer was lost
	KilledBefore      // the process dies, without effect
	KilledAfter       // it had its effect, and the process dies
)

func (f Fate) String() string {
	return [...]string{"works", "fails before", "fails after", "is killed before", "is killed after"}[f]
}

var (
	errFault = errors.New("injected fault: connection reset")
	// A client does not try again when its context is cancelled, so a killed process ends soon.
	errKilled = fmt.Errorf("injected fault: killed (%w)", context.Canceled)
)

// Calls passes each outside call of a rotator (to a store, to a target) and decides its fate. The
// harness of an HTTP client wraps the transport with it, that of a gRPC client an interceptor, that of a
// database the statements. A nil *Calls lets everything work, and so does each one until New has returned.
//
// A killed process is one whose outside calls have no effect from then on: Do refuses them all. What the
// rest of its code does in memory, nobody sees.
type Calls struct {
	sched *schedule // nil: everything works
	clock time.Time // the world's; zero: the real one
}

// Do makes one outside call, or not. name is for messages, such as "PutSecretValue". The calls of one
// process come one after another, not nested.
func (c *Calls) Do(name string, call func() error) error {
	if c == nil || c.sched == nil {
		return call()
	}
	return c.sched.do(name, call)
}

// Now is the clock of the process that is running: virtual, and it may be some minutes off. It is what a
// Store or a Target under test takes for its Now.
func (c *Calls) Now() time.Time {
	switch {
	case c == nil || c.clock.IsZero():
		return time.Now()
	case c.sched == nil:
		return c.clock
	default:
		return c.clock.Add(c.sched.running.skew)
	}
}

// Behind tells, within a call that reads, how many of the last writes its answer is not to know of yet.
func (c *Calls) Behind() int {
	if c == nil || c.sched == nil {
		return 0
	}
	c.sched.read = true
	return c.sched.behind
}
