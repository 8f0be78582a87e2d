package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/alert/localalert"
	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
)

// exitBroken is the exit code of audit where the log is not as it was written; exitFired that for all other warnings.
const exitBroken = 4

func newAudit() *cobra.Command {
	var selected selection
	var as *format
	since := secret.Duration(24 * time.Hour)
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who read what on the local cloud, and what to worry about",
		Long: `Show the access log of the local cloud: who read or changed which secret, when, and for which command. It
never has a value, or a command's arguments. Each entry has the hash of the one before it, so audit notices
where entries were changed or taken away. It looks at the whole log, and shows the time asked for.

What the other clouds would send an alert for, audit warns of; and of what is overdue to be rotated.

Exit codes: 3 if it warns of anything, 4 if the log is not as it was written.`,
		Example: `  secretstack audit -s local
  secretstack audit -s local --since 2w --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := selected.openLocal("audit", `give that cloud's audit log to "secretstack alerts test"`)
			if err != nil {
				return err
			}
			now := time.Now().UTC()
			a, err := s.audit(now.Add(-time.Duration(since)), now)
			if err != nil {
				return err
			}
			if as.value == "json" {
				err = printJSON(cmd.OutOrStdout(), a)
			} else {
				err = a.print(cmd.OutOrStdout())
			}
			return errors.Join(err, a.verdict())
		},
	}
	selected.addFlags(cmd)
	cmd.Flags().TextVar(&since, "since", since, "how far to look back: a `TIME` in h, d or w")
	as = addFormat(cmd, "text", "json")
	return cmd
}

// audit is what there is to say of a time.
type audit struct {
	Log      string            `json:"log"`
	Hash     string            `json:"hash"`  // of the last entry
	Noted    bool              `json:"noted"` // it was known where the log must end
	Entries  []accesslog.Entry `json:"entries"`
	Breaks   []accesslog.Break `json:"breaks"` // in the whole log
	Warnings []warning         `json:"warnings"`
	Due      []string          `json:"due"` // what rotate --due would do
	all      int               // entries in the whole log
}

// warning is an alert of the catalogue.
type warning struct {
	Alert    alert.ID       `json:"alert"`
	Severity alert.Severity `json:"severity"`
	Title    string         `json:"title"`
	Secret   string         `json:"secret,omitempty"`
	Who      string         `json:"who,omitempty"`
	What     string         `json:"what"`
	Since    time.Time      `json:"since,omitzero"`
	Do       string         `json:"do"`
	Runbook  string         `json:"runbook"`
}

func (s *localStack) audit(from, now time.Time) (*audit, error) {
	log, err := accesslog.Open(s.Dir, s.Name)
	if err != nil {
		return nil, err
	}
	store, err := s.watched()
	if err != nil {
		return nil, err
	}
	file, err := agefile.Read(s.file)
	if err != nil {
		return nil, err
	}
	a := &audit{Log: log.File, Entries: []accesslog.Entry{}, Breaks: []accesslog.Break{}, Warnings: []warning{}, Due: []string{}}
	replay := alert.NewReplay(&store.Watch, s.AlertSettings().Active(localalert.Gaps, true))
	chain, err := log.Check(func(line []byte, e accesslog.Entry) error {
		recent := !e.Time.Before(from)
		if recent {
			a.Entries = append(a.Entries, e)
		}
		if event, err := store.Decode(line); err == nil { // if not, somebody changed it: it is among the breaks
			for _, f := range replay.Add(event) {
				if recent {
					a.warn(f, whatOf(f, e))
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the access log %s cannot be read: %w", log.File, err)
	}
	a.all, a.Hash, a.Noted = chain.Entries, chain.Last.Hash, chain.Noted
	if len(chain.Breaks) > 0 {
		a.Breaks = chain.Breaks
		for _, f := range replay.Add(localalert.Broken(a.Breaks[0], now)) {
			f.Since = a.Breaks[0].After
			a.warn(f, a.Breaks[0].String())
		}
	}
	s.auditRotations(a, file, now)
	return a, nil
}

// auditRotations says what is due, and warns of what is overdue.
func (s *localStack) auditRotations(a *audit, file *agefile.File, now time.Time) {
	_, off := s.AlertSettings().Off[alert.RotationOverdue]
	for _, spec := range s.Declaration.Rotated() {
		e, _ := file.Entry(spec.Name)
		todo := s.todo(e, spec, now)
		if todo == nil {
			continue
		}
		a.Due = append(a.Due, fmt.Sprintf("%s: %s; secretstack rotate --due %s", spec.Name, todo.why, flagsOf(s.Stack)))
		if limit := spec.Rotation.OverdueAfter(); limit > 0 && now.Sub(e.Updated) > limit && !off {
			f := alert.Firing{Alert: *alert.ByID(alert.RotationOverdue), Event: alert.Event{Secret: spec.Name}, Since: e.Updated}
			a.warn(f, "its value is from "+e.Updated.Format(time.DateOnly))
		}
	}
}

// watched gives what the alerts of the stack are about, for the user who asks: what another one changes is a warning.
func (s *localStack) watched() (*localalert.Store, error) {
	store := &localalert.Store{
		Watch: alert.Watch{Rotators: []string{localsecret.Rotator}, Deployers: []string{accesslog.User()}},
		Keys:  map[string]string{},
	}
	for _, reader := range s.Declaration.Readers() {
		key, err := s.publicKey(reader)
		if errors.Is(err, fs.ErrNotExist) {
			continue // who reads as this reader has another's key
		} else if err != nil {
			return nil, err
		}
		store.Keys[key] = reader
	}
	for _, spec := range s.Declaration.Secrets {
		readers := spec.Readers
		if s.Declaration.ReadByRotator(spec.Name) {
			readers = append([]string{localsecret.Rotator}, readers...)
		}
		store.Secrets = append(store.Secrets, alert.Secret{Name: spec.Name, Readers: readers, Burst: spec.Alerts.Burst})
	}
	return store, nil
}

// publicKey gives a reader's own, or that of its key on this machine.
func (s *localStack) publicKey(reader string) (string, error) {
	if own := s.Config.Identities[reader]; own != "" {
		return agefile.CanonicalRecipient(own)
	}
	file, err := agefile.KeyFile(s.keys, reader)
	if err != nil {
		return "", err
	}
	return agefile.ReadRecipient(file)
}

// whatOf says what fired an alert, with the last entry that counted.
func whatOf(f alert.Firing, e accesslog.Entry) string {
	what := e.Note
	switch {
	case e.Operation == accesslog.Rotate:
		what = "the rotation failed: " + e.Note
	case e.Operation != accesslog.Broken:
		what = fmt.Sprintf("%s: %s", e.Operation, e.Outcome)
	}
	if e.Command != "" {
		what += ", for " + e.Command
	}
	if f.Count > 1 {
		what = fmt.Sprintf("%d times, at last %s", f.Count, what)
	}
	return what
}

func (a *audit) warn(f alert.Firing, what string) {
	who := f.Event.Who
	if user := f.Event.From.Zone(); user != "" && user != who {
		who = user + " as " + who
	}
	a.Warnings = append(a.Warnings, warning{
		Alert: f.Alert.ID, Severity: f.Alert.Severity, Title: f.Alert.Title,
		Secret: f.Event.Secret, Who: who, What: what, Since: f.Since, Do: f.Alert.Do, Runbook: f.Alert.Runbook(),
	})
}

// verdict is the error that gives the exit code.
func (a *audit) verdict() error {
	switch {
	case len(a.Breaks) > 0:
		return exitError{errors.New("the access log is not as it was written"), exitBroken}
	case len(a.Warnings) > 0:
		return exitError{errors.New("there is something to worry about"), exitFired}
	}
	return nil
}

func (a *audit) print(w io.Writer) error {
	rows := [][]string{{"TIME", "DID", "SECRET", "VERSION", "OUTCOME", "USER", "AS", "FOR"}}
	for _, e := range a.Entries {
		version := ""
		if e.Version > 0 {
			version = strconv.Itoa(e.Version)
		}
		rows = append(rows, []string{
			e.Time.Format(time.RFC3339), string(e.Operation), e.Secret, version, string(e.Outcome), e.User, e.Reader, e.Command,
		})
	}
	if err := printTable(w, rows); err != nil {
		return err
	}
	var errs []error
	say := func(format string, values ...any) {
		_, err := fmt.Fprintf(w, format+"\n", values...)
		errs = append(errs, err)
	}
	switch {
	case len(a.Breaks) > 0:
		say("\n%s is not as it was written:", a.Log)
	case a.all == 0:
		say("\nNothing was read yet.")
	default:
		say("\n%s is whole: %d entries, the last with the hash %s", a.Log, a.all, a.Hash)
	}
	for _, b := range a.Breaks {
		say("  %s", b)
	}
	if a.all > 0 && !a.Noted {
		say("There is no note of where it ended when you last used it, so entries may be missing at its end.")
	}
	for _, due := range a.Due {
		say("%s", due)
	}
	for _, warning := range a.Warnings {
		say("\n%s: %s (%s)", warning.Severity, warning.Title, warning.Alert)
		for _, line := range [][2]string{
			{"secret", warning.Secret},
			{"who", warning.Who},
			{"what", warning.What},
			{"since", since(warning.Since)},
			{"do", warning.Do},
			{"see", warning.Runbook},
		} {
			if line[1] != "" {
				say("  %-7s %s", line[0], line[1])
			}
		}
	}
	return errors.Join(errs...)
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
