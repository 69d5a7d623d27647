package keystore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/rules"
)

const (
	patient   = conversations.PatientID("a10123456789abcdef0123456789abcd")
	neighbour = conversations.PatientID("b20123456789abcdef0123456789abce")
	ins       = rules.INS("279035121518989")
)

var (
	master = MasterKey{1, 2, 3}
	start  = time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
)

type fixture struct {
	*Store
	db  *localdb.DB
	now *time.Time
}

func open(t testing.TB, files vfs.FS, dir string) fixture {
	t.Helper()
	db := localdbtest.Open(t, files, dir)
	now := start
	s, err := Open(t.Context(), db, master, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return fixture{s, db, &now}
}

func make1(t testing.TB, s *Store, p conversations.PatientID, i rules.INS) conversations.DataKey {
	t.Helper()
	k, err := s.Create(t.Context(), p, i)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCreate_isDurableAndTheSame(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	s := open(t, files, "data")
	if _, _, err := s.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
		t.Fatalf("Key before Create: %v", err)
	}
	key := make1(t, s.Store, patient, ins)
	if key == (conversations.DataKey{}) || key != make1(t, s.Store, patient, "294037512000591") {
		t.Fatal("a second Create gives another key")
	}
	other := make1(t, s.Store, "a1fffffffffffffffffffffffffffffe", ins)
	if other == key {
		t.Fatal("two patients have one key")
	}
	s = open(t, files.CrashClone(vfs.CrashCloneCfg{}), "data")
	got, gotINS, err := s.Key(t.Context(), patient)
	if err != nil || got != key || gotINS != ins {
		t.Fatalf("after a crash: same key %v, same INS %v, %v", got == key, gotINS == ins, err)
	}
	if make1(t, s.Store, patient, ins) != key {
		t.Fatal("Create after a crash gives another key")
	}
}

func TestErase_destroysTheKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	kept := make1(t, s.Store, neighbour, ins)
	key := make1(t, s.Store, patient, ins)
	var sealed []byte
	if _, err := s.db.Get(place(patient), func(v []byte) error { sealed = bytes.Clone(v); return nil }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Erase(t.Context(), patient); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
			t.Fatalf("Key after Erase: %v", err)
		}
	}
	if got, _, err := s.Key(t.Context(), neighbour); err != nil || got != kept {
		t.Fatalf("the neighbour lost his key: %v", err)
	}
	if make1(t, s.Store, patient, ins) == key {
		t.Fatal("a key made after Erase is the erased one")
	}
	if err := s.db.Close(); err != nil { // waits until the tables that were rewritten are gone
		t.Fatal(err)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "local", "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables %v, %v: nothing was flushed", tables, err)
	}
	for _, table := range tables {
		content, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, sealed[headBytes:headBytes+wrappedBytes]) {
			t.Errorf("%s still holds the wrapped key", filepath.Base(table))
		}
	}
}

func TestKey_isForgottenInTime(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	key := make1(t, s.Store, patient, ins)
	del := func() { // behind the cache's back, as another process would
		if err := s.db.Sync(func(b *pebble.Batch) error { return b.Delete(place(patient), nil) }); err != nil {
			t.Fatal(err)
		}
	}
	del()
	*s.now = start.Add(keepFor - 1)
	if got, _, err := s.Key(t.Context(), patient); err != nil || got != key {
		t.Fatalf("just before its time is over: %v", err)
	}
	*s.now = start.Add(keepFor)
	if _, _, err := s.Key(t.Context(), patient); !errors.Is(err, conversations.ErrNotFound) {
		t.Fatalf("when its time is over: %v", err)
	}
	if keepFor+sweepEvery > 5*time.Minute {
		t.Errorf("a key stays in memory for %v", keepFor+sweepEvery)
	}
}

// TestRun_forgetsKeys runs on the fake clock of testing/synctest.
func TestRun_forgetsKeys(t *testing.T) {
	t.Parallel()
	db := localdbtest.Open(t, vfs.NewMem(), "data")
	synctest.Test(t, func(t *testing.T) {
		forgotten := peers{forgotten: make(chan conversations.PatientID)}
		s, err := openOn(t.Context(), &localShelf{db: db}, forgotten, master, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.Run(ctx) }()
		s.cache.put(patient, cached{}, 0)
		s.cache.put(neighbour, cached{}, 0)
		forgotten.forgotten <- neighbour
		synctest.Wait()
		if _, ok := s.cache.get(neighbour); ok || len(s.cache.keys) != 1 {
			t.Error("a key that another process erased is remembered")
		}
		<-time.After(5 * time.Minute) // fake time: it passes at once
		synctest.Wait()
		if n := len(s.cache.keys); n != 0 {
			t.Errorf("%d keys in memory after five minutes", n)
		}
		cancel()
		<-ended
	})
}

func TestCache_isBounded(t *testing.T) {
	t.Parallel()
	c := cache{now: func() time.Time { return start }, keys: map[conversations.PatientID]cached{}}
	for i := range 2*maxCached + 10 {
		c.put(conversations.PatientID(fmt.Sprintf("%032x", i)), cached{}, 0)
		if len(c.keys) > maxCached {
			t.Fatalf("%d keys in memory", len(c.keys))
		}
	}
}

func TestCreate_diskFails_givesNoKey(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	s := open(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && op.Kind == errorfs.OpFileSyncData {
			return errorfs.ErrInjected
		}
		return nil
	})), "data")
	fail.Store(true)
	if k, err := s.Create(t.Context(), patient, ins); !errors.Is(err, localdb.ErrFailed) || k != (conversations.DataKey{}) {
		t.Fatalf("Create on a failing disk: %v", err)
	}
	if _, _, err := s.Key(t.Context(), patient); !errors.Is(err, localdb.ErrFailed) {
		t.Fatalf("Key after it: %v", err)
	}
}

func TestDisk_holdsNeitherKeyNorINS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	key := make1(t, s.Store, patient, ins)
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "local", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(ins)) || bytes.Contains(content, key[:]) {
			t.Errorf("%s holds a key or an INS in clear", filepath.Base(f))
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	key := conversations.DataKey{7}
	whole, err := master.wrap(patient, key, ins)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte{recordVersion})
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := parseRecord(value)
		if err != nil {
			return
		}
		if again := r.format(); !bytes.Equal(again, value) {
			t.Errorf("%x was read as %x", value, again)
		}
		if k, i, err := master.unwrap(patient, value); err == nil && (k != key || i != ins) {
			t.Errorf("%x opens, to what nobody sealed", value)
		}
	})
}
