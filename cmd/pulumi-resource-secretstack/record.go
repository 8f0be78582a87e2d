package main

import (
	"slices"

	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
)

// update changes the entry in the file. What changes is recorded first, in the stack's access log: the engine runs
// this program in the project's folder, from which File is named too.
func (args EntryArgs) update(change func(*agefile.File) error) error {
	return agefile.Update(args.File, func(f *agefile.File) error {
		before, _ := f.Entry(args.Name)
		if err := change(f); err != nil {
			return err
		}
		after, _ := f.Entry(args.Name)
		operation := operationOf(before, after)
		if operation == "" {
			return nil
		}
		log, err := accesslog.Open(".", args.Stack)
		if err != nil {
			return err
		}
		return log.Append(accesslog.Entry{Operation: operation, Outcome: accesslog.OK, Secret: args.Name, Version: max(before.Version, after.Version)})
	})
}

// operationOf tells how an entry has changed. Zero: not at all.
func operationOf(before, after agefile.Entry) accesslog.Operation {
	deleted := func(e agefile.Entry) bool { return e.Version == 0 || !e.PurgeAfter.IsZero() }
	switch {
	case !deleted(before) && deleted(after):
		return accesslog.Delete
	case before.Version == 0 && after.Version > 0:
		return accesslog.Create
	case deleted(before) && !deleted(after):
		return accesslog.Restore
	case !slices.Equal(before.Recipients, after.Recipients):
		return accesslog.SetReaders
	}
	return ""
}
