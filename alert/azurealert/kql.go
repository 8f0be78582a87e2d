package azurealert

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/secretstack/secretstack/alert"
)

// The columns of a query's result: a row for each secret, caller and address, or where the alert counts one for what it
// counts together. Secret, Who and From are text, for the dimensions of a rule; Since is when the first event was that
// counts, and Count how many there were.
const (
	Secret = "Secret"
	Who    = "Who"
	From   = "From"
	Since  = "Since"
	Count  = "Count"
)

// MaxQuery is how many bytes a query may have. All the data of a rule may have 64 KB, and a quotation mark takes two
// bytes there: https://learn.microsoft.com/azure/azure-monitor/service-limits#alerts.
const MaxQuery = 44 << 10

// recent is longer than records take to reach a workspace: 3 to 20 minutes
// (https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time).
const recent = time.Hour

// Window is the windowSize of an alert's rule: how far back its query looks. A rule runs more often than that, and so
// sees an event again and again; it tells of it once if it resolves by itself (autoMitigate).
func Window(a alert.Alert) time.Duration {
	switch {
	case alert.Asks(a.When, alert.KnownWho, alert.KnownFrom):
		return Memory
	case a.Quiet > 0:
		return 24 * time.Hour
	}
	return recent
}

// KQL is the query of a scheduled query rule that fires where the query has results. Its tables need not exist yet. It
// fails for a gap, and where the query would have more than MaxQuery bytes: see Split. The Store must be indexed.
func (s *Store) KQL(a alert.Alert) (string, error) {
	if reason, gap := Gaps[a.ID]; gap {
		return "", fmt.Errorf("%s is not there on Azure: %s", a.ID, reason)
	}
	query := s.declared(a) + s.events(a.When) + s.known(a.When) + "| where " + s.condition(a.When) + "\n" + result(a)
	if len(query) > MaxQuery {
		return "", fmt.Errorf("the query of %s has %d bytes, and a rule takes %d; divide the secrets (Split), or have fewer with a threshold of their own", a.ID, len(query), MaxQuery)
	}
	return query, nil
}

// Split divides the secrets, by their names, so that for each part the query of Only is short enough for a rule: what
// the query of all would find, one of theirs does. An alert that names no secret has one part, with all of them. A
// secret's Readers can be any texts here, such as the names in the declaration, if two of them are never one identity.
func (s *Store) Split(a alert.Alert) [][]string {
	const identity, number, burst = len(`"00000000-0000-0000-0000-000000000000":10000,`), len("10000,"), len(`"":1000000000,`)
	rest := len(s.Only(nil).events(a.When)+s.condition(a.When)+result(a)) + 1<<9
	size, callers := rest, map[string]bool{}
	of := func(w alert.Secret) int {
		id := len(s.ids[w.Name])
		n := id + len(`"":[],`) + number*len(w.Readers)
		if w.Burst > 0 {
			n += id + burst
		}
		for _, r := range w.Readers {
			if !callers[r] {
				n += identity
			}
		}
		return n
	}
	parts := [][]string{nil}
	for _, w := range s.Secrets {
		if alert.Asks(a.When, alert.Declared, alert.ByReader) && size+of(w) > MaxQuery {
			parts = append(parts, nil)
			size = rest
			clear(callers)
		}
		size += of(w)
		for _, r := range w.Readers {
			callers[r] = true
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], w.Name)
	}
	return parts
}

// declared are the declared secrets, each with the numbers of its readers, and what is normal for it. Readers are keys, as
// values in a dynamic literal become a guid where they look like one, which is no text any more:
// https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic.
func (s *Store) declared(a alert.Alert) (lets string) {
	if alert.Asks(a.When, alert.Declared, alert.ByReader) {
		readers, callers := map[string][]int{}, map[string]int{}
		for _, w := range s.Secrets {
			numbers := []int{}
			for _, r := range w.Readers {
				if _, ok := callers[r]; !ok {
					callers[r] = len(callers)
				}
				numbers = append(numbers, callers[r])
			}
			readers[s.ids[w.Name]] = numbers
		}
		lets = "let callers = dynamic(" + text(callers) + ");\nlet readers = dynamic(" + text(readers) + ");\n"
	}
	if a.Count != nil && a.Count.Per == alert.PerSecret {
		bursts := map[string]int{}
		for _, w := range s.Secrets {
			if w.Burst > 0 {
				bursts[s.ids[w.Name]] = w.Burst
			}
		}
		lets += "let bursts = dynamic(" + text(bursts) + ");\n"
	}
	return lets
}

// events are the rows of all tables that have actions which a condition names, in the columns of an alert.Event. The
// first has none; without it, a union of tables of which none exists would be an error:
// https://learn.microsoft.com/kusto/query/union-operator.
func (s *Store) events(c alert.Condition) string {
	tables := []string{"(datatable(Time: datetime, Action: string, Outcome: string, Secret: string, Who: string, From: string)[])"}
	for _, rows := range []func([]alert.Action) string{s.vaultRows, s.activityRows, s.rotatorRows} {
		if r := rows(alert.Actions(c)); r != "" {
			tables = append(tables, r)
		}
	}
	return "let events = materialize(union isfuzzy=true\n    " + strings.Join(tables, ",\n    ") + ");\nevents\n"
}

// known adds to the recent events whether their caller and their address are known. In the first day of a log nobody
// can tell, and so nobody is new.
func (s *Store) known(c alert.Condition) string {
	if !alert.Asks(c, alert.KnownWho, alert.KnownFrom) {
		return ""
	}
	return fmt.Sprintf(`| where Time > ago(%s) and toscalar(events | summarize min(Time)) < ago(1d)
| lookup kind=leftouter (events | where Action == "read" and Outcome == "ok" | summarize FirstWho = min(Time) by Secret, Who) on Secret, Who
| lookup kind=leftouter (events | where Action == "read" and Outcome == "ok" | summarize FirstFrom = min(Time) by Secret, From) on Secret, From
| extend KnownWho = coalesce(FirstWho < Time, false), KnownFrom = isempty(From) or coalesce(FirstFrom < Time, false)
`, span(recent))
}

// result are the rows that fire the alert.
func result(a alert.Alert) string {
	switch {
	case a.Quiet > 0:
		return fmt.Sprintf(`| summarize Since = max(Time)
| where isnull(Since) or Since < ago(%s)
| project Secret = "", Who = "", From = "", Since, Count = 0
`, span(a.Quiet))
	case a.Count == nil:
		return "| summarize Since = min(Time), Count = count() by Secret, Who, From\n"
	}
	some := func(column string) string {
		return fmt.Sprintf(`%s = strcat_array(array_sort_asc(make_set(%[1]s, 5)), ", ")`, column)
	}
	over, group := strconv.Itoa(a.Count.Over), some(Secret)+", "+some(Who)+", "+some(From)
	if a.Count.Per == alert.PerSecret {
		over, group = "coalesce(tolong(bursts[Secret]), "+over+")", some(Who)+", "+some(From)+" by Secret"
	}
	// More than Over events come within a time where the one that is Over places after another comes within it.
	return fmt.Sprintf(`| sort by Time asc
| summarize Times = make_list(Time), %s
| extend Over = %s
| where array_length(Times) > Over
| mv-expand Begin = array_slice(Times, 0, array_length(Times) - Over - 1) to typeof(datetime), End = array_slice(Times, Over, -1) to typeof(datetime)
| where End - Begin < %s
| summarize Since = min(Begin), Count = count() + take_any(Over) by Secret, Who, From
`, group, over, span(a.Count.Within))
}

func span(d time.Duration) string {
	if d%time.Hour == 0 {
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Minutes())) + "m"
}

// list writes the members of a list.
func list[T ~string](items []T) string {
	var all []string
	for _, item := range items {
		all = append(all, quote(string(item)))
	}
	return strings.Join(all, ", ")
}

// quote writes a string literal: https://learn.microsoft.com/kusto/query/scalar-data-types/string.
func quote(text string) string { return strconv.Quote(text) }

// verbatim writes a string literal without escapes, for regular expressions.
func verbatim(text string) string { return `@"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// text writes a dynamic literal, which is JSON: https://learn.microsoft.com/kusto/query/scalar-data-types/dynamic.
func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err) // of texts and numbers
	}
	return string(data)
}
