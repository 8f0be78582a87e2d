package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/internal/plan"
	"github.com/secretstack/secretstack/internal/stack"
)

func newAlerts() *cobra.Command {
	var selected selection
	var as *format
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "List a stack's alerts: what watches, from how many events on, and who hears of it",
		Long: `List all alerts of the catalogue: what watches for each in this stack, from how many events on it fires, and who
hears of it. What is not on says why: the stack switches it off, or its cloud cannot do it.

"secretstack alerts test" replays an audit log through them.`,
		Example: `  secretstack alerts -s prod
  secretstack alerts -s prod --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.open()
			if err != nil {
				return err
			}
			l := listAlerts(s)
			if as.value == "json" {
				return printJSON(cmd.OutOrStdout(), l)
			}
			return l.print(cmd.OutOrStdout())
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "text", "json")
	cmd.AddCommand(newAlertsTest())
	return cmd
}

// alertList is what watches a stack, and who hears of it.
type alertList struct {
	Alerts []listedAlert  `json:"alerts"`
	Email  []string       `json:"email"`
	URLs   map[string]int `json:"urls"` // how many, by channel
	Nobody string         `json:"nobody,omitempty"`
	local  bool
}

type listedAlert struct {
	Alert    alert.ID       `json:"alert"`
	Severity alert.Severity `json:"severity"`
	Title    string         `json:"title"`
	State    string         `json:"state"` // on, off or cannot
	Reason   string         `json:"reason,omitempty"`
	Fires    string         `json:"fires"`
	// Bursts are the thresholds of secrets that have their own.
	Bursts    map[string]int `json:"bursts,omitempty"`
	WatchedBy []string       `json:"watchedBy"` // resources of the plan
	Runbook   string         `json:"runbook"`
}

// The states.
const (
	on     = "on"
	off    = "off"
	cannot = "cannot"
)

func listAlerts(s *stack.Stack) alertList {
	l := alertList{
		Email: append([]string{}, s.Config.Alerts.Email...), URLs: s.AlertURLCounts(), Nobody: s.Config.Alerts.Nobody, local: isLocal(s),
	}
	settings, rotates := s.AlertSettings(), len(s.Declaration.Rotated()) > 0
	active := settings.Active(s.AlertGaps(), rotates)
	watch := alert.Watch{Clock: clock(s)}
	for _, a := range alert.Catalogue {
		item := listedAlert{
			Alert: a.ID, Severity: a.Severity, Title: a.Title, State: off, WatchedBy: []string{}, Runbook: a.Runbook(),
		}
		i := slices.IndexFunc(active, func(is alert.Alert) bool { return is.ID == a.ID })
		switch gap, reason := s.AlertGaps()[a.ID], settings.Off[a.ID]; {
		case i >= 0:
			a = active[i] // with the stack's threshold
			item.State, item.WatchedBy = on, watchers(s, a.ID)
		case gap != "":
			item.State, item.Reason = cannot, gap
		case reason != "":
			item.Reason = reason
		case a.AboutRotation():
			item.Reason = "nothing is rotated"
		default:
			item.Reason = "the stack names no networks"
		}
		a.Quiet = watch.Silence(a)
		item.Fires = fires(a)
		if a.ID == alert.ReadBurst {
			item.Bursts = bursts(s)
		}
		l.Alerts = append(l.Alerts, item)
	}
	return l
}

// fires says from how many events on an alert fires.
func fires(a alert.Alert) string {
	switch {
	case a.Quiet > 0:
		return "after " + inUnits(a.Quiet) + " of silence"
	case a.Count == nil:
		return "each time"
	}
	return fmt.Sprintf("over %d in %s per %s", a.Count.Over, inUnits(a.Count.Within), a.Count.Per)
}

// inUnits is a duration of whole hours or minutes.
func inUnits(d time.Duration) string {
	if h := d / time.Hour; d == h*time.Hour {
		return strconv.Itoa(int(h)) + "h"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

func bursts(s *stack.Stack) map[string]int {
	own := map[string]int{}
	for _, spec := range s.Declaration.Secrets {
		if spec.Alerts.Burst > 0 {
			own[spec.Name] = spec.Alerts.Burst
		}
	}
	return own
}

// watchers are the resources that are named after an alert, below the component with all of them.
func watchers(s *stack.Stack, id alert.ID) []string {
	found := []string{}
	for _, r := range s.Plan.Resources {
		_, after, named := strings.Cut(r.Name, "-"+string(id))
		if !named || after != "" && !strings.HasPrefix(after, "-") {
			continue
		}
		if component, _ := s.Plan.Get(r.Parent); strings.HasSuffix(component.Type, ":Alerts") {
			found = append(found, kind(r)+" "+r.Name)
		}
	}
	if isLocal(s) {
		found = append(found, "secretstack audit")
	}
	return found
}

// kind is the last word of a resource's type.
func kind(r plan.Resource) string { return r.Type[strings.LastIndexByte(r.Type, ':')+1:] }

func (l alertList) print(w io.Writer) error {
	var text strings.Builder
	for _, a := range l.Alerts {
		fmt.Fprintf(&text, "%s (%s): %s\n  %s", a.Alert, a.Severity, a.Title, a.State)
		if a.Reason != "" {
			fmt.Fprintf(&text, ": %s\n", a.Reason)
			continue
		}
		fmt.Fprintf(&text, ", %s", a.Fires)
		for _, name := range slices.Sorted(maps.Keys(a.Bursts)) {
			fmt.Fprintf(&text, ", %d of %s", a.Bursts[name], name)
		}
		if len(a.WatchedBy) > 0 {
			fmt.Fprintf(&text, "; watched by %s", a.WatchedBy[0])
		}
		if more := len(a.WatchedBy) - 1; more > 0 {
			fmt.Fprintf(&text, " and %d more", more)
		}
		text.WriteString("\n")
	}
	_, err := fmt.Fprintf(w, "%s\nheard by %s\n", text.String(), l.hearers())
	return err
}

// hearers says who hears of the alerts, and no URL.
func (l alertList) hearers() string {
	hearers := slices.Clone(l.Email)
	for _, channel := range slices.Sorted(maps.Keys(l.URLs)) {
		hearers = append(hearers, fmt.Sprintf("%s (%d)", channel, l.URLs[channel]))
	}
	switch {
	case l.local:
		return "whoever runs secretstack audit"
	case len(hearers) == 0:
		return "nobody: " + l.Nobody
	}
	return strings.Join(hearers, ", ")
}
