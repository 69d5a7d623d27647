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
	stale, err := d.logs()
	if err != nil {
		return err
	}
	if err := d.write(d.pebble.Flush); err != nil { // the logs of before are not needed any more
		return err
	}
	tables, err := d.tables(lower, upper)
	if err != nil {
		return err
	}
	if err := d.pebble.Compact(ctx, lower, upper, false); err != nil {
		return fmt.Errorf("compact local database: %w", err) // cancelled, or already told by BackgroundError
	}
	live, err := d.tables(lower, upper)
	if err != nil {
		return err
	}
	for path := range tables {
		if !live[path] {
			stale = append(stale, path)
		}
	}
	return d.awaitRemoval(ctx, stale)
}

// logs lists the files of the write-ahead log.
func (d *DB) logs() (paths []string, err error) {
	names, err := d.fs.List(d.Path("local"))
	if err != nil {
		return nil, fmt.Errorf("list logs of the local database: %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".log") {
			paths = append(paths, d.Path("local", name))
		}
	}
	return paths, nil
}

// tables lists the files of the tables in which records of a range may be.
func (d *DB) tables(lower, upper []byte) (map[string]bool, error) {
	levels, err := d.pebble.SSTables(pebble.WithKeyRangeFilter(lower, upper))
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

// awaitRemoval returns when none of the files is there.
func (d *DB) awaitRemoval(ctx context.Context, paths []string) error {
	for _, path := range paths {
		for {
			removed := d.removals.told()
			if _, err := d.fs.Stat(path); errors.Is(err, fs.ErrNotExist) {
				break
			} else if err != nil {
				return fmt.Errorf("look for an old file of the local database: %w", err)
			}
			select {
			case <-removed:
			case <-ctx.Done():
				return fmt.Errorf("remove old files of the local database: %w", ctx.Err())
			}
		}
	}
	return nil
}
