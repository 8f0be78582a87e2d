package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/internal/stack"
)

// BenchmarkStack plans a stack of each cloud with two readers for each secret, from its files on.
func BenchmarkStack(b *testing.B) {
	for _, name := range []string{"prod", "gcp", "azure", "local"} {
		for _, secrets := range []int{100, 1_000, 5_000} {
			b.Run(fmt.Sprintf("stack=%s/secrets=%d", name, secrets), func(b *testing.B) {
				dir := project(b, name, secrets)
				b.ReportAllocs()
				for b.Loop() {
					s, err := stack.Open(dir, name)
					if err != nil {
						b.Fatal(err)
					}
					if n := len(s.Plan.Resources); n < secrets {
						b.Fatalf("the graph has %d resources", n)
					}
				}
			})
		}
	}
}

// project is a copy of a sample stack with a number of further secrets.
func project(b *testing.B, stackName string, secrets int) string {
	var text strings.Builder
	text.Write(read(b, "../../secrets.yaml"))
	for i := range secrets {
		fmt.Fprintf(&text, "  service-%04d/api-key:\n    readers: [checkout, reports]\n", i)
	}
	dir := b.TempDir()
	for name, data := range map[string][]byte{
		"Pulumi.yaml":                   read(b, "../../Pulumi.yaml"),
		"Pulumi." + stackName + ".yaml": read(b, "../../Pulumi."+stackName+".yaml"),
		"secrets.yaml":                  []byte(text.String()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func read(b *testing.B, file string) []byte {
	b.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	return data
}
