package keystore

import (
	"bytes"
	"context"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// localShelf keeps keys in the local database.
type localShelf struct {
	db     *localdb.DB
	adding sync.Mutex // held while a key is made: two callers never get two
}

func place(p conversations.PatientID) []byte { return localdb.DataKeys.Key(string(p)) }

func (l *localShelf) read(_ context.Context, p conversations.PatientID) (value []byte, err error) {
	found, err := l.db.Get(place(p), func(v []byte) error { value = bytes.Clone(v); return nil })
	if err == nil && !found {
		err = conversations.ErrNotFound
	}
	return value, err
}

func (l *localShelf) add(ctx context.Context, p conversations.PatientID, value []byte) ([]byte, error) {
	l.adding.Lock()
	defer l.adding.Unlock()
	if there, err := l.read(ctx, p); err == nil {
		return there, nil
	}
	return value, l.db.Sync(func(b *pebble.Batch) error { return b.Set(place(p), value, nil) })
}

// erase rewrites the tables that held the key.
func (l *localShelf) erase(ctx context.Context, p conversations.PatientID) error {
	return l.db.Erase(ctx, place(p), append(place(p), 0))
}

func (l *localShelf) any(context.Context) (value []byte, err error) {
	lower, upper := localdb.DataKeys.Bounds()
	err = l.db.Scan(lower, upper, func(_, v []byte) (bool, error) { value = bytes.Clone(v); return false, nil })
	if err == nil && value == nil {
		err = conversations.ErrNotFound
	}
	return value, err
}
