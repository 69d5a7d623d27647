package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
)

// Get reads an object from the start, part by part. It fails with [ErrNotFound] when there is none. A
// failure on the way is an error of Read, never the end of the object. The caller closes it.
func (b *Bucket) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	return b.get(ctx, key, 0)
}

// get reads an object from a byte on.
func (b *Bucket) get(ctx context.Context, key string, from int64) (io.ReadCloser, error) {
	var o minio.GetObjectOptions
	if from > 0 {
		if err := o.SetRange(from, 0); err != nil {
			return nil, fmt.Errorf("get object: %w", err)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	limit := time.AfterFunc(b.timeout, func() { cancel(errSlow) })
	body, _, _, err := b.core.GetObject(ctx, b.name, key, o)
	if err != nil {
		defer cancel(nil)
		limit.Stop()
		if code(err) == minio.NoSuchKey {
			return nil, ErrNotFound
		}
		return nil, fmt.Errorf("get object: %w", told(ctx, err))
	}
	limit.Stop()
	return &download{ctx: ctx, body: body, limit: limit, timeout: b.timeout, cancel: cancel}, nil
}

// download gives up when the server sends nothing for too long. A reader that takes its time is no reason.
type download struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one download
	body    io.ReadCloser
	limit   *time.Timer
	timeout time.Duration
	cancel  context.CancelCauseFunc
	close   sync.Once
}

// Read gives the next bytes.
func (d *download) Read(p []byte) (int, error) {
	d.limit.Reset(d.timeout)
	n, err := d.body.Read(p)
	d.limit.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("get object: %w", told(d.ctx, err))
	}
	return n, err
}

// Close ends the download. A second time it does nothing.
func (d *download) Close() (err error) {
	d.close.Do(func() {
		err = d.body.Close()
		d.cancel(nil)
	})
	return err
}

// Read reads a small object whole; one of more than most bytes is an error.
func (b *Bucket) Read(ctx context.Context, key string, most int64) ([]byte, error) {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	r, err := b.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	_ = r.Close() // it was only read
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > most:
		return nil, fmt.Errorf("get object: more than %d bytes", most)
	}
	return text, nil
}
