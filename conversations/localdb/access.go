package localdb

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// enter starts a call, which ends by d.use.RUnlock.
func (d *DB) enter() error {
	if err := d.Err(); err != nil {
		return err
	}
	d.use.RLock()
	if d.closed {
		d.use.RUnlock()
		return ErrClosed
	}
	return nil
}

// write runs an act of Pebble that writes to the disk. Whatever goes wrong is the failure: an error,
// and the panic that Pebble answers with when its log cannot be written.
func (d *DB) write(act func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			d.Fail(fmt.Errorf("write local database: %v", cause))
			err = d.Err()
		}
	}()
	if err := act(); err != nil {
		d.Fail(fmt.Errorf("write local database: %w", err))
		return d.Err()
	}
	return nil
}

// Sync makes the writes that fill puts in a batch durable, all or none. Calls that run at the same
// time share one sync of the disk. An error of fill writes nothing and is returned as it is; any other
// is [ErrFailed] or [ErrClosed].
func (d *DB) Sync(fill func(*pebble.Batch) error) (err error) { return d.apply(fill, pebble.Sync) }

// Write makes the writes that fill puts in a batch, all or none, without waiting for the disk: they are
// durable when any later Sync returns. A process that is killed, or a machine that loses its power,
// loses those after the last Sync.
func (d *DB) Write(fill func(*pebble.Batch) error) (err error) { return d.apply(fill, pebble.NoSync) }

// apply is Sync and Write, which differ in the waiting alone.
func (d *DB) apply(fill func(*pebble.Batch) error, wait *pebble.WriteOptions) (err error) {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.use.RUnlock()
	b := d.pebble.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	if err := fill(b); err != nil {
		return err
	}
	return d.write(func() error { return d.pebble.Apply(b, wait) })
}

// Get hands the value of key to read, and reports whether there is one. The value is good until read
// returns; an error of read is returned as it is.
func (d *DB) Get(key []byte, read func(value []byte) error) (found bool, err error) {
	if err := d.enter(); err != nil {
		return false, err
	}
	defer d.use.RUnlock()
	value, closer, err := d.pebble.Get(key)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read local database: %w", err)
	}
	return true, errors.Join(read(value), closer.Close())
}

// Scan hands the records from lower, included, to upper, excluded, to each, in the order of their
// keys, until it returns false or an error, which is returned as it is. Key and value are good until
// each returns. Each must not call the database.
func (d *DB) Scan(lower, upper []byte, each func(key, value []byte) (more bool, err error)) (err error) {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.use.RUnlock()
	it, err := d.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return fmt.Errorf("read local database: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for more := it.First(); more; more = more && it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("read local database: %w", err)
		}
		if more, err = each(it.Key(), value); err != nil {
			return err
		}
	}
	return nil
}

// Last returns the last key from lower, included, to upper, excluded; nil when there is none.
func (d *DB) Last(lower, upper []byte) (key []byte, err error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.use.RUnlock()
	it, err := d.pebble.NewIter(&pebble.IterOptions{LowerBound: lower, UpperBound: upper})
	if err != nil {
		return nil, fmt.Errorf("read local database: %w", err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	if it.Last() {
		key = append(key, it.Key()...)
	}
	return key, nil
}
