package keystore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/rules"
)

// Store is the local engine of [conversations.Keys]. It is safe for concurrent use.
type Store struct {
	db     *localdb.DB
	master MasterKey
	cache  cache
	shards [256]sync.Mutex // of a patient: held while a key is made, read from disk or erased
}

var _ conversations.Keys = (*Store)(nil)

// Open returns the keys of db. It fails with [ErrOtherMaster] when the keys that are there were
// wrapped by another master key. Now is the clock of the cache.
func Open(db *localdb.DB, master MasterKey, now func() time.Time) (*Store, error) {
	s := &Store{db: db, master: master, cache: cache{now: now, keys: map[conversations.PatientID]cached{}}}
	lower, upper := localdb.DataKeys.Bounds()
	err := db.Scan(lower, upper, func(_, value []byte) (bool, error) {
		if r, err := parseRecord(value); err == nil && r.master != master.id() {
			return false, ErrOtherMaster
		}
		return false, nil // one is enough: all are wrapped by the same master key
	})
	if err != nil {
		return nil, fmt.Errorf("check master key: %w", err)
	}
	return s, nil
}

// Create returns the key of a patient, making it, and keeping the INS with it, when there is none. A
// key is durable before it is returned.
func (s *Store) Create(_ context.Context, p conversations.PatientID, ins rules.INS) (conversations.DataKey, error) {
	if k, ok := s.cache.get(p); ok {
		return k.key, nil
	}
	mu, err := s.of(p)
	if err != nil {
		return conversations.DataKey{}, err
	}
	mu.Lock()
	defer mu.Unlock()
	switch k, err := s.read(p); {
	case err == nil:
		return k.key, nil
	case !errors.Is(err, conversations.ErrNotFound):
		return conversations.DataKey{}, err
	}
	k := cached{ins: ins}
	_, _ = rand.Read(k.key[:]) // never fails: crypto/rand ends the program instead
	value, err := s.master.wrap(p, k.key, ins)
	if err != nil {
		return conversations.DataKey{}, err
	}
	err = s.db.Sync(func(b *pebble.Batch) error { return b.Set(place(p), value, nil) })
	if err != nil {
		return conversations.DataKey{}, fmt.Errorf("keep data key: %w", err)
	}
	s.cache.put(p, k)
	return k.key, nil
}

// Key returns the key and the INS of a patient. It fails with [conversations.ErrNotFound] when there
// is none, and with [ErrAltered] or [ErrOtherMaster] when it cannot be opened.
func (s *Store) Key(_ context.Context, p conversations.PatientID) (conversations.DataKey, rules.INS, error) {
	if k, ok := s.cache.get(p); ok {
		return k.key, k.ins, nil
	}
	mu, err := s.of(p)
	if err != nil {
		return conversations.DataKey{}, "", conversations.ErrNotFound
	}
	mu.Lock()
	defer mu.Unlock()
	k, err := s.read(p)
	return k.key, k.ins, err
}

// Erase destroys the key and the INS of a patient: when it returns, neither can be read, neither is in
// this process's memory, and the tables that held them were rewritten. Erasing twice is not an error,
// and neither is erasing what never was. When it fails, it has to be repeated.
func (s *Store) Erase(ctx context.Context, p conversations.PatientID) error {
	mu, err := s.of(p)
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	s.cache.drop(p) // nobody can put it back: that takes the lock
	if err := s.db.Erase(ctx, place(p), append(place(p), 0)); err != nil {
		return fmt.Errorf("erase data key: %w", err)
	}
	return nil
}

// Run forgets keys in time, until ctx is done.
func (s *Store) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.cache.sweep()
		}
	}
}

// read reads a key from the database into the cache. The patient's lock is held, so that a key that is
// being erased cannot come back.
func (s *Store) read(p conversations.PatientID) (cached, error) {
	var k cached
	found, err := s.db.Get(place(p), func(value []byte) (err error) {
		k.key, k.ins, err = s.master.unwrap(p, value)
		return err
	})
	switch {
	case err != nil:
		return cached{}, fmt.Errorf("read data key: %w", err)
	case !found:
		return cached{}, conversations.ErrNotFound
	}
	s.cache.put(p, k)
	return k, nil
}

func place(p conversations.PatientID) []byte { return localdb.DataKeys.Key(string(p)) }

// of returns the lock of a patient, by his shard.
func (s *Store) of(p conversations.PatientID) (*sync.Mutex, error) {
	if len(p) != patientDigits {
		return nil, errBadPatientID
	}
	n, err := strconv.ParseUint(p.Shard(), 16, 8)
	if err != nil {
		return nil, errBadPatientID
	}
	return &s.shards[n], nil
}

// patientDigits is the length of a patient id. It is the same for all, so that no key's place is the
// beginning of another's.
const patientDigits = 32
