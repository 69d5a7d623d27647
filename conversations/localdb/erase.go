package localdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// discarding is a file system on which what Pebble archives is removed. Pebble is told to archive, because
// only then does it recycle no log: a recycled log keeps what was erased until it is written over, which may
// be never (O197). Its price is that each log is a new file.
type discarding struct{ vfs.FS }

// archived is the folder that Pebble's archiving cleaner moves files to. It is never made.
const archived = "archive"

// MkdirAll makes a directory, but for that of what is archived.
func (f discarding) MkdirAll(dir string, perm os.FileMode) error {
	if f.PathBase(dir) == archived {
		return nil
	}
	return f.FS.MkdirAll(dir, perm)
}

// Rename moves a file, and removes one that is archived.
func (f discarding) Rename(from, to string) error {
	if f.PathBase(f.PathDir(to)) == archived {
		return f.Remove(from)
	}
	return f.FS.Rename(from, to)
}

// removals tells those who wait that a file of the database was removed.
type removals struct {
	mu   sync.Mutex
	next chan struct{} // closed with the next removal
}

// told returns a channel that is closed with the next removal.
func (r *removals) told() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = make(chan struct{})
	}
	return r.next
}

// tell ends the waits.
func (r *removals) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next != nil {
		close(r.next)
		r.next = nil
	}
}

// Erase deletes the records from lower, included, to upper, excluded, durably, as Scrub does with what was
// deleted before.
func (d *DB) Erase(ctx context.Context, lower, upper []byte) error {
	if err := d.Sync(func(b *pebble.Batch) error { return b.DeleteRange(lower, upper, nil) }); err != nil {
		return err
	}
	return d.Scrub(ctx, lower, upper)
}

// scrubLimit bounds the wait for the removal of files, which nothing holds up but a reader of theirs.
const scrubLimit = 2 * time.Minute

// Scrub makes what was deleted from lower, included, to upper, excluded, go from the disk: when it returns,
// no log and no table of the database holds it any more (O197). It takes as long as the rewriting of the
// tables of that range. When it fails, it has to be repeated.
func (d *DB) Scrub(ctx context.Context, lower, upper []byte) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.use.RUnlock()
	ctx, cancel := context.WithTimeout(ctx, scrubLimit)
	defer cancel()
	logs, err := d.files(".log")
	if err != nil {
		return err
	}
	if err := d.write(d.pebble.Flush); err != nil { // the logs of before are not needed any more
		return err
	}
	if err := d.pebble.Compact(ctx, lower, upper, false); err != nil {
		return fmt.Errorf("compact local database: %w", err) // cancelled, or already told by BackgroundError
	}
	tables, err := d.files(".sst")
	if err != nil {
		return err
	}
	return d.awaitRemoval(ctx, append(logs, tables...))
}

// files lists the files of the database whose names end alike: logs, or tables.
func (d *DB) files(suffix string) (paths []string, err error) {
	names, err := d.fs.List(d.Path("local"))
	if err != nil {
		return nil, fmt.Errorf("list files of the local database: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, suffix) {
			paths = append(paths, d.Path("local", name))
		}
	}
	return paths, nil
}

// inUse lists the tables of the database as it is now. Others are what a compaction, of ours or of Pebble's own,
// replaced, and stay while somebody reads them, or what one writes at this moment.
func (d *DB) inUse() (map[string]bool, error) {
	levels, err := d.pebble.SSTables()
	if err != nil {
		return nil, fmt.Errorf("list tables of the local database: %w", err)
	}
	paths := map[string]bool{}
	for _, level := range levels {
		for _, t := range level {
			paths[d.Path("local", fmt.Sprintf("%06d.sst", uint64(t.BackingSSTNum)))] = true
		}
	}
	return paths, nil
}

// awaitRemoval returns when each of the files is gone, or is a table in use.
func (d *DB) awaitRemoval(ctx context.Context, paths []string) error {
	for {
		removed := d.removals.told()
		left, err := d.replaced(paths)
		if err != nil || len(left) == 0 {
			return err
		}
		paths = left
		select {
		case <-removed:
		case <-ctx.Done():
			return fmt.Errorf("remove old files of the local database: %w", ctx.Err())
		}
	}
}

// replaced lists those of the files that are there although nothing needs them any more.
func (d *DB) replaced(paths []string) (left []string, err error) {
	live, err := d.inUse()
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if live[path] {
			continue
		}
		switch _, err := d.fs.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("look for an old file of the local database: %w", err)
		default:
			left = append(left, path)
		}
	}
	return left, nil
}
