package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/secretstack/secretstack/internal/stack"
)

// selection says which stack of which project a command is about.
type selection struct{ dir, stack string }

func (s *selection) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&s.stack, "stack", "s", "", "the `STACK`, such as dev for Pulumi.dev.yaml")
	cmd.Flags().StringVar(&s.dir, "dir", ".", "the `FOLDER` of the project")
}

// open reads and checks the selected stack.
func (s *selection) open() (*stack.Stack, error) {
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, err
	}
	name, err := s.name()
	if err != nil {
		return nil, err
	}
	opened, err := stack.Open(dir, name)
	if err != nil {
		return nil, inputError{err}
	}
	return opened, nil
}

// plain is what a shell takes as it stands.
var plain = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// flagsOf are the flags that select a stack from the working directory.
func flagsOf(s *stack.Stack) string {
	flags := "-s " + s.Name
	here, err := os.Getwd()
	if err != nil || here == s.Dir {
		return flags
	}
	dir := s.Dir
	if below, err := filepath.Rel(here, dir); err == nil && filepath.IsLocal(below) {
		dir = below
	}
	if !plain.MatchString(dir) {
		dir = "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"
	}
	return flags + " --dir " + dir
}

func errNoStack(dir string) error {
	return inputError{fmt.Errorf("no Pulumi.STACK.yaml in %s; run this in the folder of a project, or name it with --dir", dir)}
}

func (s *selection) name() (string, error) {
	if s.stack != "" {
		return s.stack, nil
	}
	if name := os.Getenv("PULUMI_STACK"); name != "" {
		return name, nil
	}
	switch names := stack.Names(s.dir); len(names) {
	case 0:
		return "", errNoStack(s.dir)
	case 1:
		return names[0], nil
	default:
		return "", inputError{fmt.Errorf("which stack? Select one with --stack: %s", strings.Join(names, ", "))}
	}
}
