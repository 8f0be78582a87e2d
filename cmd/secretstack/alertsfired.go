package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/secretstack/secretstack/alert"
)

// firing is an alert that would have fired, as JSON has it.
type firing struct {
	Time      time.Time      `json:"time"`
	Alert     alert.ID       `json:"alert"`
	Severity  alert.Severity `json:"severity"`
	Title     string         `json:"title"`
	Secret    string         `json:"secret,omitempty"`
	Who       string         `json:"who,omitempty"`
	From      string         `json:"from,omitempty"`
	Since     time.Time      `json:"since,omitzero"`
	Count     int            `json:"count"`
	Per       alert.Per      `json:"per,omitempty"` // where several count: of store, Secret is that of the last one
	Operation string         `json:"operation,omitempty"`
	Record    string         `json:"record,omitempty"`
	Do        string         `json:"do"`
	Runbook   string         `json:"runbook"`
}

func (t *alertsTest) print(firings []alert.Firing) {
	for _, f := range firings {
		e := f.Event
		sum := t.fired[f.Alert.ID]
		if sum == nil {
			sum = &firedAlert{first: e.Time}
			t.fired[f.Alert.ID] = sum
		}
		sum.times, sum.last = sum.times+1, e.Time
		from := ""
		if e.From.IsValid() {
			from = e.From.String()
		}
		if t.json {
			t.failed = cmp.Or(t.failed, json.NewEncoder(t.out).Encode(firing{
				e.Time, f.Alert.ID, f.Alert.Severity, f.Alert.Title, e.Secret, e.Who, from, f.Since, f.Count, per(f.Alert), e.Operation, e.ID,
				f.Alert.Do, f.Alert.Runbook(),
			}))
			continue
		}
		of, by := " of", " by"
		switch {
		case per(f.Alert) == alert.PerStore && e.Secret != "":
			of = ", last of"
		case f.Alert.Count != nil:
			by = ", last by"
		}
		t.say("%s  %-8s  %s%s", e.Time.Format(time.RFC3339), f.Alert.Severity, f.Alert.ID, words(
			of, subject(e.Secret), by, e.Who, " from", from, ":", counted(f), ", record", e.ID))
	}
}

// per says what an alert counts together. Empty: it counts nothing.
func per(a alert.Alert) alert.Per {
	if a.Count == nil {
		return ""
	}
	return a.Count.Per
}

// subject names a secret. On Azure some operations are about all of them.
func subject(secret string) string {
	if secret == "*" {
		return "the whole vault"
	}
	return secret
}

// words puts each second word behind the first before it, where it is there.
func words(pairs ...string) string {
	var text strings.Builder
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			text.WriteString(pair[0] + " " + printable(pair[1]))
		}
	}
	return text.String()
}

// printable takes away what a terminal would obey: whoever is in the log has chosen some of it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}

// counted says what counted.
func counted(f alert.Firing) string {
	since := " since " + f.Since.Format(time.RFC3339)
	switch {
	case f.Count == 0 && f.Since.IsZero():
		return "nothing heard"
	case f.Count == 0:
		return "nothing heard" + since
	case f.Count > 1:
		return strconv.Itoa(f.Count) + " times" + since + ", at last " + f.Event.Operation
	}
	return f.Event.Operation
}

// sum says how often each alert would have fired, and what to do then.
func (t *alertsTest) sum() error {
	if t.json {
		return t.verdict()
	}
	t.say("\n%d records, %d of them about this store or its audit log", t.records, t.about)
	rows := [][]string{{"ALERT", "SEVERITY", "FIRED", "FIRST", "LAST"}}
	for _, a := range t.alerts {
		if sum := t.fired[a.ID]; sum != nil {
			rows = append(rows, []string{
				string(a.ID), string(a.Severity), strconv.Itoa(sum.times), sum.first.Format(time.RFC3339), sum.last.Format(time.RFC3339),
			})
		}
	}
	if len(rows) == 1 {
		t.say("no alert would have fired")
		return t.failed
	}
	t.failed = cmp.Or(t.failed, printTable(t.out, rows))
	for _, a := range t.alerts {
		if t.fired[a.ID] != nil {
			t.say("\n%s: %s\n  %s\n  %s", a.ID, a.Title, a.Do, a.Runbook())
		}
	}
	return t.verdict()
}

func (t *alertsTest) verdict() error {
	if t.failed == nil && t.fail && len(t.fired) > 0 {
		return exitError{errors.New("an alert would have fired"), exitFired}
	}
	return t.failed
}

func (t *alertsTest) say(format string, values ...any) {
	_, err := fmt.Fprintf(t.out, format+"\n", values...)
	t.failed = cmp.Or(t.failed, err)
}

// note is about the replay, not of it.
func (t *alertsTest) note(text string) {
	_, err := fmt.Fprintln(t.err, "note: "+text)
	t.failed = cmp.Or(t.failed, err)
}
