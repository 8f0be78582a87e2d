package main

import (
	"context"
	"maps"
	"slices"
	"time"

	"filippo.io/age"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/secretstack/secretstack/internal/agefile"
)

// Entry is one secret of an encrypted file.
type Entry struct{}

// A method with another signature would be ignored.
var _ interface {
	infer.CustomUpdate[EntryArgs, EntryState]
	infer.CustomRead[EntryArgs, EntryState]
	infer.CustomDelete[EntryState]
} = Entry{}

// EntryArgs are the entry's place and who may read it.
type EntryArgs struct {
	File         string            `pulumi:"file" provider:"replaceOnChanges"`
	Name         string            `pulumi:"name" provider:"replaceOnChanges"`
	Readers      map[string]string `pulumi:"readers"`
	Project      string            `pulumi:"project"`
	Stack        string            `pulumi:"stack"`
	RecoveryDays int               `pulumi:"recoveryDays"`
}

// EntryState adds what the file tells without a key.
type EntryState struct {
	EntryArgs
	Version int    `pulumi:"version"`
	Updated string `pulumi:"updated"`
}

// Annotate documents the resource in the plugin's schema.
func (e *Entry) Annotate(a infer.Annotator) {
	a.SetToken("local", "Entry")
	a.Describe(&e, "A secret in a stack's encrypted file. A secret without a value gets a generated one; a value that is there "+
		"already, also of a deleted secret that can be recovered, is kept.")
}

// Annotate documents the inputs.
func (args *EntryArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.File, "The encrypted file, relative to the Pulumi program. To move it, move the file yourself first.")
	a.Describe(&args.Name, "The secret's name in the file.")
	a.Describe(&args.Readers, "The readers' public keys (age1… or ssh-ed25519 …) by any names. The secret is encrypted to exactly "+
		"these; changing them takes the private key of one present reader.")
	a.Describe(&args.Project, "The Pulumi project whose private keys on this machine may be used.")
	a.Describe(&args.Stack, "The Pulumi stack whose private keys on this machine may be used.")
	a.Describe(&args.RecoveryDays, "How many days the file keeps the secret after its deletion. 0: it does not.")
}

// Annotate documents the outputs.
func (s *EntryState) Annotate(a infer.Annotator) {
	a.Describe(&s.Version, "How many values the secret has had.")
	a.Describe(&s.Updated, "When the value last changed (RFC 3339, UTC).")
}

// Create adopts or restores the secret, or gives it a generated value.
func (Entry) Create(_ context.Context, req infer.CreateRequest[EntryArgs]) (infer.CreateResponse[EntryState], error) {
	state, err := req.Inputs.apply(req.DryRun)
	return infer.CreateResponse[EntryState]{ID: req.Inputs.File + "#" + req.Inputs.Name, Output: state}, err
}

// Update changes the readers.
func (Entry) Update(_ context.Context, req infer.UpdateRequest[EntryArgs, EntryState]) (infer.UpdateResponse[EntryState], error) {
	state, err := req.Inputs.apply(req.DryRun)
	return infer.UpdateResponse[EntryState]{Output: state}, err
}

// Read takes version and readers from the file. A new value changes outputs only, so that it makes no diff.
func (Entry) Read(_ context.Context, req infer.ReadRequest[EntryArgs, EntryState]) (infer.ReadResponse[EntryArgs, EntryState], error) {
	args := req.State.EntryArgs
	f, err := agefile.Read(args.File)
	if err != nil {
		return infer.ReadResponse[EntryArgs, EntryState]{}, err
	}
	e, ok := f.Entry(args.Name)
	if !ok || !e.PurgeAfter.IsZero() {
		return infer.ReadResponse[EntryArgs, EntryState]{}, nil // no ID: it is gone
	}
	args.Readers = actualReaders(args.Readers, e.Recipients)
	return infer.ReadResponse[EntryArgs, EntryState]{ID: req.ID, Inputs: args, State: args.state(e)}, nil
}

// Delete marks the secret as deleted.
func (Entry) Delete(_ context.Context, req infer.DeleteRequest[EntryState]) (infer.DeleteResponse, error) {
	s := req.State
	return infer.DeleteResponse{}, s.update(func(f *agefile.File) error {
		f.Delete(s.Name, time.Duration(s.RecoveryDays)*24*time.Hour)
		return nil
	})
}

// apply makes the entry what args say. A dry run tries this on a copy in memory,
// so that a preview fails where the update would.
func (args EntryArgs) apply(dryRun bool) (EntryState, error) {
	if dryRun {
		f, err := agefile.Read(args.File)
		unknown := slices.Contains(slices.Collect(maps.Values(args.Readers)), "")
		if err == nil && !unknown {
			err = args.change(f)
		}
		return EntryState{EntryArgs: args}, err
	}
	var e agefile.Entry
	err := args.update(func(f *agefile.File) error {
		err := args.change(f)
		e, _ = f.Entry(args.Name)
		return err
	})
	return args.state(e), err
}

func (args EntryArgs) change(f *agefile.File) error {
	recipients := slices.Collect(maps.Values(args.Readers))
	if _, ok := f.Entry(args.Name); !ok {
		value := agefile.Generate()
		defer clear(value)
		return f.Put(args.Name, value, recipients)
	}
	if err := f.Restore(args.Name); err != nil {
		return err
	}
	dir, err := agefile.KeyDir(args.Project, args.Stack)
	if err != nil {
		return err
	}
	return f.SetRecipients(args.Name, recipients, []age.Identity{agefile.Keys(dir)})
}

func (args EntryArgs) state(e agefile.Entry) EntryState {
	return EntryState{args, e.Version, e.Updated.Format(time.RFC3339)}
}

// actualReaders is the declared readers as long as the file has these, else those
// it has, under the declared names where there are any.
func actualReaders(declared map[string]string, recipients []string) map[string]string {
	actual := map[string]string{}
	named := map[string]bool{}
	for name, r := range declared {
		if c, err := agefile.CanonicalRecipient(r); err == nil && slices.Contains(recipients, c) {
			actual[name], named[c] = r, true
		}
	}
	for _, r := range recipients {
		if !named[r] {
			actual[r] = r
		}
	}
	return actual
}
