// Command secretstack provisions the secrets that a project declares in secrets.yaml, shows what it
// would provision, and for the local cloud puts values in and runs commands with them.
package main

import (
	"os"

	"github.com/secretstack/secretstack/cmd/secretstack/internal/noquery"
)

func main() {
	noquery.Done()
	os.Exit(execute(os.Args[1:]))
}
