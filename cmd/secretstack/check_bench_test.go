package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkCheck is "secretstack check --profile hygiene", which is all rules, within a process that runs already: of the
// sample stack, and of one with many more secrets.
func BenchmarkCheck(b *testing.B) {
	for _, stack := range []string{"dev", "gcp", "azure"} {
		for _, secrets := range []int{0, 100, 1_000, 5_000} {
			b.Run(fmt.Sprintf("stack=%s/further=%d", stack, secrets), func(b *testing.B) {
				dir := b.TempDir()
				if err := copySample(dir); err != nil {
					b.Fatal(err)
				}
				declare(b, filepath.Join(dir, "secrets.yaml"), secrets)
				for b.Loop() {
					root := newRoot()
					root.SetOut(io.Discard)
					root.SetErr(io.Discard)
					root.SetArgs([]string{"check", "-s", stack, "--dir", dir, "--profile", "hygiene"})
					if err := root.Execute(); err != nil && !errors.Is(err, errFindings) {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// declare adds secrets to a declaration, with two readers each.
func declare(b *testing.B, path string, secrets int) {
	b.Helper()
	var more strings.Builder
	for i := range secrets {
		fmt.Fprintf(&more, "  service-%04d/api-key:\n    readers: [checkout, reports]\n", i)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := file.WriteString(more.String()); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}
