package alert

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Watch is what one store's conditions are about. Identities are as in Event.Who.
type Watch struct {
	Secrets   []Secret
	Rotators  []string
	Deployers []string
	Networks  []netip.Prefix // Zero: every address is nearby

	// Looks are the secrets that a rotator must look at, each with a Look of its own. Zero: a Look is at all of them.
	Looks []string
	// Clock is how often a Look has to come. Zero: an hour, which is what an alert's Quiet is meant for.
	Clock time.Duration

	byName map[string]*Secret
}

// Secret is a declared secret that is watched.
type Secret struct {
	Name string
	// Readers may read it: those of the declaration, and the rotator that reads or rotates it.
	Readers []string
	// Burst is how many reads in five minutes are still normal. Zero: the alert's own Count.
	Burst int
}

// Index makes a Watch ready for Match. Secrets must not change afterwards.
func (w *Watch) Index() {
	w.byName = make(map[string]*Secret, len(w.Secrets))
	for i := range w.Secrets {
		w.byName[w.Secrets[i].Name] = &w.Secrets[i]
	}
}

// Silence is for how long an alert that fires because nothing happened waits: its Quiet, longer by as much as the Clock
// is slower than an hour.
func (w *Watch) Silence(a Alert) time.Duration {
	return time.Duration(float64(a.Quiet) * cmp.Or(w.Clock, time.Hour).Hours())
}

func (w *Watch) secret(name string) *Secret { return w.byName[name] }

func (w *Watch) near(a netip.Addr) bool {
	return len(w.Networks) == 0 || slices.ContainsFunc(w.Networks, func(n netip.Prefix) bool { return n.Contains(a.Unmap()) })
}
