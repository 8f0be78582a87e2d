// Package golden compares what a test made with a file that is reviewed as text.
package golden

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare fails the test unless the file holds exactly got. With UPDATE_GOLDEN=1 in the environment
// it writes the file instead.
func Compare(t testing.TB, file string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 go test ... writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale; look at the difference, and if it is meant, UPDATE_GOLDEN=1 go test ... writes it (-file +made):\n%s", file, diff)
	}
}

// Section is Compare for the part of a Markdown file between the comments <!-- NAME --> and
// <!-- /NAME -->.
func Section(t testing.TB, file, name, got string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, opened := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("%s has no part between %s and %s", file, strings.TrimSpace(begin), end)
	}
	Compare(t, file, []byte(before+begin+got+end+after))
}
