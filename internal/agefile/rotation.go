package agefile

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
)

// Other is a value of a secret beside the current one: the pending or the previous one. It is encrypted
// as the current one is. Its last line is one that no other entry has, as document explains.
type Other struct {
	Value   string `yaml:"value"`
	Version int    `yaml:"version"`
	// RetireAfter is the end of a previous value's grace. Zero: not scheduled.
	RetireAfter time.Time `yaml:"retireAfter,omitempty"`
	// ID is as in Entry.
	ID string `yaml:"id,omitempty"`
	// Updated is the time when the value became what it is now, or was current, in UTC.
	Updated time.Time `yaml:"updated"`
}

// GetVersion is [File.Get] for any of the secret's values.
func (f *File) GetVersion(name string, version int, identities []age.Identity) ([]byte, error) {
	e, err := f.live(name)
	if err != nil {
		return nil, err
	}
	return f.open(name, e, version, identities)
}

// Stage makes value pending, encrypted to the readers of the current one, and returns its version. Where a
// value is pending already, that one stays and its version is returned; where a value has this id already,
// that one's.
//
// identities must hold the private key of one reader: only what is sealed with the current value tells that
// its readers were not edited by hand.
func (f *File) Stage(name, id string, value []byte, identities []age.Identity) (version int, err error) {
	e, err := f.live(name)
	switch {
	case err != nil:
		return 0, err
	case e.Pending != nil:
		return e.Pending.Version, nil
	case e.ID == id:
		return e.Version, nil
	case e.Previous != nil && e.Previous.ID == id:
		return e.Previous.Version, nil
	}
	if err := checkSize(value); err != nil {
		return 0, f.error(name, err)
	}
	current, err := e.open(name, e.Version, identities)
	if err != nil {
		return 0, f.error(name, err)
	}
	clear(current)
	pending := Other{Version: e.next(), ID: id, Updated: now()}
	if pending.Value, err = e.seal(name, pending.Version, value); err != nil {
		return 0, f.error(name, err)
	}
	e.Pending = &pending
	f.entries[name] = e
	return pending.Version, nil
}

// Promote makes the pending value current and the current one previous, in place of what was previous.
// A version that is current already stays so.
func (f *File) Promote(name string, version int) error {
	e, err := f.live(name)
	switch {
	case err != nil:
		return err
	case e.Version == version:
		return nil
	case e.Pending == nil || e.Pending.Version != version:
		return f.error(name, fmt.Errorf("version %d: %w", version, ErrNotPending))
	}
	p := e.Pending
	e.Previous = e.asPrevious()
	e.Value, e.Version, e.ID, e.Updated, e.Pending = p.Value, p.Version, p.ID, now(), nil
	e.Rotated = true
	f.entries[name] = e
	return nil
}

// Supersede is [File.Put] for a secret whose previous values a rotator revokes: once there was a rotation, what
// was current becomes previous, so that it is revoked too. Before, no target need know it: it may be a generated one.
//
// lost says that no rotator will revoke what was current, because a pending value or another previous one needs the
// place, or the recipients are others than before. A previous value that is put again needs none any more: with
// identities that hold no private key of a reader, it cannot be told.
func (f *File) Supersede(name string, value []byte, recipients []string, identities []age.Identity) (lost bool, err error) {
	before, _ := f.live(name) // if it is deleted, Put says so
	again := func(version int) bool {
		old, err := before.open(name, version, identities)
		defer clear(old)
		return err == nil && bytes.Equal(old, value)
	}
	if err := f.Put(name, value, recipients); err != nil || !before.Rotated || again(before.Version) {
		return false, err
	}
	e := f.entries[name]
	taken := before.Pending != nil || before.Previous != nil && !again(before.Previous.Version)
	if taken || !slices.Equal(before.Recipients, e.Recipients) {
		return true, nil
	}
	e.Previous = before.asPrevious()
	f.entries[name] = e
	return false, nil
}

// Schedule notes when the grace of the previous value ends, rounded up to the second. It does nothing if
// another version is previous.
func (f *File) Schedule(name string, version int, at time.Time) error {
	return f.previous(name, version, func(e *Entry) {
		scheduled := *e.Previous
		scheduled.RetireAfter = at.UTC().Add(time.Second - 1).Truncate(time.Second)
		e.Previous = &scheduled
	})
}

// Retire removes the previous value. It does nothing if another version is previous.
func (f *File) Retire(name string, version int) error {
	return f.previous(name, version, func(e *Entry) { e.Previous = nil })
}

func (f *File) previous(name string, version int, change func(*Entry)) error {
	e, err := f.live(name)
	if err == nil && e.Previous != nil && e.Previous.Version == version {
		change(&e)
		f.entries[name] = e
	}
	return err
}

func (f *File) open(name string, e Entry, version int, identities []age.Identity) ([]byte, error) {
	value, err := e.open(name, version, identities)
	if err != nil {
		return nil, f.error(name, err)
	}
	return value, nil
}

// asPrevious is the current value as the previous one.
func (e *Entry) asPrevious() *Other {
	return &Other{Value: e.Value, Version: e.Version, ID: e.ID, Updated: e.Updated}
}

// others are the values beside the current one.
func (e *Entry) others() []*Other {
	return slices.DeleteFunc([]*Other{e.Previous, e.Pending}, func(o *Other) bool { return o == nil })
}

// values gives each encrypted value by its version.
func (e *Entry) values() map[int]*string {
	values := map[int]*string{e.Version: &e.Value}
	for _, o := range e.others() {
		values[o.Version] = &o.Value
	}
	return values
}

// next is a version that none of the entry's values has.
func (e *Entry) next() int {
	last := e.Version
	for _, o := range e.others() {
		last = max(last, o.Version)
	}
	return last + 1
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func checkSize(value []byte) error {
	if len(value) == 0 || len(value) > MaxValue {
		return fmt.Errorf("a value has 1 to %d bytes, this one %d", MaxValue, len(value))
	}
	return nil
}
