// Package bundle makes the zip file of the rotator for AWS Lambda: one executable, bootstrap, for arm64.
//
// It is built with the Go of whoever deploys, and its bytes depend on the version of that Go and on the sources
// alone: not on the machine, the folder, the day or the settings for Go in the environment. So Pulumi finds a
// change only where there is one. Where several people deploy one stack, give them the same Go, or pass a
// prebuilt bundle, which is best on machines without Go.
package bundle

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

const (
	bootstrap = "bootstrap" // the name that Lambda's runtime provided.al2023 asks for
	arch      = "arm64"
)

// Build makes the bundle from the module of secretstack that the Go program in dir uses, and writes it to path.
// dir "" is the current directory.
//
// Give each stack a path of its own that stays the same: Pulumi records it. A file that has the right bytes is
// left alone. Several processes may build at once.
func Build(ctx context.Context, dir, path string) error {
	work, err := os.MkdirTemp("", "secretstack-bundle-")
	if err != nil {
		return fmt.Errorf("making a place to build the rotator in: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	binary := filepath.Join(work, bootstrap)
	if err := Compile(ctx, dir, arch, binary); err != nil {
		return err
	}
	executable, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("reading the rotator that was built: %w", err)
	}
	content, err := pack(executable)
	if err != nil {
		return fmt.Errorf("packing the rotator: %w", err)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a place for the rotator's bundle: %w", err)
	}
	if err := renameio.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("writing the rotator's bundle: %w", err)
	}
	return nil
}

// pack makes a zip file of one executable. Its time is the first that a zip file can have.
func pack(executable []byte) ([]byte, error) {
	header := &zip.FileHeader{Name: bootstrap, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	entry, err := w.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	_, err = entry.Write(executable)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}
