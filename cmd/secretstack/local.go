package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
	"github.com/secretstack/secretstack/internal/accesslog"
	"github.com/secretstack/secretstack/internal/agefile"
	"github.com/secretstack/secretstack/internal/stack"
	"github.com/secretstack/secretstack/internal/strict"
)

// localStack is a stack whose values are on this machine.
type localStack struct {
	*stack.Stack
	file string // the encrypted one
	keys string // the folder of the readers' private keys
}

// ownTools is what to do about values elsewhere.
const ownTools = "use that cloud's own tools for its values"

// openLocal opens the selected stack for a command that works on the local cloud; for others it says what to do instead.
func (s *selection) openLocal(command, instead string) (*localStack, error) {
	opened, err := s.open()
	if err != nil {
		return nil, err
	}
	if !isLocal(opened) {
		return nil, inputError{fmt.Errorf("%s is for the local cloud, and the stack %s is on %s: %s",
			command, opened.Name, opened.Config.Cloud, instead)}
	}
	return s.local(opened)
}

// local gives the selected stack, which is of the local cloud.
func (s *selection) local(opened *stack.Stack) (*localStack, error) {
	keys, err := agefile.KeyDir(opened.Project, opened.Name)
	if err != nil {
		return nil, err
	}
	return &localStack{opened, filepath.Join(s.dir, fileOf(opened)), keys}, nil
}

// fileOf names a local stack's encrypted file, relative to the project.
func fileOf(s *stack.Stack) string { return cmp.Or(s.Config.Local.File, agefile.FileName(s.Name)) }

func isLocal(s *stack.Stack) bool { return s.Config.Cloud == localsecret.Limits.Name }

// declared gives a secret by its name.
func declared(s *stack.Stack, name string) (secret.Spec, error) {
	names := make([]string, len(s.Declaration.Secrets))
	for i, spec := range s.Declaration.Secrets {
		if spec.Name == name {
			return spec, nil
		}
		names[i] = spec.Name
	}
	// The name is not repeated: it may be a value.
	return secret.Spec{}, inputError{fmt.Errorf("secrets.yaml declares no secret of that name; %s", strict.Suggest(name, names))}
}

// recipients gives the public keys to which a secret is encrypted.
func (s *localStack) recipients(spec secret.Spec, isNew bool) ([]string, error) {
	names := localsecret.Recipients(spec)
	recipients := make([]string, len(names))
	for i, reader := range names {
		var err error
		if recipients[i], err = s.recipient(reader, isNew); err != nil {
			return nil, err
		}
	}
	return recipients, nil
}

// recipient gives a reader's public key: that in the stack's configuration, or else that of its key on
// this machine, which is made for a new secret. For another, it would lock out who has the reader's key.
func (s *localStack) recipient(reader string, isNew bool) (string, error) {
	if own := s.Config.Identities[reader]; own != "" {
		return own, nil
	}
	file, err := agefile.KeyFile(s.keys, reader)
	if err != nil {
		return "", err
	}
	if isNew {
		return agefile.EnsureKey(file)
	}
	recipient, err := agefile.ReadRecipient(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s has no key on this machine, and put makes none for a secret that is there already, since somebody may "+
			"have one elsewhere: copy it to %s, give the public key in Pulumi.%s.yaml (secretstack:identities), or run \"secretstack up %s\", "+
			"which makes one", reader, file, s.Name, flagsOf(s.Stack))
	}
	return recipient, err
}

// values decrypts all that a reader may read in the encrypted file, with its private key in another, as
// NAME=VALUE, for a command. Its error has every secret that is missing or cannot be decrypted. What is read, or else
// what is not, it records before.
func (s *localStack) values(file *agefile.File, reader, identity, command string) ([]string, error) {
	keys, err := agefile.LoadIdentities(identity)
	if err != nil {
		return nil, err
	}
	public := publicKeys(identity, keys)
	var env []string
	var missing []error
	var read, refused []accesslog.Entry
	for _, spec := range s.Declaration.Reads(reader) {
		value, err := file.Get(spec.Name, keys)
		e, _ := file.Entry(spec.Name)
		record := accesslog.Entry{
			Operation: accesslog.Run, Outcome: outcomeOf(e, err), Secret: spec.Name, Version: e.Version,
			Reader: reader, Key: usedKey(public, e), Command: command,
		}
		if err != nil {
			missing, refused = append(missing, err), append(refused, record)
			continue
		}
		env, read = append(env, spec.EnvName()+"="+string(value)), append(read, record)
		clear(value)
	}
	if len(refused) > 0 {
		read = refused // nobody gets the others
	}
	if err := s.record(read...); err != nil {
		missing = append(missing, fmt.Errorf("a value is not read unless that is recorded: %w", err))
	}
	return env, errors.Join(missing...)
}
