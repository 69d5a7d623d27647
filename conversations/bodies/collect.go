package bodies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// Known reports whether a message refers to a body.
type Known func(context.Context, conversations.PatientID, conversations.ID) (bool, error)

// Collect looks at every body committed before an instant that it has not looked at before. It removes
// those that known does not know, and leaves the others for good. It returns how many it removed.
//
// A message is committed at most minutes after its body: an hour ago is a safe instant (docs/design.md).
// When known fails, nothing more is removed: not knowing is not a no (D17).
func (s *Store) Collect(ctx context.Context, before time.Time, known Known) (removed int, err error) {
	return s.marks.collect(ctx, before, known, func(_ context.Context, n name, mark []byte) error { return s.remove(n, mark) })
}

// remove deletes a body with its mark; its file goes first, so that a crash leaves the mark to find it
// by.
func (s *Store) remove(n name, mark []byte) error {
	for _, path := range []string{s.path(n), s.drafts.path(n)} {
		if err := s.files.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.db.Sync(func(b *pebble.Batch) error {
		return errors.Join(b.Delete(n.key(), nil), b.Delete(mark, nil))
	})
}

// Remove deletes bodies durably; those that are not there are no error. When it returns, no file holds
// their bytes any more (O197). Their marks, if any are left, are collected later.
func (s *Store) Remove(ctx context.Context, p conversations.PatientID, ids ...conversations.ID) error {
	var keys [][]byte
	for _, id := range ids {
		n, err := nameOf(p, id)
		if err != nil {
			continue // it never was a body
		}
		if err := s.drop(n); err != nil {
			return fmt.Errorf("remove body: %w", err)
		}
		keys = append(keys, n.key())
	}
	if len(keys) == 0 {
		return nil
	}
	first, last := slices.MinFunc(keys, bytes.Compare), slices.MaxFunc(keys, bytes.Compare)
	if err := s.db.Scrub(ctx, first, append(last, 0)); err != nil {
		return fmt.Errorf("remove body: %w", err)
	}
	return nil
}

// RemoveAll deletes every body of a patient, and rewrites the tables of the database that held them.
func (s *Store) RemoveAll(ctx context.Context, p conversations.PatientID) error {
	if !isPatient(p) {
		return fmt.Errorf("remove bodies: %w", errID)
	}
	lower := localdb.Bodies.Key(string(p), "")
	upper := append(slices.Clone(lower), 0xff) // ids are ASCII
	var names []name
	err := s.db.Scan(lower, upper, func(key, _ []byte) (bool, error) {
		names = append(names, name{string(p), string(key[len(lower):])})
		return true, ctx.Err()
	})
	if err != nil {
		return fmt.Errorf("list bodies: %w", err)
	}
	for _, n := range names {
		if err := s.drop(n); err != nil {
			return fmt.Errorf("remove body: %w", err)
		}
	}
	if err := s.db.Erase(ctx, lower, upper); err != nil {
		return fmt.Errorf("remove bodies: %w", err)
	}
	return nil
}

// drop deletes a body: its file first, so that a crash leaves the record to find it by.
func (s *Store) drop(n name) error {
	if err := s.files.Remove(s.path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.db.Sync(func(b *pebble.Batch) error { return b.Delete(n.key(), nil) })
}
