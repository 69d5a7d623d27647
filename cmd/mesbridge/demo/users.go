package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mesbridge/oauth/userfile"
)

// structureKey names the provider of the first clinic.
const structureKey = "ch-valdoux"

// openUsers makes the list of the staff that may come in, once: people may edit it with "mesbridge users", and see what
// becomes of it.
func openUsers(dir string, staff []Staff) (string, error) {
	path := filepath.Join(dir, structureKey+"-users.csv")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	f := userfile.File{Path: path, Zone: time.UTC}
	for i, s := range staff {
		if s.ID == "" {
			continue
		}
		if err := f.Add(userfile.Record{Subject: s.Subject, ID: s.ID, Name: s.Name, Profession: s.Code, Role: s.Role}, ""); err != nil {
			return "", fmt.Errorf("list staff %d: %w", i, err)
		}
	}
	return path, nil
}
