package keystore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

// engine is one kind of key store, for the tests that all kinds pass.
type engine struct {
	open func(t *testing.T, m MasterKey) (*Store, error) // again: on the same keys, as another process where there may be one
	raw  func(t *testing.T, p conversations.PatientID) []byte
	set  func(t *testing.T, p conversations.PatientID, value []byte)
	now  *time.Time
}

// peers stand in for other processes.
type peers struct {
	told      func(conversations.PatientID)
	forgotten chan conversations.PatientID
}

func (p peers) Forget(_ context.Context, patient conversations.PatientID) error {
	if p.told != nil {
		p.told(patient)
	}
	return nil
}

func (p peers) Forgotten() <-chan conversations.PatientID { return p.forgotten }

// engines runs a test on each kind.
func engines(t *testing.T, test func(t *testing.T, e engine)) {
	t.Parallel()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		db, now := localdbtest.Open(t, nil, t.TempDir()), start
		test(t, engine{
			open: func(t *testing.T, m MasterKey) (*Store, error) {
				return Open(t.Context(), db, m, func() time.Time { return now })
			},
			raw: func(t *testing.T, p conversations.PatientID) (value []byte) {
				if _, err := db.Get(place(p), func(v []byte) error { value = bytes.Clone(v); return nil }); err != nil {
					t.Fatal(err)
				}
				return value
			},
			set: func(t *testing.T, p conversations.PatientID, value []byte) {
				if err := db.Sync(func(b *pebble.Batch) error { return b.Set(place(p), value, nil) }); err != nil {
					t.Fatal(err)
				}
			},
			now: &now,
		})
	})
	for _, versions := range []bool{false, true} {
		t.Run(fmt.Sprintf("objects,versions=%t", versions), func(t *testing.T) {
			t.Parallel()
			server, now := objectstest.Start(t), start
			if versions {
				server.EnableVersions(t)
			}
			test(t, engine{
				open: func(t *testing.T, m MasterKey) (*Store, error) {
					return OpenObjects(t.Context(), server.Open(t), nil, m, func() time.Time { return now })
				},
				raw: func(t *testing.T, p conversations.PatientID) []byte {
					value, err := server.Open(t).Read(t.Context(), object(keyPrefix, p), maxObject)
					if err != nil && !errors.Is(err, objects.ErrNotFound) {
						t.Fatal(err)
					}
					return value
				},
				set: func(t *testing.T, p conversations.PatientID, value []byte) {
					server.Replace(t, object(keyPrefix, p), value)
				},
				now: &now,
			})
		})
	}
}

func (e engine) opened(t *testing.T) *Store {
	t.Helper()
	s, err := e.open(t, master)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCreate_inParallel_givesOneKey(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		stores := []*Store{e.opened(t)}
		if _, shared := stores[0].shelf.(*objectShelf); shared { // a local database has one process
			stores = append(stores, e.opened(t))
		}
		for round := range 8 {
			p := conversations.PatientID(fmt.Sprintf("%02x0123456789abcdef0123456789abcd", round))
			keys := make([]conversations.DataKey, 16)
			var all sync.WaitGroup
			for i := range keys {
				all.Go(func() {
					k, err := stores[i%len(stores)].Create(t.Context(), p, ins)
					if err != nil {
						t.Error(err)
					}
					keys[i] = k
				})
			}
			all.Wait()
			for _, k := range keys {
				if k != keys[0] || k == (conversations.DataKey{}) {
					t.Fatal("two callers have two keys")
				}
			}
			got, i, err := e.opened(t).Key(t.Context(), p)
			if err != nil || got != keys[0] || i != ins {
				t.Fatalf("read again: %v", err)
			}
		}
	})
}

func TestCreate_badArguments(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s := e.opened(t)
		for _, p := range []conversations.PatientID{"", "a1", patient + "0", "zz" + patient[2:], "A1" + patient[2:], "../" + patient[3:]} {
			if _, err := s.Create(t.Context(), p, ins); err == nil {
				t.Errorf("Create took patient %q", p)
			}
			if _, _, err := s.Key(t.Context(), p); !errors.Is(err, conversations.ErrNotFound) {
				t.Errorf("Key of %q: %v", p, err)
			}
			if err := s.Erase(t.Context(), p); err == nil {
				t.Errorf("Erase took patient %q", p)
			}
		}
		if _, err := s.Create(t.Context(), patient, ""); err == nil {
			t.Error("Create took an empty INS")
		}
	})
}

// O197: an erased key comes back to nobody; the neighbour keeps his.
func TestErase_isForGood(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s := e.opened(t)
		kept, key := make1(t, s, neighbour, ins), make1(t, s, patient, ins)
		for range 2 {
			if err := s.Erase(t.Context(), patient); err != nil {
				t.Fatal(err)
			}
			for _, again := range []*Store{s, e.opened(t)} {
				if _, _, err := again.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
					t.Fatalf("Key after Erase: %v", err)
				}
			}
			*e.now = e.now.Add(quarantine / 2) // erasing what is not there does not begin the wait anew
		}
		if got, _, err := e.opened(t).Key(t.Context(), neighbour); err != nil || got != kept {
			t.Fatalf("the neighbour lost his key: %v", err)
		}
		if make1(t, s, patient, ins) == key {
			t.Fatal("a key made after Erase is the erased one")
		}
	})
}

// TestErase_whileRead: a reader that found the key must not bring it back to the cache.
func TestErase_whileRead(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s := e.opened(t)
		for range 10 {
			make1(t, s, patient, ins)
			s.cache.drop(patient)
			var readers sync.WaitGroup
			for range 8 {
				readers.Go(func() {
					if _, _, err := s.Key(context.Background(), patient); err != nil && !errors.Is(err, conversations.ErrNotFound) {
						t.Error(err)
					}
				})
			}
			if err := s.Erase(t.Context(), patient); err != nil {
				t.Fatal(err)
			}
			readers.Wait()
			if _, _, err := s.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
				t.Fatalf("Key after Erase: %v", err)
			}
			*e.now = e.now.Add(quarantine)
		}
	})
}

func TestOpen_otherMasterKey_isRefused(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		make1(t, e.opened(t), patient, ins)
		if _, err := e.open(t, MasterKey{9}); !errors.Is(err, ErrOtherMaster) {
			t.Fatalf("Open with another master key: %v", err)
		}
	})
}

func TestKey_altered(t *testing.T) {
	engines(t, func(t *testing.T, e engine) {
		s := e.opened(t)
		make1(t, s, patient, ins)
		sealed := e.raw(t, patient)
		try := func(p conversations.PatientID, value []byte) error {
			e.set(t, p, value)
			s.cache.drop(p)
			_, _, err := s.Key(t.Context(), p)
			if _, errCreate := s.Create(t.Context(), p, ins); (errCreate == nil) != (err == nil) {
				t.Errorf("Key says %v, Create %v: a new key would replace one that cannot be read", err, errCreate)
			}
			return err
		}
		for i := range sealed {
			flipped := bytes.Clone(sealed)
			flipped[i] ^= 0x80
			if err := try(patient, flipped); err == nil || errors.Is(err, conversations.ErrNotFound) {
				t.Fatalf("byte %d flipped: %v", i, err)
			}
			if err := try(patient, sealed[:i]); err == nil || errors.Is(err, conversations.ErrNotFound) {
				t.Fatalf("cut to %d: %v", i, err)
			}
		}
		if err := try(neighbour, sealed); !errors.Is(err, ErrAltered) {
			t.Errorf("key of another patient: %v", err)
		}
		if err := try(patient, sealed); err != nil {
			t.Errorf("unaltered: %v", err)
		}
		if bytes.Contains(sealed, []byte(ins)) {
			t.Error("an INS stands in clear")
		}
	})
}
