package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// filesOf gives the files, and those in folders in the order of their names.
func filesOf(names []string) ([]string, error) {
	var files []string
	for _, name := range names {
		if name == "-" {
			files = append(files, name)
			continue
		}
		err := filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, unreadable(err)
		}
	}
	return files, nil
}

// unreadable says in a user's words why a file cannot be read.
func unreadable(err error) error {
	var of *fs.PathError
	switch {
	case !errors.As(err, &of):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is not there", of.Path)
	}
	return fmt.Errorf("%s cannot be read: %w", of.Path, of.Err)
}
