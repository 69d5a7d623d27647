package localdb

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// Fail makes the database refuse everything from now on, and tells [DB.Failed]. Whoever keeps files
// beside the database calls it when one of them could not be synced: after that nobody knows what the
// disk holds, and a second sync that succeeds proves nothing (the kernel may have dropped the pages).
func (d *DB) Fail(cause error) {
	failure := fmt.Errorf("%w: %w", ErrFailed, cause)
	if !d.failure.CompareAndSwap(nil, &failure) {
		return
	}
	d.log.Error("the local database failed, the program must end", "cause", cause)
	close(d.failed)
}

// Failed is closed when the database has failed. The program then has to stop accepting and to end.
func (d *DB) Failed() <-chan struct{} { return d.failed }

// Err returns the failure, which is [ErrFailed], or nil.
func (d *DB) Err() error {
	if failure := d.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

// events listens to what Pebble meets in the background. A flush or a compaction that failed would be
// tried again by Pebble; to us it is a failed write to the disk like any other.
func (d *DB) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: d.Fail,
		WALDeleted:      func(pebble.WALDeleteInfo) { d.removals.tell() },
		TableDeleted:    func(pebble.TableDeleteInfo) { d.removals.tell() },
		DiskSlow: func(i pebble.DiskSlowInfo) {
			d.log.Warn("the disk of the data directory is slow", "operation", i.OpType.String(), "took", i.Duration)
		},
		WriteStallBegin: func(i pebble.WriteStallBeginInfo) {
			d.log.Warn("writes to the local database wait for the disk", "reason", i.Reason)
		},
	}
}

// logger passes Pebble's messages on. They name files and opaque ids.
type logger struct{ db *DB }

// Infof logs at debug level.
func (l logger) Infof(format string, args ...any) {
	l.db.log.Debug("local database", "message", message{format, args})
}

// Errorf logs an error.
func (l logger) Errorf(format string, args ...any) {
	l.db.log.Error("local database", "message", message{format, args})
}

// Fatalf must not return: Pebble goes on as if nothing had happened. In a call of ours the panic is
// turned into the failure; in a goroutine of Pebble's own it ends the process, as it must end anyway.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.db.Fail(err)
	panic(err)
}

// message is formatted only when the log takes it.
type message struct {
	format string
	args   []any
}

// LogValue formats the message.
func (m message) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf(m.format, m.args...)) }
