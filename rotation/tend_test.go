package rotation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/secretstack/secretstack/rotation"
)

func TestTend(t *testing.T) {
	const every = 24 * time.Hour
	made := func(ago time.Duration) rotation.Version { return rotation.Version{ID: "2", Since: noon.Add(-ago)} }
	rotate := []string{"stage", "promote"}
	for name, c := range map[string]struct {
		versions rotation.Versions
		every    time.Duration
		first    bool
		fails    map[string]error
		did      rotation.Done
		want     []string // of the store's writes
		class    rotation.Class
	}{
		"not due":               {versions: rotation.Versions{Current: made(every - time.Second)}, every: every, did: rotation.Nothing},
		"due":                   {versions: rotation.Versions{Current: made(every)}, every: every, did: rotation.Rotated, want: append(rotate, "schedule")},
		"manual":                {versions: rotation.Versions{Current: made(1000 * every)}, did: rotation.Nothing},
		"of unknown age":        {versions: rotation.Versions{Current: v("2")}, every: every, did: rotation.Nothing},
		"without a value":       {every: every, did: rotation.Nothing},
		"the first value":       {every: every, first: true, did: rotation.Rotated, want: rotate},
		"interrupted":           {versions: rotation.Versions{Current: made(0), Pending: v("3")}, did: rotation.Rotated, want: []string{"promote", "schedule"}},
		"to retire":             {versions: rotation.Versions{Current: made(0), Previous: due}, every: every, did: rotation.Retired, want: []string{"retire"}},
		"not to retire yet":     {versions: rotation.Versions{Current: made(0), Previous: soon}, every: every, did: rotation.Nothing},
		"not scheduled":         {versions: rotation.Versions{Current: made(0), Previous: v("1")}, did: rotation.Retired, want: []string{"schedule"}},
		"both":                  {versions: rotation.Versions{Current: made(every), Previous: due}, every: every, did: rotation.Rotated, want: append([]string{"retire"}, append(rotate, "schedule")...)},
		"due within the grace":  {versions: rotation.Versions{Current: made(every), Previous: soon}, every: every, did: rotation.Nothing},
		"the store says no":     {fails: map[string]error{"versions": errors.New("no")}, did: rotation.Nothing, class: rotation.Internal},
		"the promotion says no": {versions: rotation.Versions{Current: made(every)}, every: every, fails: map[string]error{"promote": errors.New("no")}, did: rotation.Nothing, want: rotate, class: rotation.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{Versions: c.versions, values: map[string]string{"1": "one", "2": "two", "3": "three"}, fails: c.fails}
			r, log := rotator(store{m}, revoker{target{m}})
			tended, err := r.Tend(t.Context(), c.every, c.first)
			did := tended.Did
			if did != c.did || rotation.ClassOf(err) != c.class {
				t.Errorf("did %s, %v; want %s, class %q", did, err, c.did, c.class)
			}
			var wrote []string
			for _, call := range m.calls {
				if name := strings.Fields(call)[0]; slices.Contains([]string{"stage", "promote", "schedule", "retire"}, name) {
					wrote = append(wrote, name)
				}
			}
			if !slices.Equal(wrote, c.want) {
				t.Errorf("wrote %q, want %q", wrote, c.want)
			}
			if err != nil && len(decode(t, log)) == 0 {
				t.Error("the failure has no record")
			}
		})
	}
}

// A look leaves a record each time, and says what is overdue, also where the rotation itself fails.
func TestLook(t *testing.T) {
	const overdue = 30 * time.Hour
	made := func(ago time.Duration) rotation.Versions {
		return rotation.Versions{Current: rotation.Version{ID: "2", Since: noon.Add(-ago)}}
	}
	for name, c := range map[string]struct {
		versions rotation.Versions
		overdue  time.Duration
		fails    map[string]error
		onTime   bool
		outcome  string
	}{
		"on time":            {versions: made(time.Hour), overdue: overdue, onTime: true, outcome: "ok"},
		"due, and done":      {versions: made(overdue + 1), overdue: overdue, onTime: true, outcome: "ok"},
		"due, and fails":     {versions: made(overdue - 1), overdue: overdue, fails: map[string]error{"stage": errors.New("no")}, onTime: true, outcome: "ok"},
		"overdue, and fails": {versions: made(overdue + 1), overdue: overdue, fails: map[string]error{"stage": errors.New("no")}, outcome: "failed overdue"},
		"never overdue":      {versions: made(1000 * overdue), fails: map[string]error{"stage": errors.New("no")}, onTime: true, outcome: "ok"},
		"of unknown age":     {versions: rotation.Versions{Current: v("2")}, overdue: overdue, onTime: true, outcome: "ok"},
		"without a value":    {overdue: overdue, onTime: true, outcome: "ok"},
		"the store says no":  {overdue: overdue, fails: map[string]error{"versions": errors.New("no")}, outcome: "failed internal"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{Versions: c.versions, values: map[string]string{"2": "two"}, fails: c.fails}
			r, log := rotator(store{m}, revoker{target{m}})
			r.Overdue = c.overdue
			tended, _ := r.Tend(t.Context(), 24*time.Hour, false)
			if tended.OnTime != c.onTime {
				t.Errorf("on time: %v, want %v", tended.OnTime, c.onTime)
			}
			var looks []string
			for _, record := range decode(t, log) {
				if record["step"] == "look" {
					class, _ := record["class"].(string)
					looks = append(looks, strings.TrimSpace(record["outcome"].(string)+" "+class))
				}
			}
			if !slices.Equal(looks, []string{c.outcome}) {
				t.Errorf("records of looks: %q, want %q", looks, c.outcome)
			}
		})
	}
}
