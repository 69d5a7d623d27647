package bodies

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
)

// writer takes the bytes of one body: into a buffer first, into a file once they fill it. It is for one
// goroutine at a time.
type writer struct {
	store *Store
	name  name
	data  conversations.DataKey
	buf   *[]byte         // nil once spilled or done
	file  *unfinishedFile // nil until spilled, and once done
	err   error           // what stops every later call
}

// errDone is what a call after Commit or Abort gets.
var errDone = errors.New("body is finished")

// Write takes the next bytes. After an error nothing can be committed.
func (w *writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.file == nil {
		if len(*w.buf)+len(p) < maxInline {
			*w.buf = append(*w.buf, p...)
			return len(p), nil
		}
		if w.err = w.spill(); w.err != nil {
			return 0, w.err
		}
	}
	n, err := w.file.Write(p)
	if err != nil {
		w.err = fmt.Errorf("write body: %w", err)
	}
	return n, w.err
}

// spill moves what was written to a file.
func (w *writer) spill() error {
	file, err := w.store.createFile(w.name, w.data)
	if err != nil {
		return fmt.Errorf("start body file: %w", err)
	}
	w.file = file
	_, err = file.Write(*w.buf)
	w.release()
	if err != nil {
		return fmt.Errorf("write body: %w", err)
	}
	return nil
}

// release gives the buffer back.
func (w *writer) release() {
	if w.buf != nil {
		*w.buf = (*w.buf)[:0]
		w.store.small.Put(w.buf)
		w.buf = nil
	}
}

// Commit makes the body durable and readable. After a failed sync the whole database is unusable.
func (w *writer) Commit() error {
	if w.err != nil {
		return w.err
	}
	defer w.release()
	w.err = errDone
	mark := w.store.marks.key(w.name)
	if w.file == nil {
		err := w.store.db.Sync(func(b *pebble.Batch) error {
			if err := b.Set(mark, nil, nil); err != nil {
				return err
			}
			return sealInto(b, w.name, w.data, *w.buf)
		})
		if err != nil {
			return fmt.Errorf("commit body: %w", err)
		}
		return nil
	}
	file := w.file
	w.file = nil
	if err := file.commit(mark); err != nil {
		return fmt.Errorf("commit body: %w", err)
	}
	return nil
}

// Abort drops the body, leaving nothing. After Commit it does nothing.
func (w *writer) Abort() error {
	w.release()
	w.err = errDone
	file := w.file
	w.file = nil
	if file == nil {
		return nil
	}
	if err := file.drop(); err != nil {
		return fmt.Errorf("abort body: %w", err)
	}
	return nil
}

var _ io.Writer = (*writer)(nil)
