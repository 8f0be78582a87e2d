package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
)

func newPut() *cobra.Command {
	var selected selection
	cmd := &cobra.Command{
		Use:   "put NAME",
		Short: "Give a secret of the local cloud a new value",
		Long: `Give a secret of the local cloud a new value, encrypted to its readers alone.

The value is asked for, twice and without showing it, or read from standard input where that is no
terminal. One newline at its end is dropped, since most commands print one; all else is kept. A value
is never an argument: other users could see it in the list of processes, and the shell would remember it.`,
		Example: `  secretstack put stripe-api-key -s local
  openssl rand -hex 32 | secretstack put session-signing-key -s local
  secretstack put orders-db -s local < password.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return errors.New("which secret? Give its name in secrets.yaml")
			case len(args) > 1:
				return errArgument
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := selected.openLocal("put", ownTools)
			if err != nil {
				return err
			}
			return s.put(cmd, args[0])
		},
	}
	cmd.SetFlagErrorFunc(func(*cobra.Command, error) error { return errFlag })
	selected.addFlags(cmd)
	return cmd
}

// Neither error repeats what was given, since it may be a value.
var (
	errArgument = errors.New("put takes one argument, the name of a secret, and reads the value from standard input: as an " +
		"argument it would show in the list of processes and in the shell's history. If you just gave a real value, replace it")
	errFlag = errors.New("put takes no such flag, or not in this way. The value of a secret is no flag either: it is read from " +
		"standard input. If you just gave a real value, replace it")
)

func (s *localStack) put(cmd *cobra.Command, name string) error {
	spec, err := declared(s.Stack, name)
	if err != nil {
		return err
	}
	value, err := readValue(cmd, name)
	if err != nil {
		return err
	}
	defer clear(value)
	revokes, err := s.revokes(spec)
	if err != nil {
		return err
	}
	if revokes {
		// A rotator has decided by what was current, and may be about to replace what is previous.
		release, err := s.store(name).Lease(cmd.Context(), time.Time{})
		if err != nil {
			return err
		}
		defer func() { _ = release(cmd.Context()) }() // it ends with the process anyway
	}
	version, lost := 0, false
	err = agefile.Update(s.file, s.recorded(accesslog.Put, name, func(f *agefile.File) error {
		_, there := f.Entry(name)
		recipients, err := s.recipients(spec, !there)
		if err != nil {
			return err
		}
		if there {
			// Who cannot read a secret can replace its value, but not its readers.
			err := f.SetRecipients(name, recipients, []age.Identity{agefile.Keys(s.keys)})
			if err != nil && !errors.Is(err, agefile.ErrTampered) {
				return err
			}
		}
		if revokes {
			lost, err = f.Supersede(name, value, recipients, []age.Identity{agefile.Keys(s.keys)})
		} else {
			err = f.Put(name, value, recipients)
		}
		e, _ := f.Entry(name)
		version = e.Version
		return err
	}))
	if err != nil {
		return err
	}
	if lost {
		cmd.PrintErrf("%s: no rotator will revoke the value that was replaced, since another one waits for that or is being rotated in: "+
			"revoke it by hand\n", name)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s has a new value, version %d, in %s\n", name, version, s.file)
	return err
}

// readValue asks for the value on a terminal, and reads it from any other standard input.
func readValue(cmd *cobra.Command, name string) ([]byte, error) {
	in := cmd.InOrStdin()
	var value []byte
	var err error
	if isTerminal(in) {
		value, err = askTwice(cmd, in.(*os.File), name)
	} else {
		value, err = io.ReadAll(io.LimitReader(in, agefile.MaxValue+2)) // a newline, and a byte too many
		value = bytes.TrimSuffix(value, []byte("\n"))
	}
	switch {
	case err != nil:
		return nil, err
	case len(value) == 0:
		return nil, inputError{errors.New("the value is empty; nothing was changed")}
	case len(value) > agefile.MaxValue:
		return nil, inputError{fmt.Errorf("the value has more than %d bytes; nothing was changed", agefile.MaxValue)}
	case bytes.IndexByte(value, 0) >= 0:
		return nil, inputError{errors.New("the value has a NUL byte, which no environment variable can hold; encode it, for example with base64. Nothing was changed")}
	}
	return value, nil
}

func askTwice(cmd *cobra.Command, in *os.File, name string) ([]byte, error) {
	value, err := ask(cmd, in, "Value of "+name+" (not shown): ")
	if err != nil {
		return nil, err
	}
	again, err := ask(cmd, in, "The same again: ")
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(value, again) {
		return nil, inputError{errors.New("the two values differ; nothing was changed")}
	}
	return value, nil
}

// ask reads a line that the terminal does not show.
func ask(cmd *cobra.Command, in *os.File, prompt string) ([]byte, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	// An interrupt must not leave a terminal behind that shows nothing.
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, func() {
		_ = term.Restore(fd, before) // the program ends either way
		os.Exit(1)
	})()
	cmd.PrintErr(prompt)
	value, err := term.ReadPassword(fd)
	cmd.PrintErrln()
	return value, err
}
