package azurealert

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/alert"
	"github.com/secretstack/secretstack/e2e/needs"
)

// TestMicrosoft has Microsoft's parser (https://www.npmjs.com/package/@kusto/language-service-next) read each query: names and
// types must be right, given the documented columns of the tables, and the result must have its columns.
func TestMicrosoft(t *testing.T) {
	const install = "make packages installs it, where there is npm."
	node := needs.Program(t, "node", install)
	if _, err := os.Stat(filepath.Join("kusto", "node_modules", "@kusto", "language-service-next")); err != nil {
		needs.Missing(t, "the npm package @kusto/language-service-next", install)
	}

	bare := &Store{Subscription: "8f3b6c1e-0d47-4a92-b5e8-2c9f7a1d6e04", ResourceGroup: "shop", Vault: "shop"} // of nothing
	bare.Index()
	queries := map[string]string{"wrong": "AZKVAuditLogs | where OperationNames == 'SecretGet'"}
	for name, s := range map[string]*Store{"sample": sample(), "bare": bare} {
		for _, a := range alert.Catalogue {
			if _, gap := Gaps[a.ID]; gap {
				continue
			}
			query, err := s.KQL(a)
			if err != nil {
				t.Fatal(err)
			}
			queries[name+" "+string(a.ID)] = query
		}
	}
	in, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, filepath.Join("kusto", "check.js"))
	command.Stdin, command.Stderr = bytes.NewReader(in), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal("node: ", err)
	}
	var answers map[string]struct{ Columns, Wrong []string }
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers["wrong"].Wrong) == 0 {
		t.Error("nothing is wrong with a column that does not exist")
	}
	delete(answers, "wrong")
	want := []string{Count + ": long", From + ": string", Secret + ": string", Since + ": datetime", Who + ": string"}
	for name, answer := range answers {
		if len(answer.Wrong) > 0 {
			t.Errorf("%s: %s", name, strings.Join(answer.Wrong, "; "))
		}
		if slices.Sort(answer.Columns); !slices.Equal(answer.Columns, want) {
			t.Errorf("%s: the result has %s", name, answer.Columns)
		}
	}
	if len(answers) != len(queries)-1 {
		t.Errorf("%d answers to %d queries", len(answers), len(queries)-1)
	}
}
