package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/secretstack/secretstack/components/localsecret"
	"github.com/secretstack/secretstack/components/secret"
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

// openLocal opens the selected stack for a command that works on the local cloud.
func (s *selection) openLocal(command string) (*localStack, error) {
	opened, err := s.open()
	if err != nil {
		return nil, err
	}
	if !isLocal(opened) {
		return nil, inputError{fmt.Errorf("%s is for the local cloud, and the stack %s is on %s: use that cloud's own tools for its values",
			command, opened.Name, opened.Config.Cloud)}
	}
	keys, err := agefile.KeyDir(opened.Project, opened.Name)
	if err != nil {
		return nil, err
	}
	file := cmp.Or(opened.Config.Local.File, agefile.FileName(opened.Name))
	return &localStack{opened, filepath.Join(s.dir, file), keys}, nil
}

func isLocal(s *stack.Stack) bool { return s.Config.Cloud == localsecret.Limits.Name }

// spec gives a declared secret.
func (s *localStack) spec(name string) (secret.Spec, error) {
	names := make([]string, len(s.Declaration.Secrets))
	for i, spec := range s.Declaration.Secrets {
		if spec.Name == name {
			return spec, nil
		}
		names[i] = spec.Name
	}
	return secret.Spec{}, inputError{fmt.Errorf("secrets.yaml declares no secret %s; %s",
		strict.Quote(name, "%q"), strict.Suggest(name, names))}
}

// recipients gives the public keys of a secret's readers. A reader without one in the stack's
// configuration has a key on this machine; it is made if it is not there yet.
func (s *localStack) recipients(spec secret.Spec) ([]string, error) {
	var recipients []string
	for _, reader := range spec.Readers {
		recipient := s.Config.Identities[reader]
		if recipient == "" {
			file, err := agefile.KeyFile(s.keys, reader)
			if err != nil {
				return nil, err
			}
			if recipient, err = agefile.EnsureKey(file); err != nil {
				return nil, err
			}
		}
		recipients = append(recipients, recipient)
	}
	return recipients, nil
}

// values decrypts all that a reader may read, with the private key in a file, as NAME=VALUE.
// Its error has every secret that is missing or cannot be decrypted.
func (s *localStack) values(reader, identity string) ([]string, error) {
	keys, err := agefile.LoadIdentities(identity)
	if err != nil {
		return nil, err
	}
	file, err := agefile.Read(s.file)
	if err != nil {
		return nil, err
	}
	var env []string
	var missing []error
	for _, spec := range s.Declaration.Reads(reader) {
		value, err := file.Get(spec.Name, keys)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		env = append(env, spec.EnvName()+"="+string(value))
		clear(value)
	}
	return env, errors.Join(missing...)
}
