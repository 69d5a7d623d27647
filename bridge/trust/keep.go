package trust

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// keepFile replaces the kept copy in one step, durable when it returns. Its modification time is the
// instant of the last confirmation, so that a restart does not make an old list young again (O15, O16).
func keepFile(name string, data []byte, confirmed time.Time) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".list-*")
	if err != nil {
		return fmt.Errorf("keep white list: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Chtimes(f.Name(), confirmed, confirmed)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep white list: %w", err), os.Remove(f.Name()))
	}
	d, err := os.Open(dir) //nolint:gosec // the administrator names the directory
	if err != nil {
		return fmt.Errorf("keep white list: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keep white list: %w", err)
	}
	return nil
}
