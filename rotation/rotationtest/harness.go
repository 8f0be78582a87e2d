// Package rotationtest is what every Store and every Target must keep, and a Store and Targets in memory.
//
// A test of a real Store puts it beside a Target in memory ([NewUsers] for one; [NewIssuer], [NewUser] and
// [NewNowhere] are the other kinds); a test of a real Target puts it beside [NewStore]. [Run] then rotates
// with faults at each outside call, lets the rotator try again until it has finished, and after each single
// call asks what a reader would ask: does the current value work, and does the one before it still, until
// its grace has passed?
//
// Time is virtual: a Store or a Target that asks for the time takes [Calls.Now], so that a grace passes at
// once, and the clocks of two rotators may differ.
package rotationtest

import (
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

// Harness makes the world in which a Store or a Target is tested.
type Harness struct {
	// New makes a secret that has had one rotation's worth of life: a current value that works at the
	// target. Every outside call of what it returns goes through calls.
	New func(t *testing.T, calls *Calls) World
	// Exclusive says that the target keeps one credential only: from Apply until Promote either the
	// current or the pending value works, not both.
	Exclusive bool
	// Steps says that the cloud drives the rotation: instead of Rotate, Run calls Create, Set, Test and
	// Finish, each in a process of its own and with a token of Run's.
	Steps bool
	// Slow says that a call takes more than some microseconds: Run then tries each single fault, and of
	// all else a sample.
	Slow bool
}

// World is one secret, with its target.
type World struct {
	// Open starts a rotator's process: a Store and a Target with nothing remembered. It is called
	// again after a process was killed, and twice for two rotators at once.
	Open func() (rotation.Store, rotation.Target)
	// Current gives what a reader reads, past the faults. Its error is rotation.ErrNoValue where there is
	// no current version yet.
	Current func() (rotation.Value, error)
	// Works tells, past the faults, whether the target accepts a value; an error says that it does not.
	Works func(rotation.Value) error
	// Live gives the credentials that the target accepts, past the faults, so that a lost one is noticed
	// even if nobody ever saw it. Zero: Run asks Works of each that it has seen.
	Live func() []rotation.Value
	// Grace is the rotator's; zero: one hour.
	Grace time.Duration
}
