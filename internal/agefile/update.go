package agefile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// Read reads the encrypted file at path. One that does not exist has no entries.
// It fails, naming the line where it can, for a file that is truncated, has
// merge conflicts, or is not in this package's format.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{path, map[string]Entry{}}, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &File{path, entries}, nil
}

// Update reads the encrypted file at path, lets change work on it, and replaces
// it in one step, on disk when Update returns. Nothing is written when change
// fails or changes nothing. A missing folder is made; of a symbolic link, the
// target is replaced. Updates in other goroutines and processes wait for this
// one, for a minute at most, so none is lost; a process killed on its way leaves
// the old file.
func Update(path string, change func(*File) error) (err error) {
	target, err := resolve(path)
	if err != nil {
		return err
	}
	unlock, err := lock(target)
	if err != nil {
		return fmt.Errorf("lock the folder of %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()

	f, err := Read(path)
	if err != nil {
		return err
	}
	before, err := format(f.entries)
	if err != nil {
		return err
	}
	f.purge(time.Now())
	if err := change(f); err != nil {
		return err
	}
	after, err := format(f.entries)
	if err != nil || bytes.Equal(before, after) {
		return err
	}
	return replaceFile(target, after)
}

// resolve follows symbolic links to the file that they are for, and makes sure that its folder exists.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return target, err
	}
	if to, err := os.Readlink(path); err == nil {
		return "", fmt.Errorf("%s is a symbolic link to %s, which is not there: put that file back, or remove the link", path, to)
	}
	return path, os.MkdirAll(filepath.Dir(path), 0o755)
}

// replaceFile lets readers see the old content or the new, and nothing else,
// even after a power failure. The mode is 0600, or that of the old file.
func replaceFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := renameio.WriteFile(path, data, 0o600, renameio.WithTempDir(dir)); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename or a new name in the folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
