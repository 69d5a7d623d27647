package keystore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/rules"
)

const (
	patient = conversations.PatientID("a10123456789abcdef0123456789abcd")
	ins     = rules.INS("279035121518989")
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

func openDB(t testing.TB, files vfs.FS, dir string) *localdb.DB {
	t.Helper()
	db, err := localdb.Open(localdb.Options{Dir: dir, FS: files, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // tests that need it to succeed close themselves
	return db
}

func open(t testing.TB, files vfs.FS, dir string) fixture {
	t.Helper()
	db := openDB(t, files, dir)
	now := start
	s, err := Open(db, master, func() time.Time { return now })
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

func TestCreate_inParallel_givesOneKey(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	for round := range 20 {
		p := conversations.PatientID(fmt.Sprintf("%02x0123456789abcdef0123456789abcd", round))
		keys := make([]conversations.DataKey, 16)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() { keys[i] = make1(t, s.Store, p, ins) })
		}
		all.Wait()
		for _, k := range keys {
			if k != keys[0] {
				t.Fatal("two callers have two keys")
			}
		}
	}
}

func TestCreate_badArguments(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	for _, p := range []conversations.PatientID{"", "a1", patient + "0", "zz" + patient[2:]} {
		if _, err := s.Create(t.Context(), p, ins); err == nil {
			t.Errorf("Create took patient %q", p)
		}
		if _, _, err := s.Key(t.Context(), p); !errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("Key of %q: %v", p, err)
		}
	}
	if _, err := s.Create(t.Context(), patient, ""); err == nil {
		t.Error("Create took an empty INS")
	}
}

func TestErase_destroysTheKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	neighbour := conversations.PatientID("a10123456789abcdef0123456789abce")
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

// TestErase_whileRead: a reader that found the key on disk must not bring it back to the cache.
func TestErase_whileRead(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	for range 20 {
		make1(t, s.Store, patient, ins)
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
	db := openDB(t, vfs.NewMem(), "data")
	synctest.Test(t, func(t *testing.T) {
		s := &Store{cache: cache{now: time.Now, keys: map[conversations.PatientID]cached{}}, db: db}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.Run(ctx) }()
		s.cache.put(patient, cached{})
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
		c.put(conversations.PatientID(fmt.Sprintf("%032x", i)), cached{})
		if len(c.keys) > maxCached {
			t.Fatalf("%d keys in memory", len(c.keys))
		}
	}
}

func TestOpen_otherMasterKey_isRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	make1(t, s.Store, patient, ins)
	if _, err := Open(s.db, MasterKey{9}, s.cache.now); !errors.Is(err, ErrOtherMaster) {
		t.Fatalf("Open with another master key: %v", err)
	}
}

func TestKey_altered(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	make1(t, s.Store, patient, ins)
	var sealed []byte
	if _, err := s.db.Get(place(patient), func(v []byte) error { sealed = bytes.Clone(v); return nil }); err != nil {
		t.Fatal(err)
	}
	try := func(p conversations.PatientID, value []byte) error {
		if err := s.db.Sync(func(b *pebble.Batch) error { return b.Set(place(p), value, nil) }); err != nil {
			t.Fatal(err)
		}
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
	if err := try("a1fffffffffffffffffffffffffffffe", sealed); !errors.Is(err, ErrAltered) {
		t.Errorf("key of another patient: %v", err)
	}
	if err := try(patient, sealed); err != nil {
		t.Errorf("unaltered: %v", err)
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
