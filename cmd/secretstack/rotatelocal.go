package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/rotation"
	"github.com/secretstack/secretstack/rotation/localstore"
	"github.com/secretstack/secretstack/rotation/targets"
)

// rotate rotates secrets on this machine: all of them, or those that are due.
func (s *localStack) rotate(ctx context.Context, out io.Writer, specs []secret.Spec, due bool) (err error) {
	if !due {
		for _, spec := range specs {
			if !s.rotatesHere(spec) {
				return inputError{fmt.Errorf("%s is not rotated on the stack %s: Pulumi.%[2]s.yaml does not say where its target is. "+
					"Add to its config, for one that this machine reaches:\n    secretstack:targets: {%[1]s: %[3]s}", spec.Name, s.Name, exampleOf(spec))}
			}
		}
	}
	records, err := s.records()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	log := slog.New(slog.NewJSONHandler(records, nil))

	var errs []error
	did := false
	for _, spec := range specs {
		line, err := s.rotateOne(ctx, spec, due, log)
		if err != nil {
			errs = append(errs, err)
		}
		if line != "" {
			did = true
			if _, err := fmt.Fprintln(out, line); err != nil {
				return err
			}
		}
	}
	if !did && len(errs) == 0 {
		_, err = fmt.Fprintln(out, "Nothing is due.")
	}
	return errors.Join(append(errs, err)...)
}

// rotateOne says in a line what it did, if it did anything.
func (s *localStack) rotateOne(ctx context.Context, spec secret.Spec, due bool, log *slog.Logger) (string, error) {
	before, err := s.entry(spec.Name)
	if err != nil {
		return "", err
	}
	doing := &todo{rotate: true}
	if due {
		if doing = s.todo(before, spec, time.Now()); doing == nil {
			return "", nil
		}
	}
	r, err := s.rotator(spec, log)
	if err != nil {
		return "", err
	}
	do := r.Retire
	if doing.rotate {
		do = r.Rotate
	}
	err = do(ctx)
	after, readErr := s.entry(spec.Name)
	if err := errors.Join(err, readErr, s.recordRotation(spec.Name, after.Version, err)); err != nil {
		return "", err
	}
	return spec.Name + ": " + outcome(before, after, r.Target), nil
}

// outcome says how an entry has changed.
func outcome(before, after agefile.Entry, target rotation.Target) string {
	until := ""
	if _, ok := target.(rotation.Revoker); ok && after.Previous != nil {
		until = "; the previous one works until " + after.Previous.RetireAfter.Format(time.RFC3339)
	}
	switch {
	case after.Version != before.Version:
		return fmt.Sprintf("rotated, version %d → %d%s", before.Version, after.Version, cmp.Or(until, "; restart what uses it"))
	case before.Previous != nil && after.Previous == nil:
		return fmt.Sprintf("version %d is retired", before.Previous.Version)
	default:
		return fmt.Sprintf("version %d is current%s", after.Version, until)
	}
}

// entry gives the zero Entry for a secret that is not there.
func (s *localStack) entry(name string) (agefile.Entry, error) {
	f, err := agefile.Read(s.file)
	if err != nil {
		return agefile.Entry{}, err
	}
	e, _ := f.Entry(name)
	return e, nil
}

// rotator gives what rotates a secret here.
func (s *localStack) rotator(spec secret.Spec, log *slog.Logger) (*rotation.Rotator, error) {
	same := func(name string) string { return name }
	target, err := targets.New(secret.NewJob(spec, s.Addresses[spec.Name], same), s.current)
	if err != nil {
		return nil, err
	}
	return &rotation.Rotator{
		Secret: spec.Name, Store: s.store(spec.Name), Target: target, Grace: spec.Rotation.GraceOrDefault(), Log: log,
	}, nil
}

func (s *localStack) store(name string) *localstore.Store {
	return &localstore.Store{File: s.file, Secret: name, Identities: []age.Identity{agefile.Keys(s.keys)}}
}

// current reads another secret for the rotation of one.
func (s *localStack) current(ctx context.Context, name string) (rotation.Value, error) {
	store := s.store(name)
	v, err := store.Versions(ctx)
	if err != nil {
		return rotation.Value{}, err
	}
	e, err := s.entry(name)
	if err != nil {
		return rotation.Value{}, err
	}
	value, err := store.Value(ctx, v.Current.ID)
	return value, errors.Join(err, s.record(accesslog.Entry{
		Operation: accesslog.RotationRead, Outcome: outcomeOf(e, err), Secret: name, Version: e.Version, Reader: localsecret.Rotator,
	}))
}

// records opens the file to which each step of a rotation adds a line of JSON. No value is in it.
func (s *localStack) records() (*os.File, error) {
	file := filepath.Join(s.Dir, ".secretstack", "rotations."+s.Name+".log")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}

// rotatesHere tells whether a secret with a rotation has a target that can be reached here, or needs none.
func (s *localStack) rotatesHere(spec secret.Spec) bool {
	_, addressed := s.Addresses[spec.Name]
	return addressed || spec.Rotation.Generated != nil
}

// revokes tells whether a secret is rotated here and its previous values are to be revoked then.
func (s *localStack) revokes(spec secret.Spec) (bool, error) {
	if spec.Rotation == nil || !s.rotatesHere(spec) {
		return false, nil
	}
	r, err := s.rotator(spec, nil)
	if err != nil {
		return false, err
	}
	_, ok := r.Target.(rotation.Revoker)
	return ok, nil
}

func exampleOf(spec secret.Spec) string {
	if spec.Rotation.Webhook != nil {
		return "{url: https://issuer.example.com/rotate}"
	}
	return "{host: localhost}"
}

// todo is what rotate --due has to do for a secret: to rotate it, or to retire its previous value.
type todo struct {
	rotate bool
	why    string
}

// todo gives nil where there is nothing to do. It needs no key.
func (s *localStack) todo(e agefile.Entry, spec secret.Spec, now time.Time) *todo {
	if spec.Rotation == nil || !s.rotatesHere(spec) || e.Version == 0 || !e.PurgeAfter.IsZero() {
		return nil
	}
	due := e.Updated.Add(time.Duration(spec.Rotation.Every))
	switch {
	case e.Pending != nil:
		return &todo{true, "a rotation was interrupted " + ago(now.Sub(e.Pending.Updated))}
	case spec.Rotation.Every != secret.Manual && !now.Before(due):
		return &todo{true, "rotation was due " + ago(now.Sub(due))}
	case e.Previous != nil && e.Previous.RetireAfter.IsZero():
		return &todo{false, "the grace of its previous value is to begin"} // interrupted, or put
	case e.Previous != nil && !now.Before(e.Previous.RetireAfter):
		return &todo{false, "its previous value was to be retired " + ago(now.Sub(e.Previous.RetireAfter))}
	}
	return nil
}

// overdue says what rotate --due would do for these secrets, a line for each.
func (s *localStack) overdue(w io.Writer, f *agefile.File, specs []secret.Spec) {
	for _, spec := range specs {
		e, _ := f.Entry(spec.Name)
		if todo := s.todo(e, spec, time.Now()); todo != nil {
			_, _ = fmt.Fprintf(w, "%s: %s; secretstack rotate --due %s\n", spec.Name, todo.why, flagsOf(s.Stack)) // a hint, which must stop nothing
		}
	}
}

// ago tells a time that has passed, in a unit of which there are two at least.
func ago(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days ago", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours ago", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes ago", d/time.Minute)
	}
	return "just now"
}
