package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mesbridge/cmd/mesbridge/config"
)

// storeFile remembers where a demonstration keeps messages and keys when that is not its directory, for the
// next start and for commands that look at the directory.
const storeFile = "store.json"

// keepStore remembers the store that was asked for, or takes the one of an earlier start. Two are a mistake:
// the messages of the first would be missing.
func keepStore(dir string, asked config.Store) (config.Store, error) {
	kept, err := readStore(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && asked.Kind == "":
		return config.Default().Store, nil
	case errors.Is(err, fs.ErrNotExist):
		text, err := json.Marshal(asked)
		if err != nil {
			return asked, fmt.Errorf("write the place of the store: %w", err)
		}
		return asked, writeFile(filepath.Join(dir, storeFile), text)
	case err != nil:
		return kept, err
	case asked.Kind != "" && (asked.Endpoint != kept.Endpoint || asked.Bucket != kept.Bucket):
		return kept, fmt.Errorf("this demonstration keeps its messages in bucket %s of %s; give that one, or another directory", kept.Bucket, kept.Endpoint)
	case asked.Kind != "":
		return asked, nil // credentials may be elsewhere
	}
	return kept, nil
}

// readStore reads what keepStore remembered.
func readStore(dir string) (s config.Store, err error) {
	text, err := os.ReadFile(filepath.Join(dir, storeFile))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the place of the store: %w", err)
	}
	return s, nil
}
