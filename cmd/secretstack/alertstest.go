package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/logfile"
)

// exitFired is the exit code of alerts test --fail where an alert would have fired.
const exitFired = 3

func newAlertsTest() *cobra.Command {
	var selected selection
	var as *format
	var t alertsTest
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Replay an audit log through a stack's alerts, and say what would have fired",
		Long: `Replay an audit log through a stack's alerts, and say what would have fired, without credentials or network:
to look into what has happened, and to find the thresholds before the alerts are switched on.

A FILE is as the cloud writes it or its command line prints it, plain or in gzip: CloudTrail's files, an export
of CloudWatch Logs, "gcloud logging read --format=json", "az monitor log-analytics query", JSON lines. A folder is
read whole, in the order of names, and - is the standard input. Give the rotator's log too: without it nothing
is said of a rotation that is overdue. A log with fewer than 50,000 records about the store can be in any order; in a
longer one a record can come 25,000 of them too late.

A record that is given twice, as in a folder and in what lookup-events prints, counts once. A log without any
record about the store is an error, and never passes as quiet: it may be of another account, project or stack.

Nobody is new in the first two weeks of a log, unless --from says when to begin: then those from before are known.

What the stack's files cannot tell, such as the ARNs that AWS has made, is in the stack's state. Give it with --state.

Exit codes: 2 if there is no log, or nothing about the store in it; 3 with --fail if an alert would have fired.`,
		Example: `  aws s3 cp --recursive s3://BUCKET/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/ trail
  secretstack alerts test -s prod trail
  gcloud logging read 'timestamp>="2026-03-01"' --order=asc --format=json | secretstack alerts test -s gcp -
  secretstack alerts test -s prod --from 2026-03-15 --fail trail rotator.log`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				return errors.New("name a FILE, or - for the standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if !t.from.IsZero() && !t.to.IsZero() && !t.from.Before(t.to.Time) {
				return inputError{fmt.Errorf("--from %s is not before --to %s", &t.from, &t.to)}
			}
			s, err := selected.open()
			if err != nil {
				return err
			}
			var made state
			if t.state != "" {
				if made, err = readState(t.state); err != nil {
					return err
				}
			}
			if t.watched, err = selected.watchedBy(s, made); err != nil {
				return err
			}
			t.known = known{s, made}
			settings, gaps := s.AlertSettings(), s.AlertGaps()
			if t.all {
				settings.Off, gaps = nil, nil
			}
			t.alerts = settings.Active(gaps, t.all || len(s.Declaration.Rotated()) > 0)
			t.json = as.value == "json"
			t.out, t.err, t.in = cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.InOrStdin()
			return t.run(cmd.Context(), files)
		},
	}
	selected.addFlags(cmd)
	as = addFormat(cmd, "text", "json")
	flags := cmd.Flags()
	flags.Var(&t.from, "from", "begin at this `TIME`, such as 2026-03-15 or 2026-03-15T10:00:00Z; what came before is only remembered")
	flags.Var(&t.to, "to", "end before this `TIME`")
	flags.StringVar(&t.state, "state", "", "a `FILE` that \"pulumi stack export\" has written")
	flags.BoolVar(&t.all, "all", false, "take also the alerts that are off, or that the cloud cannot do")
	flags.BoolVar(&t.fail, "fail", false, "exit with code 3 if an alert would have fired")
	return cmd
}

// alertsTest is a replay.
type alertsTest struct {
	*watched
	known    known
	alerts   []alert.Alert
	from, to moment
	state    string
	all      bool
	fail     bool
	json     bool
	in       io.Reader
	out, err io.Writer

	records     int
	about       int       // how many are about the store
	first, last time.Time // of these
	within      int       // those between from and to
	rotator     bool      // its log is there
	sampled     sync.Once
	sample      []byte // some record
	fired       map[alert.ID]*firedAlert
	failed      error // of writing
}

// firedAlert sums up what an alert would have sent.
type firedAlert struct {
	times       int
	first, last time.Time
}

func (t *alertsTest) run(ctx context.Context, names []string) error {
	without := "without --state it is not known: "
	if t.state != "" {
		without = "the state does not tell: "
	}
	for _, u := range t.unknown {
		if u.mute == "" || t.active(u.mute) { // of an alert that is off, it does not matter
			t.note(without + u.text)
		}
	}
	files, err := filesOf(names)
	if err != nil {
		return inputError{err}
	}
	t.fired = map[alert.ID]*firedAlert{}
	replay := alert.NewReplay(t.watch, t.alerts)
	replay.From = t.from.Time
	order := inOrder{next: func(e alert.Event) {
		t.rotator = t.rotator || e.Action == alert.Look || e.Action == alert.Rotate || e.Action == alert.Abandon
		t.print(replay.Add(e))
	}}
	for _, file := range files {
		if err := t.read(ctx, file, &order); err != nil {
			return err
		}
	}
	order.end()
	if t.about == 0 && len(t.fired) == 0 {
		return cmp.Or(t.failed, error(inputError{t.nothing(names)}))
	}
	if t.within == 0 && t.about > 0 {
		t.note(fmt.Sprintf("of the records about this store, from %s to %s, none is in the time asked for",
			t.first.Format(time.RFC3339), t.last.Format(time.RFC3339)))
	}
	if t.rotator {
		t.print(replay.End(t.to.Time))
	} else if t.active(alert.RotationOverdue) {
		t.note("the log has no record of the rotator, so nothing is said of overdue rotations")
	}
	if order.twice > 0 {
		t.note(fmt.Sprintf("%d records were given more than once, and count once", order.twice))
	}
	if n := replay.TooLate(); n > 0 {
		t.note(fmt.Sprintf("%d records came too late to be counted; give the log in the order of time", n))
	}
	return cmp.Or(t.failed, t.sum())
}

// read takes the events of one file.
func (t *alertsTest) read(ctx context.Context, file string, order *inOrder) (err error) {
	in := t.in
	if file != "-" {
		f, openErr := os.Open(file)
		if openErr != nil {
			return inputError{unreadable(openErr)}
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		in = f
	}
	decode := func(record []byte) (alert.Event, error) {
		t.sampled.Do(func() { t.sample = bytes.Clone(record) })
		return t.decode(record)
	}
	err = logfile.Read(ctx, in, decode, func(e alert.Event) {
		t.records++
		e.Time = e.Time.UTC() // so that what is given twice is equal
		before := t.to.IsZero() || e.Time.Before(t.to.Time)
		if aboutStore(e) {
			t.count(e.Time, before)
		}
		if e.Action == "" || !before {
			return
		}
		// Not as parts of their record, which they would hold on to.
		for _, text := range []*string{&e.Secret, &e.Who, &e.Operation, &e.ID} {
			*text = strings.Clone(*text)
		}
		order.add(e)
	})
	switch {
	case errors.Is(err, logfile.ErrForm):
		cloud := t.known.Config.Cloud
		return inputError{fmt.Errorf("%s: %w. On %s these are: %s", file, err, cloud, logForms[cloud])}
	case err != nil:
		return inputError{fmt.Errorf("%s: %w", file, err)}
	}
	return nil
}

// aboutStore tells what is about the store, rather than about a secret or key of another, or about no one's.
func aboutStore(e alert.Event) bool {
	switch e.Action {
	case alert.Blind, alert.Rewire, alert.Rotate, alert.Abandon, alert.Look:
		return true
	}
	return e.Secret != "" || e.Key
}

// count takes note of a record about the store.
func (t *alertsTest) count(at time.Time, beforeEnd bool) {
	t.about++
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
	}
	if at.After(t.last) {
		t.last = at
	}
	if beforeEnd && !at.Before(t.from.Time) {
		t.within++
	}
}

// nothing says what is in a log that has no record about the store, and what should be.
func (t *alertsTest) nothing(names []string) error {
	if t.records == 0 {
		return fmt.Errorf("no record is in %s; expected are %s", strings.Join(names, ", "), t.known.records())
	}
	return fmt.Errorf("none of the %d records is about this store. Expected are %s; but one that is there is %s",
		t.records, t.known.records(), whoseRecord(t.sample))
}

func (t *alertsTest) active(id alert.ID) bool {
	return slices.ContainsFunc(t.alerts, func(a alert.Alert) bool { return a.ID == id })
}

// moment is the value of a flag: a time, or the beginning of a day.
type moment struct{ time.Time }

func (m *moment) Type() string { return "TIME" }
func (m *moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.Format(time.RFC3339)
}

func (m *moment) Set(text string) (err error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if m.Time, err = time.Parse(layout, text); err == nil {
			return nil
		}
	}
	return errors.New("is no time such as 2026-03-15 or 2026-03-15T10:00:00Z")
}
