package alert

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Settings are what a stack says of its alerts. The zero value has all of them on, and exempts nobody.
type Settings struct {
	// Off switches alerts off, each with the reason, in ten characters or more.
	Off map[ID]string
	// Thresholds replace Count.Over of alerts that count. A secret's own Burst goes before that of read-burst.
	Thresholds map[ID]int
	// Deployers are the identities that deploy the stack: what they change is not reported by secret-changed, what they
	// list not by listed-in-bulk, a key's policy and grants not by key-changed, and what the audit log records and what
	// watches it not by audit-changed. What takes a key or the log away is. Zero: each update with such a change is reported.
	Deployers []string
	// Networks are those from which values may be read. Zero: read-from-elsewhere is off, as nothing is elsewhere.
	Networks []netip.Prefix
}

// MinReason is how many characters a reason has at least, for what is switched off.
const MinReason = 10

// Check gives every mistake in the settings, in order. gaps are what the cloud cannot do.
func (s Settings) Check(gaps map[ID]string) (errs []error) {
	wrong := func(format string, a ...any) { errs = append(errs, fmt.Errorf(format, a...)) }
	for _, id := range slices.Sorted(maps.Keys(s.Off)) {
		switch reason := strings.TrimSpace(s.Off[id]); {
		case ByID(id) == nil:
			wrong("Off[%s]: is no alert; there are %s", id, ids())
		case len(reason) < MinReason:
			wrong("Off[%s]: say why, in at least %d characters", id, MinReason)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Thresholds)) {
		a := ByID(id)
		switch {
		case a == nil:
			wrong("Thresholds[%s]: is no alert; there are %s", id, ids())
		case a.Count == nil:
			wrong("Thresholds[%s]: the alert does not count", id)
		case s.Thresholds[id] < 1:
			wrong("Thresholds[%s]: must be 1 or more, not %d", id, s.Thresholds[id])
		}
	}
	if _, gap := gaps[ReadFromElsewhere]; gap && len(s.Networks) > 0 {
		wrong("Networks: %s", gaps[ReadFromElsewhere])
	}
	return errs
}

// Active gives the alerts that are on, with their thresholds: those of the catalogue that the cloud can do, that
// are not off, that have a network to compare with where they need one and, with rotates, those about rotation.
func (s Settings) Active(gaps map[ID]string, rotates bool) []Alert {
	var active []Alert
	for _, a := range Catalogue {
		_, gap := gaps[a.ID]
		_, off := s.Off[a.ID]
		if gap || off || a.ID == ReadFromElsewhere && len(s.Networks) == 0 || !rotates && a.AboutRotation() {
			continue
		}
		if over, ok := s.Thresholds[a.ID]; ok {
			count := *a.Count
			count.Over = over
			a.Count = &count
		}
		active = append(active, a)
	}
	return active
}

// ByID gives an alert of the catalogue, or nil.
func ByID(id ID) *Alert {
	i := slices.IndexFunc(Catalogue, func(a Alert) bool { return a.ID == id })
	if i < 0 {
		return nil
	}
	return &Catalogue[i]
}

// AboutRotation tells whether an alert watches a rotator, rather than the audit log.
func (a Alert) AboutRotation() bool { return strings.HasPrefix(string(a.ID), "rotation-") }

func ids() string {
	var all []string
	for _, a := range Catalogue {
		all = append(all, string(a.ID))
	}
	return strings.Join(all, ", ")
}
