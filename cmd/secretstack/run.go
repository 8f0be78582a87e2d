package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/internal/strict"
)

func newRun() *cobra.Command {
	var selected selection
	var reader, identity string
	cmd := &cobra.Command{
		Use:   "run [--as READER] [--identity FILE] -- COMMAND [ARGUMENTS]",
		Short: "Run a command with the secrets that a reader may read",
		Long: `Run a command with the secrets of the local cloud that a reader may read, in the environment variables
that secrets.yaml names. They are decrypted with that reader's private key, so a secret of others stays closed.

The command starts only if all of the reader's secrets are there. It takes over this process, and with
it the terminal, the signals and the exit code. The variables of other secrets are taken out of its environment.

Where it cannot be started, the exit codes are those of env(1): 127 if there is no such command, 126 if it
cannot be executed, and 125 for all else, such as a missing secret; but 2 for wrong input.`,
		Example: `  secretstack run -s local --as checkout -- ./checkout --port 8080
  secretstack run -s local --as reports -- printenv ORDERS_DB_PASSWORD
  secretstack run -s local --as checkout --identity ~/.ssh/id_ed25519 -- ./checkout`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which command? Give it after --, as in: secretstack run --as checkout -- ./checkout")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := selected.openLocal("run", ownTools)
			if err == nil {
				err = s.run(reader, identity, args)
			}
			if !errors.As(err, &exitError{}) {
				err = exitError{err, 125}
			}
			return err
		},
	}
	cmd.Flags().SetInterspersed(false) // what follows the command is its own
	cmd.Flags().StringVar(&reader, "as", "", "the `READER`; not needed if only one has a key on this machine")
	cmd.Flags().StringVar(&identity, "identity", "", "a `FILE` with the reader's private key, age or ssh-ed25519, instead of the one on this machine")
	selected.addFlags(cmd)
	return cmd
}

// reader gives the reader to run as: the named one, or the only one who can be.
func (s *localStack) reader(name, identity string) (string, error) {
	readers := s.Declaration.Readers()
	if name != "" {
		if !slices.Contains(readers, name) {
			return "", inputError{fmt.Errorf("no secret has the reader %s; %s", strict.Quote(name, "%q"), strict.Suggest(name, readers))}
		}
		return name, nil
	}
	able := readers
	if identity == "" {
		able = slices.DeleteFunc(slices.Clone(readers), func(r string) bool {
			_, err := s.keyOf(r)
			return err != nil
		})
	}
	switch len(able) {
	case 0:
		_, err := s.keyOf(readers[0])
		return "", err
	case 1:
		return able[0], nil
	}
	return "", inputError{fmt.Errorf("as which reader? Select one with --as: %s", strings.Join(able, ", "))}
}

// keyOf gives the file with a reader's private key.
func (s *localStack) keyOf(reader string) (string, error) {
	file, err := agefile.KeyFile(s.keys, reader)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		hint := fmt.Sprintf("run \"secretstack up %s\", which makes one", flagsOf(s.Stack))
		if s.Config.Identities[reader] != "" {
			hint = "the stack has a public key for it: name the file with the private key with --identity"
		}
		return "", fmt.Errorf("no private key of the reader %s on this machine (%s); %s", reader, file, hint)
	}
	return file, err
}

// run replaces this process by a command with the reader's secrets in its environment.
func (s *localStack) run(reader, identity string, command []string) error {
	reader, err := s.reader(reader, identity)
	if err != nil {
		return err
	}
	if identity == "" {
		if identity, err = s.keyOf(reader); err != nil {
			return err
		}
	}
	path, err := exec.LookPath(command[0])
	if err != nil {
		return notStarted(err)
	}
	file, err := agefile.Read(s.file)
	if err != nil {
		return err
	}
	values, err := s.values(file, reader, identity, path)
	if err != nil {
		return fmt.Errorf("%s was not started, as %s cannot have all of its secrets:\n%w%s", command[0], reader, err, s.advice(err, identity))
	}
	s.overdue(os.Stderr, file, s.Declaration.Reads(reader))
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(s.Declaration.Secrets, func(spec secret.Spec) bool { return spec.EnvName() == name })
	})
	if err := syscall.Exec(path, command, append(env, values...)); err != nil {
		return notStarted(&exec.Error{Name: command[0], Err: err})
	}
	return nil
}

// notStarted has the exit code of env(1) for a command that is not there or cannot be executed.
func notStarted(err error) error {
	code := 126
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = 127
	}
	return exitError{err, code}
}

// advice says what to do about the errors of values that do not say so themselves, a line for each kind.
func (s *localStack) advice(err error, identity string) string {
	var advice string
	if errors.Is(err, agefile.ErrNotFound) {
		advice += fmt.Sprintf("\nProvision what is not found with \"secretstack up %s\", or give it a value with \"secretstack put NAME %[1]s\"", flagsOf(s.Stack))
	}
	if errors.Is(err, agefile.ErrNotReader) {
		advice += fmt.Sprintf("\nThe key in %s is not that of a reader: give another with --identity, or run \"secretstack up %s\", "+
			"which encrypts each secret to the readers in secrets.yaml", identity, flagsOf(s.Stack))
	}
	return advice
}
