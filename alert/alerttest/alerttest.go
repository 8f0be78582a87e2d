// Package alerttest proves a cloud's alerts on records of its audit log, without the cloud.
//
// For each alert of the catalogue there are logs that fire it and logs that nearly do. Run takes them through the
// cloud's Decode and alert.Replay; compares, record by record, what alert.Match says with what the condition
// says in the cloud's own language; and takes each single part out of each condition: some log must notice.
//
// Decode gives an event for each record with an action of the catalogue, also about secrets and keys that are not the
// store's (Event.Secret and Key are zero then): otherwise no log could show that a condition asks for the store's.
package alerttest

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/alert"
)

// Cloud is what Run has to know of a cloud.
type Cloud struct {
	// Watch is that of the store which the records are about.
	Watch *alert.Watch
	// Decode reads one record. The zero Event: it has no action of the catalogue.
	Decode func(record []byte) (alert.Event, error)
	// Gaps are the alerts that the cloud cannot have, each with the reason.
	Gaps map[alert.ID]string
	// Native writes an alert's condition in a language of the cloud and gives what tells, by that text alone, whether
	// a record matches. It is not called for conditions that need a history. Nil: the cloud has no such language.
	Native func(t *testing.T, a alert.Alert) func(record []byte) bool
	// Unseen are the parts of conditions that no record of the cloud can make a difference to, as the test names them,
	// each with the reason: Google Cloud restores no secrets.
	Unseen map[string]string
}

// The least that each alert needs of both kinds.
const minFires, minQuiet = 3, 5

// Run checks the cases in testdata.
func Run(t *testing.T, c Cloud) {
	records := 0
	for _, a := range alert.Catalogue {
		if _, gap := c.Gaps[a.ID]; gap {
			continue
		}
		cases, err := read(a.ID)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(string(a.ID), func(t *testing.T) {
			fires := 0
			for _, k := range cases {
				records += len(k.Before) + len(k.Records)
				if k.fires {
					fires++
				}
				if got := c.fires(t, a, k); got != k.fires {
					t.Errorf("%s: fires: %v, want %v (%s)", k.name, got, k.fires, k.Says)
				}
			}
			if quiet := len(cases) - fires; fires < minFires || quiet < minQuiet {
				t.Errorf("%d cases fire and %d do not; want %d and %d", fires, quiet, minFires, minQuiet)
			}
			c.mutate(t, a, cases)
			if c.Native != nil && !alert.Asks(a.When, alert.KnownWho, alert.KnownFrom) {
				c.compare(t, a, cases)
			}
		})
	}
	t.Logf("%d records", records)
	c.strays(t)
}

// fires tells whether a log fires an alert.
func (c Cloud) fires(t *testing.T, a alert.Alert, k Case) bool {
	t.Helper()
	r := alert.NewReplay(c.Watch, []alert.Alert{a})
	add := func(record []byte, later time.Duration) int {
		e, err := c.Decode(record)
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		if e.Action == "" {
			return 0
		}
		e.Time = e.Time.Add(later)
		return len(r.Add(e))
	}
	if len(k.Before) > 0 {
		first, err := c.Decode(k.Records[0])
		if err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		r.From = first.Time // what came before is all that is known
	}
	for _, record := range k.Before {
		add(record, 0)
	}
	firings := 0
	for i := range max(k.Repeat, 1) {
		for _, record := range k.Records {
			firings += add(record, time.Duration(i)*time.Duration(k.Step))
		}
	}
	return firings+len(r.End(k.Until)) > 0
}

// mutate takes each part out of the alert's condition. A part that no case misses is not tested, or not needed.
func (c Cloud) mutate(t *testing.T, a alert.Alert, cases []Case) {
	t.Helper()
	for _, m := range mutants(a.When) {
		mutated := a
		mutated.When = m.when
		notices := slices.ContainsFunc(cases, func(k Case) bool { return c.fires(t, mutated, k) != k.fires })
		switch reason, unseen := c.Unseen[string(a.ID)+": "+m.without]; {
		case unseen && notices:
			t.Errorf("without %s a case notices, so it is not unseen (%s)", m.without, reason)
		case !unseen && !notices:
			t.Errorf("without %s no case notices", m.without)
		}
	}
	if a.Count != nil {
		mutated := a
		mutated.Count = nil
		if !slices.ContainsFunc(cases, func(k Case) bool { return c.fires(t, mutated, k) != k.fires }) {
			t.Error("without its count no case notices")
		}
	}
}

// compare asks the cloud's own language about each record.
func (c Cloud) compare(t *testing.T, a alert.Alert, cases []Case) {
	t.Helper()
	native := c.Native(t, a)
	for _, k := range cases {
		for i, record := range slices.Concat(k.Before, k.Records) {
			e, err := c.Decode(record)
			if err != nil {
				t.Fatalf("%s: %v", k.name, err)
			}
			want := e.Action != "" && alert.Match(a.When, e, c.Watch, nil)
			if got := native(record); got != want {
				t.Errorf("%s, record %d: the cloud's language says %v, Match says %v (%+v)", k.name, i, got, want, e)
			}
		}
	}
}

// strays are cases that no alert asks for.
func (c Cloud) strays(t *testing.T) {
	t.Helper()
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		id := alert.ID(folder.Name())
		if _, gap := c.Gaps[id]; gap || alert.ByID(id) == nil && folder.IsDir() && !strings.HasPrefix(folder.Name(), "golden") {
			t.Errorf("testdata/%s: is of no alert that the cloud has", id)
		}
	}
}
