package agefile

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// How long to wait for another process's lock in silence, and in all.
var (
	silence  = time.Second
	patience = time.Minute
)

// lock waits until nobody else changes the file at path, which need not exist.
func lock(path string) (unlock func() error, err error) {
	// The lock is on the folder: the file itself is replaced, and a lock file
	// beside it would be litter in a repository.
	l := flock.New(filepath.Dir(path), flock.SetFlag(os.O_RDONLY))
	done := make(chan error, 1)
	go func() { done <- l.Lock() }() // in the kernel's queue, where a repeated try could starve
	select {
	case err := <-done:
		return l.Unlock, err
	case <-time.After(silence):
		fmt.Fprintf(os.Stderr, "Waiting for another program that has locked the folder of %s.\n", path)
	}
	select {
	case err := <-done:
		return l.Unlock, err
	case <-time.After(patience):
		go func() {
			if <-done == nil {
				_ = l.Unlock() // too late
			}
		}()
		return nil, errors.New("another program has held it for a minute; end that one (lsof shows it), and try again")
	}
}

// ErrLocked says that a secret is locked already.
var ErrLocked = errors.New("is locked")

// LockSecret locks one secret of the file at path against others who do so, until unlock is called or this process
// has ended, however long it sleeps. It does not wait, and hinders no [Update]. The lock is an empty file in the
// folder .secretstack beside the encrypted one. Error: [ErrLocked], with the name of that file.
func LockSecret(path, name string) (unlock func() error, err error) {
	target, err := resolve(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(filepath.Dir(target), ".secretstack")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l := flock.New(filepath.Join(dir, filepath.Base(target)+"."+url.PathEscape(name)+".lock"))
	ok, err := l.TryLock()
	if err == nil && !ok {
		err = fmt.Errorf("%s %w", l.Path(), ErrLocked)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l.Unlock, nil
}
