package keystore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/objects"
	"mesbridge/rules"
)

// Store is [conversations.Keys]. It is safe for concurrent use.
type Store struct {
	shelf  shelf
	peers  Peers
	master MasterKey
	cache  cache
}

var _ conversations.Keys = (*Store)(nil)

// shelf is where wrapped keys stand.
type shelf interface {
	// read returns what stands under a patient, or conversations.ErrNotFound.
	read(ctx context.Context, p conversations.PatientID) ([]byte, error)
	// add puts value under a patient, durable when it returns, unless another one stands there; it returns
	// the one that does.
	add(ctx context.Context, p conversations.PatientID, value []byte) ([]byte, error)
	// erase takes away what stands under a patient, for good.
	erase(ctx context.Context, p conversations.PatientID) error
	// any returns the value of some patient, or conversations.ErrNotFound.
	any(ctx context.Context) ([]byte, error)
}

// Peers are the other processes that use the same keys. Whoever is not reached remembers a key for five
// minutes at most.
type Peers interface {
	// Forget asks them to forget the key of a patient.
	Forget(ctx context.Context, p conversations.PatientID) error
	// Forgotten gives the patients whose key another process erased. It may miss some.
	Forgotten() <-chan conversations.PatientID
}

// Open returns the keys of db, which is this process's own. It fails with [ErrOtherMaster] when the keys
// that are there were wrapped by another master key. Now is the clock of the cache.
func Open(ctx context.Context, db *localdb.DB, master MasterKey, now func() time.Time) (*Store, error) {
	return openOn(ctx, &localShelf{db: db}, alone{}, master, now)
}

// OpenObjects returns the keys of a bucket, which other processes use too. It fails as Open does.
func OpenObjects(ctx context.Context, bucket *objects.Bucket, peers Peers, master MasterKey, now func() time.Time) (*Store, error) {
	if peers == nil {
		peers = alone{}
	}
	return openOn(ctx, &objectShelf{bucket: bucket, now: now}, peers, master, now)
}

func openOn(ctx context.Context, on shelf, peers Peers, master MasterKey, now func() time.Time) (*Store, error) {
	s := &Store{shelf: on, peers: peers, master: master, cache: cache{now: now, keys: map[conversations.PatientID]cached{}}}
	value, err := on.any(ctx) // one is enough: all are wrapped by the same master key
	if errors.Is(err, conversations.ErrNotFound) {
		return s, nil
	}
	if err == nil {
		if r, parsed := parseRecord(value); parsed == nil && r.master != master.id() {
			err = ErrOtherMaster
		}
	}
	if err != nil {
		return nil, fmt.Errorf("check master key: %w", err)
	}
	return s, nil
}

// Create returns the key of a patient, making it, and keeping the INS with it, when there is none. A
// key is durable before it is returned. Soon after an erasure in a store of many processes it fails with
// [ErrErasedJustNow].
func (s *Store) Create(ctx context.Context, p conversations.PatientID, ins rules.INS) (conversations.DataKey, error) {
	if k, ok := s.cache.get(p); ok {
		return k.key, nil
	}
	if !isPatient(p) {
		return conversations.DataKey{}, errBadPatientID
	}
	at := s.cache.moment(p)
	value, err := s.shelf.read(ctx, p)
	if errors.Is(err, conversations.ErrNotFound) {
		var fresh conversations.DataKey
		_, _ = rand.Read(fresh[:]) // never fails: crypto/rand ends the program instead
		if value, err = s.master.wrap(p, fresh, ins); err == nil {
			value, err = s.shelf.add(ctx, p, value)
		}
	}
	if err != nil {
		return conversations.DataKey{}, fmt.Errorf("keep data key: %w", err)
	}
	k, err := s.open(p, value, at)
	return k.key, err
}

// Key returns the key and the INS of a patient. It fails with [conversations.ErrNotFound] when there
// is none, and with [ErrAltered] or [ErrOtherMaster] when it cannot be opened.
func (s *Store) Key(ctx context.Context, p conversations.PatientID) (conversations.DataKey, rules.INS, error) {
	if k, ok := s.cache.get(p); ok {
		return k.key, k.ins, nil
	}
	if !isPatient(p) {
		return conversations.DataKey{}, "", conversations.ErrNotFound
	}
	at := s.cache.moment(p)
	value, err := s.shelf.read(ctx, p)
	switch {
	case errors.Is(err, conversations.ErrNotFound):
		return conversations.DataKey{}, "", conversations.ErrNotFound
	case err != nil:
		return conversations.DataKey{}, "", fmt.Errorf("read data key: %w", err)
	}
	k, err := s.open(p, value, at)
	return k.key, k.ins, err
}

// open unwraps a key and remembers it, unless it was erased since a moment before it was read.
func (s *Store) open(p conversations.PatientID, value []byte, at uint64) (k cached, err error) {
	if k.key, k.ins, err = s.master.unwrap(p, value); err != nil {
		return cached{}, fmt.Errorf("read data key: %w", err)
	}
	s.cache.put(p, k, at)
	return k, nil
}

// Erase destroys the key and the INS of a patient: when it returns, neither can be read, neither is in
// this process's memory, and the tables or objects that held them are gone with their versions. The other
// processes were told. Erasing twice is not an error,
// and neither is erasing what never was. When it fails, it has to be repeated.
func (s *Store) Erase(ctx context.Context, p conversations.PatientID) error {
	if !isPatient(p) {
		return errBadPatientID
	}
	s.cache.drop(p)
	err := s.shelf.erase(ctx, p)
	s.cache.drop(p) // whoever read it meanwhile does not keep it
	if err != nil {
		return fmt.Errorf("erase data key: %w", err)
	}
	if err := s.peers.Forget(ctx, p); err != nil {
		return fmt.Errorf("have the data key forgotten: %w", err)
	}
	return nil
}

// Run forgets keys in time, and when another process erased them, until ctx is done.
func (s *Store) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.cache.sweep()
		case p := <-s.peers.Forgotten():
			s.cache.drop(p)
		}
	}
}

// patientDigits is the length of a patient id. It is the same for all, so that no key's place is the
// beginning of another's.
const patientDigits = 32

// isPatient reports whether a patient id has the form of ours, so that it can stand in a place's name.
func isPatient(p conversations.PatientID) bool {
	_, err := hex.DecodeString(string(p))
	return len(p) == patientDigits && err == nil && strings.ToLower(string(p)) == string(p)
}

// alone is a process without others.
type alone struct{}

// Forget has nobody to ask.
func (alone) Forget(context.Context, conversations.PatientID) error { return nil }

// Forgotten gives nothing.
func (alone) Forgotten() <-chan conversations.PatientID { return nil }
