package awsalert_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/alerttest"
	"github.com/secretstack/secretstack/alert/awsalert"
	"github.com/secretstack/secretstack/internal/golden"
)

func TestAlerts(t *testing.T) {
	s := store()
	alerttest.Run(t, alerttest.Cloud{
		Watch: &s.Watch, Decode: s.Decode, Gaps: awsalert.Gaps,
		Native: func(t *testing.T, a alert.Alert) func([]byte) bool {
			n := write(t, s, a)
			return func(record []byte) bool { return n.matches(t, record) }
		},
		Unseen: map[string]string{
			"key-changed: alert.Does[open-key]": "what else is done with a key is no action of the catalogue",
		},
	})
}

// native is one alert in AWS's languages.
type native struct {
	events []string // for rules on the bus
	filter string   // for a metric filter, or ""
}

func write(t *testing.T, s *awsalert.Store, a alert.Alert) (n native) {
	t.Helper()
	if a.ID != alert.RotationOverdue {
		parts, err := s.Split(a.When)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			pattern, err := s.Only(part).EventPattern(a.When)
			if err != nil {
				t.Fatal(err)
			}
			n.events = append(n.events, pattern)
		}
	}
	if a.Count != nil || a.ID == alert.ReadFromElsewhere || a.ID == alert.RotationFailed || a.ID == alert.RotationOverdue {
		var err error
		if n.filter, err = s.FilterPattern(a.When); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// matches asks the rules about what CloudTrail has, and the filter about what its log group has.
func (n native) matches(t *testing.T, record []byte) bool {
	t.Helper()
	detail := gjson.GetBytes(record, "detail")
	trail := detail.Exists() || gjson.GetBytes(record, "eventSource").Exists()
	if !trail {
		return n.filter != "" && filter(t, n.filter, record)
	}
	event := onBus(t, record)
	matches := slices.ContainsFunc(n.events, func(pattern string) bool { return eventBridge(t, pattern, event) })
	if detail.Exists() {
		record = []byte(detail.Raw)
	}
	if n.filter != "" && !aboutRotator(n.filter) {
		if counted := filter(t, n.filter, record); counted != matches {
			t.Errorf("the filter pattern says %v, and the event pattern %v, of\n%s", counted, matches, record)
		}
	}
	return matches
}

// aboutRotator tells whether a filter is meant for the rotator's log group.
func aboutRotator(filter string) bool { return bytes.Contains([]byte(filter), []byte("$.msg")) }

// The patterns of the sample store, as they are deployed.
func TestPatterns(t *testing.T) {
	s := store()
	var b bytes.Buffer
	for _, a := range alert.Catalogue {
		if _, gap := awsalert.Gaps[a.ID]; gap {
			continue
		}
		n := write(t, s, a)
		for _, pattern := range n.events {
			fmt.Fprintf(&b, "%s, event pattern of %d characters\n%s\n\n", a.ID, len(pattern), pattern)
		}
		if n.filter != "" {
			fmt.Fprintf(&b, "%s, filter pattern of %d characters\n%s\n\n", a.ID, len(n.filter), n.filter)
		}
	}
	golden.Compare(t, filepath.Join("testdata", "golden", "patterns.txt"), b.Bytes())
}
