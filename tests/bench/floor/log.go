package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// logBytes is the size of the log's file, at whose end it begins again: a measurement must not fill the
// disk. The file is written once before, so that a sync has no metadata to write.
const logBytes = 256 << 20

// maxBatch is how many entries share one sync at most.
const maxBatch = 1024

// groupLog appends entries to a file. Those that come during one sync share the next.
type groupLog struct {
	file    *os.File
	offset  int64
	entries chan entry
	ended   chan struct{}
}

// entry is bytes that wait to be durable.
type entry struct {
	bytes []byte
	done  chan error
}

// openLog makes the log of a directory.
func openLog(dir string) (*groupLog, error) {
	f, err := os.OpenFile(filepath.Join(dir, "log"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	zeros := make([]byte, 1<<20)
	for at := int64(0); at < logBytes; at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros, at); err != nil {
			return nil, errors.Join(fmt.Errorf("take space for the log: %w", err), f.Close())
		}
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("take space for the log: %w", err), f.Close())
	}
	l := &groupLog{file: f, entries: make(chan entry, maxBatch), ended: make(chan struct{})}
	go l.commit()
	return l, nil
}

// append returns when the bytes are on disk.
func (l *groupLog) append(b []byte) error {
	e := entry{b, make(chan error, 1)}
	l.entries <- e
	return <-e.done
}

// commit writes and syncs what waits, again and again, until close.
func (l *groupLog) commit() {
	defer close(l.ended)
	batch := make([]entry, 0, maxBatch)
	for first := range l.entries {
		batch = append(batch[:0], first)
		for waiting := len(l.entries); waiting > 0 && len(batch) < maxBatch; waiting-- {
			batch = append(batch, <-l.entries)
		}
		err := l.write(batch)
		for _, e := range batch {
			e.done <- err
		}
	}
}

// write puts a batch at the end of the log, durably.
func (l *groupLog) write(batch []entry) error {
	for _, e := range batch {
		if l.offset+int64(len(e.bytes)) > logBytes {
			l.offset = 0
		}
		if _, err := l.file.WriteAt(e.bytes, l.offset); err != nil {
			return err
		}
		l.offset += int64(len(e.bytes))
	}
	return unix.Fdatasync(int(l.file.Fd()))
}

// close ends the log; nothing may be appended any more.
func (l *groupLog) close() error {
	close(l.entries)
	<-l.ended
	return l.file.Close()
}
