package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secretstack/secretstack/e2e/needs"
)

// registry serves an image without layers, for both platforms, in place of the base that is on the internet.
type registry struct {
	blobs map[string][]byte // by digest; manifests are among them
	types map[string]string
	index string
}

const (
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
)

type descriptor struct {
	MediaType string            `json:"mediaType"`
	Digest    string            `json:"digest"`
	Size      int               `json:"size"`
	Platform  map[string]string `json:"platform,omitempty"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        *descriptor  `json:"config,omitempty"`
	Layers        []descriptor `json:"layers"`
	Manifests     []descriptor `json:"manifests,omitempty"`
}

func newRegistry(t *testing.T) *registry {
	r := &registry{blobs: map[string][]byte{}, types: map[string]string{}}
	index := manifest{SchemaVersion: 2, MediaType: ociIndex}
	for _, arch := range []string{"amd64", "arm64"} {
		platform := map[string]string{"os": "linux", "architecture": arch}
		config := r.add(t, ociConfig, map[string]any{
			"os": "linux", "architecture": arch, "config": map[string]any{"User": "65532"},
			"rootfs": map[string]any{"type": "layers", "diff_ids": []string{}},
		})
		m := r.add(t, ociManifest, manifest{SchemaVersion: 2, MediaType: ociManifest, Config: &config, Layers: []descriptor{}})
		m.Platform = platform
		index.Manifests = append(index.Manifests, m)
	}
	r.index = r.add(t, ociIndex, index).Digest
	return r
}

func (r *registry) add(t *testing.T, mediaType string, content any) descriptor {
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(text))
	r.blobs[digest], r.types[digest] = text, mediaType
	return descriptor{MediaType: mediaType, Digest: digest, Size: len(text)}
}

func (r *registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == "/v2/" {
		return
	}
	digest := path.Base(q.URL.Path)
	if digest == "latest" {
		digest = r.index
	}
	text, ok := r.blobs[digest]
	if !ok {
		http.NotFound(w, q)
		return
	}
	w.Header().Set("Content-Type", r.types[digest])
	w.Header().Set("Docker-Content-Digest", digest)
	_, _ = w.Write(text)
}

// image is an OCI layout on disk.
type image struct {
	t   *testing.T
	dir string
}

func (i image) read(digest string, into any) {
	i.t.Helper()
	text, err := os.ReadFile(filepath.Join(i.dir, "blobs", strings.Replace(digest, ":", "/", 1)))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		i.t.Fatal(err)
	}
}

// index gives the digest of what was built.
func (i image) index() string {
	text, err := os.ReadFile(filepath.Join(i.dir, "index.json"))
	var m manifest
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || len(m.Manifests) != 1 {
		i.t.Fatalf("the layout has %d images (%v)", len(m.Manifests), err)
	}
	return m.Manifests[0].Digest
}

// files gives the files of a layer, with their modes.
func (i image) files(layer descriptor) map[string]int64 {
	f, err := os.Open(filepath.Join(i.dir, "blobs", strings.Replace(layer.Digest, ":", "/", 1)))
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		i.t.Fatal(err)
	}
	files := map[string]int64{}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			i.t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name] = h.Mode
		}
	}
}

// build runs ko as make image does, but for the base and where the image goes.
func build(t *testing.T, root, base string) image {
	t.Helper()
	dir, err := os.MkdirTemp("", "image") // ko takes no capital letters, as in t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	tools := filepath.Join(needs.Root(t), "tools", "go.mod")
	// ko is started past go tool, which would look for the tool's module in root.
	ko, err := exec.CommandContext(t.Context(), "go", "tool", "-modfile="+tools, "-n", "ko").Output()
	if err != nil {
		t.Fatal("go tool ko: ", err)
	}
	cmd := exec.CommandContext(t.Context(), strings.TrimSpace(string(ko)), "build", "--base-import-paths", "--push=false",
		"--sbom=none", "--oci-layout-path="+dir, "./cmd/rotate-job")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "KO_DOCKER_REPO=example.com/secretstack", "KO_DEFAULTBASEIMAGE="+base)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ko: %v\n%s", err, out)
	}
	return image{t, dir}
}

func TestImage(t *testing.T) {
	server := httptest.NewServer(newRegistry(t))
	defer server.Close()
	base := strings.TrimPrefix(server.URL, "http://") + "/base:latest"
	made := build(t, needs.Root(t), base)

	var index manifest
	made.read(made.index(), &index)
	if len(index.Manifests) != 2 {
		t.Fatalf("there are images for %d platforms", len(index.Manifests))
	}
	for _, platform := range index.Manifests {
		arch := platform.Platform["architecture"]
		var m manifest
		var config struct {
			Architecture string
			Created      string
			Config       struct {
				User       string
				Entrypoint []string
				Env        []string
			}
		}
		made.read(platform.Digest, &m)
		made.read(m.Config.Digest, &config)
		if config.Config.User != "65532" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/ko-app/rotate-job" {
			t.Errorf("%s: user %q, entry point %q", arch, config.Config.User, config.Config.Entrypoint)
		}
		if config.Architecture != arch || !strings.HasPrefix(config.Created, "0001-") && !strings.HasPrefix(config.Created, "1970-") && config.Created != "" {
			t.Errorf("%s: architecture %q, created %q", arch, config.Architecture, config.Created)
		}
		size, files := 0, map[string]int64{}
		for _, layer := range m.Layers {
			size += layer.Size
			for name, mode := range made.files(layer) {
				files[name] = mode
			}
		}
		t.Logf("%s: %.1f MiB compressed in %d layers: %v", arch, float64(size)/(1<<20), len(m.Layers), files)
		if len(files) != 1 || files["/ko-app/rotate-job"]&0o111 == 0 || files["/ko-app/rotate-job"]&0o222 != 0 {
			t.Errorf("%s: has the files %v", arch, files)
		}
		if size > 30<<20 {
			t.Errorf("%s: %d bytes", arch, size)
		}
	}

	// The same from a copy elsewhere.
	elsewhere := t.TempDir()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", ".")
	parts, err := list.Output()
	if err != nil {
		t.Fatal("go list: ", err)
	}
	for _, dir := range strings.Fields(string(parts)) {
		copyTo(t, elsewhere, dir, "*.go")
	}
	copyTo(t, elsewhere, needs.Root(t), "go.mod", "go.sum", ".ko.yaml")
	if again := build(t, elsewhere, base).index(); again != made.index() {
		t.Errorf("two builds gave %s and %s", made.index(), again)
	}
}

// copyTo copies some of the files of a folder of this repository to the same place in another root.
func copyTo(t *testing.T, root, dir string, patterns ...string) {
	t.Helper()
	relative, err := filepath.Rel(needs.Root(t), dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(root, relative), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no %s (%v)", dir, pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join(root, relative, filepath.Base(file)), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
