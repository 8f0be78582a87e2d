package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/secretstack/secretstack/e2e/needs"
	"github.com/secretstack/secretstack/internal/bundle"
)

// The bytes are the same in another folder, at another time, under other settings, and for a program that
// imports secretstack.
func TestReproducible(t *testing.T) {
	one := checkout(t, needs.Root(t), filepath.Join(t.TempDir(), "one"))
	two := checkout(t, one, filepath.Join(t.TempDir(), "cache", "github.com", "secretstack", "secretstack@v0.9.9"))
	importer := filepath.Join(t.TempDir(), "importer")
	write(t, filepath.Join(importer, "go.mod"), "module example.com/importer\n\ngo 1.26.0\n\n"+
		"require github.com/secretstack/secretstack v0.9.9\n\nreplace github.com/secretstack/secretstack => "+two+"\n")

	want := build(t, one)
	if limit := 8 << 20; len(want) >= limit {
		t.Errorf("the bundle has %d bytes, and is to have less than %d", len(want), limit)
	}
	t.Logf("the bundle has %.2f MiB", float64(len(want))/(1<<20))

	settings := filepath.Join(t.TempDir(), "settings")
	write(t, settings, "GOEXPERIMENT=nogreenteagc\nGOFLAGS=-tags=elsewhere\n")
	for name, value := range map[string]string{
		"TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "GOENV": settings, "GOFLAGS": "-mod=mod -gcflags=-N -ldflags=-X=main.a=b",
		"GOARM64": "v8.2,lse", "GOAMD64": "v3", "GOOS": "plan9", "GOARCH": "386", "CGO_ENABLED": "1", "GOFIPS140": "latest",
	} {
		t.Setenv(name, value)
	}
	for _, dir := range []string{two, importer} {
		if !bytes.Equal(build(t, dir), want) {
			t.Errorf("the bytes from %s differ", dir)
		}
	}
}

func TestBundle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "rotator.zip")
	var group sync.WaitGroup
	for range 2 { // at once
		group.Go(func() {
			if err := bundle.Build(t.Context(), needs.Root(t), path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := bundle.Check(path); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("beside the bundle are %v", left)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	if len(archive.File) != 1 || archive.File[0].Mode() != 0o755 {
		t.Errorf("the bundle holds %v", archive.File)
	}

	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(path, long, long); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Build(t.Context(), needs.Root(t), path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("a bundle with the right bytes was written again (%v)", err)
	}
	write(t, path, "something else")
	if err := bundle.Build(t.Context(), needs.Root(t), path); err != nil {
		t.Fatal(err)
	}
	if err := bundle.Check(path); err != nil {
		t.Error("other bytes were not replaced: ", err)
	}
}

func TestBuildErrors(t *testing.T) {
	fail := func(dir string, want ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "rotator.zip")
		err := bundle.Build(t.Context(), dir, path)
		for _, part := range append(want, "pass a prebuilt bundle") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q is not in the error:\n%v", part, err)
			}
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("there is a bundle")
		}
	}
	fail(t.TempDir(), "there is no program with it here", "go.mod")
	other := t.TempDir()
	write(t, filepath.Join(other, "go.mod"), "module example.com/other\n")
	fail(other, "there is no program with it here", "not a known dependency")
	t.Setenv("PATH", t.TempDir())
	fail("", "install Go (https://go.dev/doc/install)")
}

func TestCheck(t *testing.T) {
	elf := func(arch string) string {
		path := filepath.Join(t.TempDir(), "program")
		if err := bundle.Compile(t.Context(), needs.Root(t), arch, path); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	tests := map[string]struct {
		name    string
		mode    fs.FileMode
		content string
		want    string
	}{
		"good":           {"bootstrap", 0o755, elf("arm64"), ""},
		"other machine":  {"bootstrap", 0o755, elf("amd64"), "is for EM_X86_64, not for arm64"},
		"script":         {"bootstrap", 0o755, "#!/bin/sh\n", "is no executable for Linux"},
		"not executable": {"bootstrap", 0o644, "", "has the mode -rw-r--r--"},
		"in a folder":    {"dist/bootstrap", 0o755, "", "no file named bootstrap at its root"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := zip.NewWriter(&out)
			header := &zip.FileHeader{Name: tt.name}
			header.SetMode(tt.mode)
			entry, err := w.CreateHeader(header)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(entry, tt.content); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "bundle.zip")
			write(t, path, out.String())
			wrong(t, path, tt.want)
		})
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	wrong(t, path, "no such file")
	write(t, path, "text")
	wrong(t, path, "not a valid zip file")
}

func wrong(t *testing.T, path, want string) {
	t.Helper()
	err := bundle.Check(path)
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "make lambda")) {
		t.Errorf("the error is %v, without %q", err, want)
	}
}

// checkout copies what a build may need. The files of the copy are older.
func checkout(t *testing.T, from, to string) string {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != from && (strings.HasPrefix(name, ".") || name == "bin" || name == "dist" || name == "e2e") {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || strings.HasPrefix(name, "pulumi-resource-") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		copied := filepath.Join(to, relative)
		write(t, copied, string(content))
		return os.Chtimes(copied, time.Unix(1e9, 0), time.Unix(1e9, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, dir string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rotator.zip")
	if err := bundle.Build(t.Context(), dir, path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
