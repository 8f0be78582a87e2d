package azurealert

import (
	"encoding/json"
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
				if got := fires(t, a, query, file); got != want {
					t.Errorf("fires: %v, want %v", got, want)
				}
			})
		}
	}
}

// fires runs a rule from the first record on until the last has reached the workspace.
func fires(t *testing.T, a alert.Alert, query, file string) bool {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c alerttest.Case
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
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
