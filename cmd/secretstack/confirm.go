package main

import (
	"bufio"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
)

func addYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do it without asking")
}

// canAsk fails where nobody could answer a later confirm.
func canAsk(cmd *cobra.Command, yes bool) error {
	if yes || isTerminal(cmd.InOrStdin()) {
		return nil
	}
	return inputError{errors.New("standard input is no terminal, so nobody can confirm this; give --yes to do it without asking")}
}

// confirm asks on the terminal, and fails unless the answer is yes.
func confirm(ctx context.Context, cmd *cobra.Command, question string) error {
	cmd.PrintErr(question, " [y/N] ")
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n') // what cannot be read is no yes
		answer <- line
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case line := <-answer:
		if line = strings.ToLower(strings.TrimSpace(line)); line == "y" || line == "yes" {
			return nil
		}
		return errors.New("nothing was changed")
	}
}
