package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// theseMatricules reads so many matricules, one on each line, from a file, never from the command line, which others
// can see. An error holds nothing of the file.
func theseMatricules(path string, want int) ([]string, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("--patient: %w", err)}
	}
	matricules := strings.Fields(text)
	if len(matricules) != want {
		return nil, usageError{fmt.Errorf("--patient: %d matricules are needed, one on each line, and there are %d", want, len(matricules))}
	}
	return matricules, nil
}

// maxPrivate bounds a file that names people, in bytes.
const maxPrivate = 1 << 20

// readPrivate reads a file that names people, - for standard input. An error holds nothing of it.
func readPrivate(path string) (string, error) {
	in := io.Reader(os.Stdin)
	if filepath.Base(path) != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxPrivate))
	return string(text), err
}

// writePrivate makes a file for its owner alone, which must not be there yet.
func writePrivate(path string) (*os.File, error) {
	return os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}
