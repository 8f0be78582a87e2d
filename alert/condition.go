package alert

import "slices"

// Condition is a question about an event: All, Any, Not, Does, Ends or In. It is data: a cloud's package writes
// it in the cloud's languages, and Match answers it here.
type Condition interface {
	match(e Event, w *Watch, h History) bool
}

// All holds where each of its conditions holds; so does an empty one.
type All []Condition

// Any holds where one of its conditions holds.
type Any []Condition

// Not holds where its condition does not.
type Not struct{ Condition }

// Does holds for an event with one of these actions.
type Does []Action

// Ends holds for an event with one of these outcomes.
type Ends []Outcome

// In holds for an event that belongs to a set.
type In Set

// Set is a set of events that a Watch defines.
type Set string

// The sets.
const (
	OfStore    Set = "of-store"    // about a secret of the store, or below its prefix
	Declared   Set = "declared"    // about a declared secret
	OfKey      Set = "of-key"      // about a key of the store
	ByReader   Set = "by-reader"   // by who may read this secret; its rotator too
	ByDeployer Set = "by-deployer" // by who deploys the stack
	ByRotator  Set = "by-rotator"  // by the store's rotator
	Nearby     Set = "nearby"      // from an allowed network, or from no address
	KnownWho   Set = "known-who"   // by who has read this secret before
	KnownFrom  Set = "known-from"  // from an address that this secret was read from before, or from no address
)

// History is what was seen before an event. Nil: nothing is known, and nobody is new.
type History interface {
	// Who and From tell whether the event's secret was read by its caller, from its address, in the time that
	// the history remembers.
	Who(e Event) bool
	From(e Event) bool
}

// Parts are what a condition is made of that has no parts itself: each Does, Ends and In.
func Parts(c Condition) (parts []Condition) {
	of := func(all []Condition) {
		for _, part := range all {
			parts = append(parts, Parts(part)...)
		}
	}
	switch c := c.(type) {
	case All:
		of(c)
	case Any:
		of(c)
	case Not:
		return Parts(c.Condition)
	default:
		return []Condition{c}
	}
	return parts
}

// Asks tells whether a condition asks for a set.
func Asks(c Condition, sets ...Set) bool {
	return slices.ContainsFunc(Parts(c), func(part Condition) bool {
		in, ok := part.(In)
		return ok && slices.Contains(sets, Set(in))
	})
}

// Actions are those that a condition names.
func Actions(c Condition) (actions []Action) {
	for _, part := range Parts(c) {
		if does, ok := part.(Does); ok {
			actions = append(actions, does...)
		}
	}
	return actions
}

// Match tells whether a condition holds for an event.
func Match(c Condition, e Event, w *Watch, h History) bool { return c.match(e, w, h) }

func (c All) match(e Event, w *Watch, h History) bool {
	for _, part := range c {
		if !part.match(e, w, h) {
			return false
		}
	}
	return true
}

func (c Any) match(e Event, w *Watch, h History) bool {
	for _, part := range c {
		if part.match(e, w, h) {
			return true
		}
	}
	return false
}

func (c Not) match(e Event, w *Watch, h History) bool { return !c.Condition.match(e, w, h) }

func (c Does) match(e Event, _ *Watch, _ History) bool { return slices.Contains(c, e.Action) }

func (c Ends) match(e Event, _ *Watch, _ History) bool { return slices.Contains(c, e.Outcome) }

func (c In) match(e Event, w *Watch, h History) bool {
	switch Set(c) {
	case OfStore:
		return e.Secret != ""
	case Declared:
		return w.secret(e.Secret) != nil
	case OfKey:
		return e.Key
	case ByReader:
		s := w.secret(e.Secret)
		return s != nil && slices.Contains(s.Readers, e.Who)
	case ByDeployer:
		return slices.Contains(w.Deployers, e.Who)
	case ByRotator:
		return slices.Contains(w.Rotators, e.Who)
	case Nearby:
		return !e.From.IsValid() || w.near(e.From)
	case KnownWho:
		return h == nil || h.Who(e)
	case KnownFrom:
		return h == nil || !e.From.IsValid() || h.From(e)
	}
	panic("alert: no set " + string(c))
}
