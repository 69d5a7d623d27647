package fetch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Keep replaces a file in one step, durable when it returns.
func Keep(name string, data []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".keep-*")
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep file: %w", err), os.Remove(f.Name()))
	}
	d, err := os.Open(dir) //nolint:gosec // the caller names the directory
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	return nil
}
