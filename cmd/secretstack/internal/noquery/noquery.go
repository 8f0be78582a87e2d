// Package noquery keeps a library from talking to the terminal before main.
//
// A package that the Pulumi SDK needs asks the terminal for its colours when it is initialised
// (github.com/charmbracelet/bubbletea v1, tea_init.go). That eats what was typed ahead, and waits five
// seconds for a terminal that does not answer. It does not ask a dumb terminal, so TERM says dumb until
// main calls Done. This package is initialised first, as it needs little and its import path sorts early
// (https://go.dev/ref/spec#Program_initialization).
package noquery

import "os"

var term, was = os.LookupEnv("TERM")

func init() { _ = os.Setenv("TERM", "dumb") } // fails for no such name and value

// Done gives TERM its value back.
func Done() {
	if was {
		_ = os.Setenv("TERM", term)
	} else {
		_ = os.Unsetenv("TERM")
	}
}
