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
it the terminal, the signals and the exit code. The variables of other secrets are taken out of its environment.`,
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
			s, err := selected.openLocal("run")
			if err != nil {
				return err
			}
			if reader, err = s.reader(reader, identity); err != nil {
				return err
			}
			if identity == "" {
				if identity, err = s.keyOf(reader); err != nil {
					return err
				}
			}
			return s.run(reader, identity, args)
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
		hint := fmt.Sprintf("run \"secretstack up -s %s\", which makes one", s.Name)
		if s.Config.Identities[reader] != "" {
			hint = "the stack has a public key for it: name the file with the private key with --identity"
		}
		return "", fmt.Errorf("no private key of the reader %s on this machine (%s); %s", reader, file, hint)
	}
	return file, err
}

// run replaces this process by a command with the reader's secrets in its environment.
func (s *localStack) run(reader, identity string, command []string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	values, err := s.values(reader, identity)
	if err != nil {
		return fmt.Errorf("%s was not started, as %s cannot have all of its secrets:\n%w\nProvision them with \"secretstack up -s %s\", "+
			"or give one a value with \"secretstack put NAME -s %[4]s\"", command[0], reader, err, s.Name)
	}
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.ContainsFunc(s.Declaration.Secrets, func(spec secret.Spec) bool { return spec.EnvName() == name })
	})
	if err := syscall.Exec(path, command, append(env, values...)); err != nil {
		return fmt.Errorf("start %s: %w", command[0], err)
	}
	return nil
}
