package alert

import (
	"net/netip"
	"time"
)

// Event is one record of an audit log, in the words of the catalogue.
type Event struct {
	Time    time.Time
	Action  Action
	Outcome Outcome
	// Secret is the name in the declaration of what the event is about or, for a secret below the store's prefix
	// that is not declared, what follows the prefix. Empty: it is about no secret of the store.
	Secret string
	// Key says that the event is about a key of the store.
	Key bool
	// Who acted, as the cloud's Limits.Canonical writes a reader's identity: on AWS a role, not its session.
	// Empty: the record does not tell.
	Who string
	// From is the address of the caller. Zero: the record has none, as where a cloud's own service calls.
	From netip.Addr
	// Operation is the cloud's own word, such as GetSecretValue. ID is that of the record.
	Operation, ID string
}

// Action is what somebody did, or tried to do.
type Action string

// The actions. What a cloud calls them is in its package.
const (
	Read      Action = "read"       // the value of a secret
	List      Action = "list"       // the names of secrets
	Change    Action = "change"     // a value, its versions, the policy or the grants of a secret, its rotation
	Delete    Action = "delete"     // a secret, now or on schedule; purge one
	Restore   Action = "restore"    // a deleted secret
	UnmakeKey Action = "unmake-key" // disable a key, schedule its deletion
	OpenKey   Action = "open-key"   // change who may use or administer a key: its policy, its grants
	Blind     Action = "blind"      // switch the audit log off, delete it, or take what it keeps away
	Rewire    Action = "rewire"     // change what the audit log records, how long and where, or what watches it
	Rotate    Action = "rotate"     // what a rotator, or the cloud's rotation, says of a step
	Abandon   Action = "abandon"    // a rotation is given up
	Look      Action = "look"       // a rotator has looked at all that it rotates or, with Watch.Looks, at one secret
)

// Outcome is how it ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Denied  Outcome = "denied"
	Gone    Outcome = "gone"   // the secret is deleted
	Failed  Outcome = "failed" // in any other way; of a Look: something is overdue
	Skipped Outcome = "skipped"
)
