package bundle

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
)

// Check tells what is wrong with a prebuilt bundle.
func Check(path string) error {
	if err := check(path); err != nil {
		return fmt.Errorf("%s is no bundle of the rotator: %w; make one with `make lambda` in a checkout of secretstack", path, err)
	}
	return nil
}

func check(path string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	for _, file := range archive.File {
		if file.Name == bootstrap {
			return checkExecutable(file)
		}
	}
	return errors.New("it has no file named bootstrap at its root")
}

func checkExecutable(file *zip.File) error {
	if mode := file.Mode(); !mode.IsRegular() || mode&0o111 != 0o111 {
		return fmt.Errorf("its bootstrap has the mode %s, and everybody must be allowed to execute it", mode)
	}
	r, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	content, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("its bootstrap: %w", err)
	}
	program, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("its bootstrap is no executable for Linux: %w", err)
	}
	if program.Machine != elf.EM_AARCH64 || program.Class != elf.ELFCLASS64 {
		return fmt.Errorf("its bootstrap is for %s, not for arm64", program.Machine)
	}
	return nil
}
