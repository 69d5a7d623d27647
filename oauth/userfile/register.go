package userfile

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"mesbridge/oauth/sharedfile"
)

// Register answers from a file, which it reads again whenever it was replaced or changed. It is safe for concurrent use.
type Register struct {
	path string
	zone *time.Location
	now  func() time.Time
	log  *slog.Logger

	mu        sync.Mutex
	seen      fs.FileInfo
	bySubject map[string]Record
	byID      map[string][]Record
	err       error // why the file in place cannot be used
}

// Open reads the file, and fails when it cannot be used: a fault is better told at the start.
func Open(path string, zone *time.Location, now func() time.Time, log *slog.Logger) (*Register, error) {
	r := &Register{path: path, zone: zone, now: now, log: log}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r, r.look()
}

// Find gives the user whom the provider calls subject; false when nobody is, or his right has ended. It fails when the
// file cannot be read: then nobody is vouched for until it is mended.
func (r *Register) Find(subject string) (Record, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil || subject == "" {
		return Record{}, false, err
	}
	u, known := r.bySubject[subject]
	return u, known && u.Valid(r.now()), nil
}

// Holds reports whether somebody on the list has a national identifier, and the right still.
func (r *Register) Holds(id string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil || id == "" {
		return false, err
	}
	now := r.now()
	return slices.ContainsFunc(r.byID[id], func(u Record) bool { return u.Valid(now) }), nil
}

// look reads the file again when it changed. Looking costs a few microseconds. mu is held.
func (r *Register) look() error {
	info, err := os.Stat(r.path)
	switch {
	case err != nil:
		r.seen = nil
		return fmt.Errorf("look at the users: %w", err)
	case sharedfile.Same(r.seen, info):
		return r.err
	}
	list, err := readFile(r.path, r.zone)
	r.seen, r.bySubject, r.byID, r.err = info, make(map[string]Record, len(list)), make(map[string][]Record, len(list)), err
	for _, u := range list {
		r.bySubject[u.Subject], r.byID[u.ID] = u, append(r.byID[u.ID], u)
	}
	if err != nil {
		r.log.Error("the list of a structure's users cannot be used; none of them is let in until it is mended", "file", r.path, "error", err)
	}
	return r.err
}

func readFile(path string, zone *time.Location) ([]Record, error) {
	f, err := os.Open(path) //nolint:gosec // a file of the settings
	if err != nil {
		return nil, fmt.Errorf("open users: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	return Read(f, zone)
}
