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
			did, err := r.Tend(t.Context(), c.every, c.first)
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
