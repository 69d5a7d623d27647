package localdb

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Errors of a database that cannot be used. The text of the first is meant for whoever starts the
// program.
var (
	ErrInUse  = errors.New("the data directory is in use by another process: stop it, or choose another directory")
	ErrFailed = errors.New("the local database failed: nothing is accepted until the program is started again")
	ErrClosed = errors.New("the local database is closed")
)

// Options say where the database is.
type Options struct {
	Dir string       // data directory; made, for its owner alone, when it is not there
	FS  vfs.FS       // file system to use; nil: the machine's
	Log *slog.Logger // what the database tells goes here, at debug level but for trouble
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	pebble *pebble.DB
	lock   *pebble.Lock
	fs     vfs.FS
	dir    string
	log    *slog.Logger

	use    sync.RWMutex // held shared by every call, exclusively by Close
	closed bool

	failure atomic.Pointer[error]
	failed  chan struct{}

	removals removals
}

// Memory and files of the database. One memtable takes some ten thousand small messages; a second and
// a third let writers go on while the first is written out.
const (
	memtableBytes = 64 << 20
	maxMemtables  = 3
	cacheBytes    = 32 << 20
	bloomBits     = 10 // per key: one needless read in a hundred lookups of an unknown key
)

// Open opens the database of a data directory, making both when they are not there. It fails with
// [ErrInUse] when another process, or this one, has it open.
func Open(o Options) (*DB, error) {
	if o.FS == nil {
		dir, err := filepath.Abs(o.Dir) // a directory has one name, or this process could lock it twice
		if err != nil {
			return nil, fmt.Errorf("find data directory: %w", err)
		}
		o.FS, o.Dir = vfs.Default, dir
	}
	d := &DB{fs: o.FS, dir: o.Dir, log: o.Log, failed: make(chan struct{})}
	if err := MakeDir(d.fs, d.Path("local")); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	var err error
	d.lock, err = pebble.LockDirectory(d.Path("local"), d.fs)
	var refused *fs.PathError // the lock file itself could not be opened
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("lock data directory: %w", err)
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", ErrInUse, err)
	}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("open local database: %w", errors.Join(err, d.lock.Close()))
	}
	return d, nil
}

// open opens the database in the locked directory. A new one is opened twice: Pebble writes the first
// log of a new database in its oldest format, in which a byte that rotted cannot be told from the end
// of the log, so that what follows would be lost in silence.
func (d *DB) open() error {
	existing, err := pebble.Peek(d.Path("local"), d.fs)
	if err != nil {
		return err
	}
	if d.pebble, err = pebble.Open(d.Path("local"), d.options()); err != nil || existing.Exists {
		return err
	}
	if err := d.pebble.Close(); err != nil {
		return err
	}
	d.pebble, err = pebble.Open(d.Path("local"), d.options())
	return err
}

// options are those of Pebble that we do not leave at their default.
func (d *DB) options() *pebble.Options {
	o := &pebble.Options{
		FS:                          discarding{d.fs},
		Lock:                        d.lock,
		Logger:                      logger{d},
		EventListener:               d.events(),
		Cleaner:                     pebble.ArchiveCleaner{},
		FormatMajorVersion:          pebble.FormatTableFormatV6, // raised by hand: older programs cannot read a newer one
		MemTableSize:                memtableBytes,
		MemTableStopWritesThreshold: maxMemtables,
		CacheSize:                   cacheBytes,
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
	}
	// Every value is sealed, so nothing would get smaller.
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	for i := range o.Levels {
		o.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBits)
	}
	return o
}

// Path returns the path of a file or directory inside the data directory.
func (d *DB) Path(parts ...string) string {
	return d.fs.PathJoin(append([]string{d.dir}, parts...)...)
}

// FS returns the file system that the data directory is on, for files kept beside the database.
func (d *DB) FS() vfs.FS { return d.fs }

// Close waits for the calls that run, and closes the database; later calls fail with [ErrClosed]. A
// database that failed stays locked until the process ends, and Close returns its failure.
func (d *DB) Close() error {
	if err := d.Err(); err != nil {
		return err
	}
	d.use.Lock()
	defer d.use.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if err := errors.Join(d.pebble.Close(), d.lock.Close()); err != nil {
		return fmt.Errorf("close local database: %w", err)
	}
	return nil
}

// MakeDir makes a directory and those above it, each durable in the one above.
func MakeDir(files vfs.FS, dir string) error {
	if _, err := files.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := files.PathDir(dir)
	if err := MakeDir(files, parent); err != nil {
		return err
	}
	if err := files.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return SyncDir(files, parent)
}

// SyncDir makes the names in a directory durable.
func SyncDir(files vfs.FS, dir string) error {
	d, err := files.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
