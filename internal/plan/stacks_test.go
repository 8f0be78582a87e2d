package plan_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/secretstack/secretstack/internal/golden"
	"github.com/secretstack/secretstack/internal/stack"
)

// TestSampleStacks compares the plan of each sample stack with a file that is reviewed as text.
func TestSampleStacks(t *testing.T) {
	const root = "../.."
	names := stack.Names(root)
	if len(names) < 5 {
		t.Fatalf("the sample stacks are %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s, err := stack.Open(root, name)
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := s.Plan.Text(&text); err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "stacks", name+".txt"), text.Bytes())
		})
	}
}
