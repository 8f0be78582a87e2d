// Package localalert is the catalogue of alerts on the local cloud: it reads the entries of secretstack's own access
// log as events. There is no language here to write conditions in: nothing watches in the background, and
// "secretstack audit" replays the log.
package localalert

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/internal/accesslog"
)

// Store is what a store is on the local cloud: one stack, with an access log of its own, in which each entry is about
// the store. In Watch, readers and rotators are by their names in the declaration, and deployers by the names of the
// operating system's users.
type Store struct {
	alert.Watch
	// Keys gives each reader's name by its public key. Who reads with a key that is not in it is known by the key,
	// whatever reader it says it is.
	Keys map[string]string
}

// Gaps are the alerts that the local cloud cannot have, each with the reason.
var Gaps = map[alert.ID]string{
	alert.ReadFromElsewhere: "values are read on this machine only: there is no network to compare",
	alert.ListedInBulk:      "the names of secrets stand in secrets.yaml, for whoever has the project",
	alert.KeyChanged:        "there is no key of the store: each value is encrypted to its readers' own keys",
	alert.RotationAbandoned: "no rotation is given up: the next \"secretstack rotate\" goes on with it",
	alert.RotationOverdue:   "nothing runs in the background, so nobody is told; audit, up and run say what is overdue",
}

// actions are the operations of the access log in the words of the catalogue.
var actions = map[accesslog.Operation]alert.Action{
	accesslog.Run:          alert.Read,
	accesslog.RotationRead: alert.Read,
	accesslog.Put:          alert.Change,
	accesslog.Create:       alert.Change,
	accesslog.SetReaders:   alert.Change,
	accesslog.Rotate:       alert.Rotate,
	accesslog.Delete:       alert.Delete,
	accesslog.Restore:      alert.Restore,
	accesslog.Broken:       alert.Blind,
}

// here is the address of this machine.
var here = netip.IPv6Loopback()

// Decode reads one line of the access log. It does not check its hash: see Broken. The address in From is that of this
// machine, with the operating system's user as its zone: so another user with a reader's key is a newcomer, as is
// another address elsewhere.
func (s *Store) Decode(record []byte) (alert.Event, error) {
	var e accesslog.Entry
	if err := json.Unmarshal(record, &e); err != nil {
		return alert.Event{}, err
	}
	action, known := actions[e.Operation]
	if !known || e.Time.IsZero() {
		return alert.Event{}, errors.New("no entry of an access log: its operation is not one, or it has no time")
	}
	event := alert.Event{
		Time: e.Time, Action: action, Outcome: alert.Outcome(e.Outcome),
		Secret: e.Secret, Who: e.User, From: here.WithZone(e.User),
		Operation: string(e.Operation), ID: strconv.FormatInt(e.Seq, 10),
	}
	if e.Reader != "" {
		event.Who = cmp.Or(s.Keys[e.Key], e.Key, e.Reader)
	}
	return event, nil
}

// Broken is the event of a place where the log's chain of hashes does not hold, noticed at a time.
func Broken(b accesslog.Break, noticed time.Time) alert.Event {
	return alert.Event{
		Time: noticed, Action: alert.Blind, Outcome: alert.OK,
		Operation: string(accesslog.Broken), ID: fmt.Sprintf("line %d", b.Line),
	}
}
