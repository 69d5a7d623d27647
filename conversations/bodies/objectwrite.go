package bodies

import (
	"context"
	"errors"
	"fmt"
	"io"

	"mesbridge/conversations/objects"
)

// ErrTaken means that another body has the id.
var ErrTaken = errors.New("another body has the id")

// objectWriter takes the bytes of one body, and puts the object when it is whole. It is for one goroutine at
// a time.
type objectWriter struct {
	ctx    context.Context // of the message, without its end
	engine *Objects
	name   name
	text   io.WriteCloser // seals into sealed
	sealed *draft
	err    error // what stops every later call
}

// Write takes the next bytes. After an error nothing can be committed.
func (w *objectWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.text.Write(p)
	if err != nil {
		w.err = fmt.Errorf("write body: %w", err)
	}
	return n, w.err
}

// Commit makes the body durable and readable. When it fails, the body may be there or not: nothing refers
// to it, and Collect finds it by its mark, which is durable before the object.
func (w *objectWriter) Commit() error {
	if w.err != nil {
		return w.err
	}
	w.err = errDone
	err := w.commit()
	if errors.Is(err, objects.ErrTaken) {
		err = ErrTaken
	}
	if err = errors.Join(err, w.sealed.drop()); err != nil {
		return fmt.Errorf("commit body: %w", err)
	}
	return nil
}

func (w *objectWriter) commit() error {
	if err := w.text.Close(); err != nil {
		return err
	}
	mark := w.engine.marks.key(w.name)
	if err := w.engine.marks.set(mark); err != nil {
		return err
	}
	err := w.engine.bucket.Put(w.ctx, w.name.object(), w.sealed.content())
	if errors.Is(err, objects.ErrTaken) { // the mark would have the other one collected
		return errors.Join(err, w.engine.marks.forget(mark))
	}
	return err
}

// Abort drops the body, leaving nothing. After Commit it does nothing.
func (w *objectWriter) Abort() error {
	w.err = errDone
	if err := w.sealed.drop(); err != nil {
		return fmt.Errorf("abort body: %w", err)
	}
	return nil
}
