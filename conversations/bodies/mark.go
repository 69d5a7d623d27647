package bodies

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// marks remember, in the local database, which bodies were committed that no message may refer to yet.
type marks struct {
	db  *localdb.DB
	now func() time.Time
}

// key is the key of the mark of a body that is committed now.
func (m marks) key(n name) []byte { return markKey(m.now(), n) }

// collectAtOnce is how many bodies one step of Collect holds in memory.
const collectAtOnce = 1000

// list lists the keys of the oldest marks before an instant.
func (m marks) list(before time.Time) (keys [][]byte, err error) {
	lower, _ := localdb.Uncommitted.Bounds()
	err = m.db.Scan(lower, markKey(before, name{}), func(key, _ []byte) (bool, error) {
		keys = append(keys, slices.Clone(key))
		return len(keys) < collectAtOnce, nil
	})
	return keys, err
}

// collect has those bodies removed, with their marks, that were marked before an instant and that known does
// not know, and takes the marks of the others away.
func (m marks) collect(ctx context.Context, before time.Time, known Known, remove func(context.Context, name, []byte) error) (removed int, err error) {
	for {
		marked, err := m.list(before)
		if err != nil {
			return removed, fmt.Errorf("list uncommitted bodies: %w", err)
		}
		n, err := m.settle(ctx, marked, known, remove)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("collect bodies: %w", err)
		}
		if len(marked) < collectAtOnce {
			return removed, nil
		}
	}
}

// settle decides on the bodies of some marks. Marks of bodies that stay go together at the end.
func (m marks) settle(ctx context.Context, marked [][]byte, known Known, remove func(context.Context, name, []byte) error) (removed int, err error) {
	var settled [][]byte
	for _, mark := range marked {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		n, err := parseMark(mark)
		if err != nil {
			return removed, err
		}
		keep, err := known(ctx, conversations.PatientID(n.patient), conversations.ID(n.body))
		switch {
		case err != nil:
			return removed, err
		case keep:
			settled = append(settled, mark)
			continue
		}
		if err := remove(ctx, n, mark); err != nil {
			return removed, err
		}
		removed++
	}
	return removed, m.forget(settled...)
}

// forget takes marks away.
func (m marks) forget(keys ...[]byte) error {
	return m.db.Sync(func(b *pebble.Batch) error {
		for _, key := range keys {
			if err := b.Delete(key, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// set marks a body, durably.
func (m marks) set(key []byte) error {
	return m.db.Sync(func(b *pebble.Batch) error { return b.Set(key, nil, nil) })
}
