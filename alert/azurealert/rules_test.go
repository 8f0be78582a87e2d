package azurealert

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
	"github.com/secretstack/secretstack/internal/golden"
)

// shorter are cases that a rule answers otherwise than Replay, because it remembers for Memory only.
var shorter = map[string]bool{"quiet-weekly.json": true}

// TestRules runs each rule over each case as Azure would, every five minutes, and sees whether it fires.
func TestRules(t *testing.T) {
	s := sample()
	for _, a := range alert.Catalogue {
		if _, gap := Gaps[a.ID]; gap {
			continue
		}
		query, err := s.KQL(a)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join("testdata", string(a.ID), "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Base(file)
			t.Run(string(a.ID)+"/"+name, func(t *testing.T) {
				want := strings.HasPrefix(name, "fires-") != shorter[name]
				if got := fires(t, a, query, name); got != want {
					t.Errorf("fires: %v, want %v", got, want)
				}
			})
		}
	}
}

// fires runs a rule from the first record on until the last has reached the workspace.
func fires(t *testing.T, a alert.Alert, query, file string) bool {
	t.Helper()
	c := load(t, a, file)
	tables := map[string][]row{}
	var first, last time.Time
	add := func(record []byte, later time.Duration) time.Time {
		table, r := inTable(t, record)
		at := r["TimeGenerated"].(time.Time).Add(later)
		r["TimeGenerated"] = at
		tables[table] = append(tables[table], r)
		return at
	}
	for _, record := range c.Before {
		add(record, 0)
	}
	for i := range max(c.Repeat, 1) {
		for _, record := range c.Records {
			at := add(record, time.Duration(i)*time.Duration(c.Step))
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
	}
	if !c.Until.IsZero() {
		last = c.Until
	}
	if a.Quiet > 0 {
		first = first.Add(a.Quiet) // a rule that is new has seen nothing before
	}
	const every = 5 * time.Minute
	for now := first.Add(time.Minute); now.Before(last.Add(every)); now = now.Add(every) {
		w := &workspace{tables: map[string][]row{}, now: now}
		for table, rows := range tables {
			w.tables[table] = []row{}
			for _, r := range rows {
				if at := r["TimeGenerated"].(time.Time); !at.After(now) && at.After(now.Add(-Window(a))) {
					w.tables[table] = append(w.tables[table], r)
				}
			}
		}
		if len(w.ask(query)) > 0 {
			return true
		}
	}
	return false
}

// bursts have a record of each alert that counts.
var bursts = map[alert.ID]string{
	alert.ReadBurst: "fires-restart-loop.json", alert.DeniedBurst: "fires-lost-grant.json", alert.ReadInBulk: "fires-scale-out.json", alert.ListedInBulk: "fires-script.json",
}

// As many as are allowed may come in the time, and one more only in more time: for the rule, and for Replay.
func TestThresholds(t *testing.T) {
	s := sample()
	for _, a := range alert.Catalogue {
		if a.Count == nil {
			continue
		}
		record := load(t, a, bursts[a.ID]).Records[0]
		for _, tt := range []struct {
			n    int
			in   time.Duration
			want bool
		}{
			{a.Count.Over, a.Count.Within - time.Second, false},
			{a.Count.Over + 1, a.Count.Within - time.Second, true},
			{a.Count.Over + 1, a.Count.Within + time.Second, false},
		} {
			var times []time.Time
			for i := range tt.n {
				times = append(times, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(tt.in*time.Duration(i)/time.Duration(tt.n-1)))
			}
			rule, replay := both(t, s, a, record, times, times[len(times)-1])
			if rule != tt.want || replay != tt.want {
				t.Errorf("%s: %d in %s: the rule fires: %v, Replay: %v, want %v", a.ID, tt.n, tt.in, rule, replay, tt.want)
			}
		}
	}
}

// Silence is too long a minute after the time is over, and not a minute before.
func TestSilence(t *testing.T) {
	s, a, begin := sample(), *alert.ByID(alert.RotationOverdue), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	record := load(t, a, "fires-stopped.json").Records[0]
	for silence, want := range map[time.Duration]bool{a.Quiet - time.Minute: false, a.Quiet + time.Minute: true} {
		rule, replay := both(t, s, a, record, []time.Time{begin}, begin.Add(silence))
		if rule != want || replay != want {
			t.Errorf("%s of silence: the rule fires: %v, Replay: %v, want %v", silence, rule, replay, want)
		}
	}
}

// both tells whether the rule and Replay fire for a record at these times, at the end of the log.
func both(t *testing.T, s *Store, a alert.Alert, record []byte, times []time.Time, end time.Time) (rule, replay bool) {
	t.Helper()
	query, err := s.KQL(a)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Decode(record)
	if err != nil {
		t.Fatal(err)
	}
	table, r := inTable(t, record)
	w, p := &workspace{tables: map[string][]row{}, now: end}, alert.NewReplay(&s.Watch, []alert.Alert{a})
	for _, at := range times {
		r = maps.Clone(r)
		r["TimeGenerated"], e.Time = at, at
		w.tables[table] = append(w.tables[table], r)
		replay = len(p.Add(e)) > 0 || replay
	}
	return len(w.ask(query)) > 0, len(p.End(end)) > 0 || replay
}

func load(t *testing.T, a alert.Alert, file string) (c alerttest.Case) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", string(a.ID), file))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A rule is made before its tables exist. All are quiet then but the one that fires because nothing happens.
func TestNoTables(t *testing.T) {
	s := sample()
	for _, a := range alert.Catalogue {
		if _, gap := Gaps[a.ID]; gap {
			continue
		}
		query, err := s.KQL(a)
		if err != nil {
			t.Fatal(err)
		}
		if got := len((&workspace{now: time.Now()}).ask(query)) > 0; got != (a.Quiet > 0) {
			t.Errorf("%s: fires: %v", a.ID, got)
		}
	}
}

func TestGolden(t *testing.T) {
	s := sample()
	for _, a := range alert.Catalogue {
		query, err := s.KQL(a)
		if _, gap := Gaps[a.ID]; gap {
			if err == nil {
				t.Errorf("%s is a gap and has a query", a.ID)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "golden", string(a.ID)+".kql"), []byte(query))
	}
}
