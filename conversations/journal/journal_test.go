package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/localdb/localdbtest"
)

var start = time.Date(2026, 5, 12, 10, 0, 0, 123_000_000, time.UTC)

func open(t testing.TB, files vfs.FS) *Journal {
	t.Helper()
	db := localdbtest.Open(t, files, "data")
	j, err := Open(db)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func entry(shard string, sequence uint64) conversations.JournalEntry {
	return conversations.JournalEntry{
		Shard: shard, Sequence: sequence, At: start.Add(time.Duration(sequence) * time.Second),
		Entry: fmt.Appendf(nil, "entry %d of %s", sequence, shard),
	}
}

func add(t testing.TB, j *Journal, shard string, sequences ...uint64) {
	t.Helper()
	for _, n := range sequences {
		if err := j.Append(t.Context(), entry(shard, n)); err != nil {
			t.Fatal(err)
		}
	}
}

func head(t testing.TB, j *Journal, shard string) uint64 {
	t.Helper()
	n, err := j.Head(t.Context(), shard)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAppend_survivesACrash(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	j := open(t, files)
	add(t, j, "a1", 1, 2, 4, 3, 6) // in any order, and with a gap at 5
	add(t, j, "a2", 1)
	add(t, j, "ff", 3)
	j = open(t, files.CrashClone(vfs.CrashCloneCfg{}))
	for shard, want := range map[string]uint64{"00": 0, "a0": 0, "a1": 6, "a2": 1, "ff": 3} {
		if got := head(t, j, shard); got != want {
			t.Errorf("head of %s is %d, want %d", shard, got, want)
		}
	}
	entries, err := j.Read(t.Context(), "a1", 0, 100)
	if err != nil || len(entries) != 5 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i, n := range []uint64{1, 2, 3, 4, 6} {
		want := entry("a1", n)
		if got := entries[i]; got.Shard != "a1" || got.Sequence != n || !got.At.Equal(want.At) || !bytes.Equal(got.Entry, want.Entry) {
			t.Errorf("entry %d is %v", n, got)
		}
	}
}

func TestRead_pages(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	for n := range uint64(25) {
		add(t, j, "a1", n+1)
	}
	var got []uint64
	for after := uint64(0); ; {
		page, err := j.Read(t.Context(), "a1", after, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			got = append(got, e.Sequence)
		}
		if len(page) < 10 {
			break
		}
		after = got[len(got)-1]
	}
	if len(got) != 25 || !slices.IsSorted(got) {
		t.Errorf("read %v", got)
	}
	for _, after := range []uint64{25, 1 << 40, ^uint64(0)} {
		if page, err := j.Read(t.Context(), "a1", after, 10); err != nil || len(page) != 0 {
			t.Errorf("after %d: %v, %v", after, page, err)
		}
	}
	if page, err := j.Read(t.Context(), "a1", 0, 0); err != nil || len(page) != 0 {
		t.Errorf("limit 0: %v, %v", page, err)
	}
}

func TestAppend_again_changesNothing(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	add(t, j, "a1", 1, 2, 5, 2, 5, 1)
	for _, n := range []uint64{1, 5} {
		other := entry("a1", n)
		other.Entry = []byte("another")
		if err := j.Append(t.Context(), other); !errors.Is(err, ErrForked) {
			t.Errorf("another entry %d: %v", n, err)
		}
		kept, err := j.Read(t.Context(), "a1", n-1, 1)
		if err != nil || !bytes.Equal(kept[0].Entry, entry("a1", n).Entry) {
			t.Errorf("entry %d was replaced: %v", n, err)
		}
	}
}

func TestAppend_badArguments(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	for _, e := range []conversations.JournalEntry{
		entry("", 1), entry("a", 1), entry("A1", 1), entry("a1f", 1), entry("zz", 1), entry("+1", 1), entry("a1", 0),
	} {
		if err := j.Append(t.Context(), e); err == nil {
			t.Errorf("took shard %q, sequence %d", e.Shard, e.Sequence)
		}
	}
	if _, err := j.Head(t.Context(), "A1"); err == nil {
		t.Error("head of a shard that is none")
	}
	if _, err := j.Read(t.Context(), "A1", 0, 1); err == nil {
		t.Error("entries of a shard that is none")
	}
}

// TestAppend_callerGone: the change was made, so its trace is kept though nobody waits for the answer.
func TestAppend_callerGone(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Append(ctx, entry("a1", 1)); err != nil || head(t, j, "a1") != 1 {
		t.Errorf("head %d, %v", head(t, j, "a1"), err)
	}
}

func TestAppend_manyWriters(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	j := open(t, files)
	var all sync.WaitGroup
	for w := range uint64(16) {
		all.Go(func() {
			for n := range uint64(50) {
				add(t, j, "a1", n*16+w+1)
			}
		})
	}
	all.Wait()
	if s := &j.shards[0xa1]; s.whole != 800 || len(s.ahead) != 0 || s.head != 800 {
		t.Errorf("whole %d, ahead %d, head %d", s.whole, len(s.ahead), s.head)
	}
	j = open(t, files.CrashClone(vfs.CrashCloneCfg{}))
	if s := &j.shards[0xa1]; s.whole != 800 || s.head != 800 {
		t.Errorf("after a crash: whole %d, head %d", s.whole, s.head)
	}
}

func TestAppend_diskFails(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	j := open(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail.Load() && op.Kind == errorfs.OpFileSyncData {
			return errorfs.ErrInjected
		}
		return nil
	})))
	fail.Store(true)
	if err := j.Append(t.Context(), entry("a1", 1)); !errors.Is(err, localdb.ErrFailed) {
		t.Fatalf("Append: %v", err)
	}
	if _, err := j.Head(t.Context(), "a1"); !errors.Is(err, localdb.ErrFailed) {
		t.Fatalf("Head: %v", err)
	}
}

// TestNote_anyOrder: whatever the order, whole is the length of the unbroken beginning and head the
// last one.
func TestNote_anyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := shard{ahead: map[uint64]struct{}{}}
		kept := map[uint64]bool{}
		for _, sequence := range rapid.SliceOfN(rapid.Uint64Range(1, 30), 0, 60).Draw(t, "sequences") {
			s.note(sequence)
			s.note(sequence)
			kept[sequence] = true
		}
		var whole, last uint64
		for kept[whole+1] {
			whole++
		}
		for n := range kept {
			last = max(last, n)
		}
		if s.whole != whole || s.head != last || len(s.ahead) != len(kept)-int(whole) {
			t.Fatalf("%v: whole %d, head %d, ahead %v", kept, s.whole, s.head, s.ahead)
		}
		for n := range uint64(32) {
			if s.keeps(n) != (kept[n] || n == 0) {
				t.Fatalf("keeps(%d) is %v", n, s.keeps(n))
			}
		}
	})
}

func TestOpen_alteredRecords(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	set := func(key, value []byte) {
		if err := j.db.Sync(func(b *pebble.Batch) error { return b.Set(key, value, nil) }); err != nil {
			t.Fatal(err)
		}
	}
	add(t, j, "a1", 1)
	set(entryKey("a1", 1), []byte{9, 9})
	if _, err := j.Read(t.Context(), "a1", 0, 1); err == nil {
		t.Error("an entry of an unknown version was read")
	}
	if err := j.Append(t.Context(), entry("a1", 1)); err == nil {
		t.Error("an unreadable entry passes for the same one")
	}
	set(localdb.Marks.Key("a1"), []byte{recordVersion, 1})
	if _, err := Open(j.db); err == nil {
		t.Error("an unreadable mark passes for none")
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add(formatEntry(entry("a1", 1)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		at, e, err := parseEntry(value)
		if err != nil {
			return
		}
		if again := formatEntry(conversations.JournalEntry{At: at, Entry: e}); !bytes.Equal(again, value) {
			t.Errorf("%x was read as %x", value, again)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add(entryKey("a1", 1))
	f.Add(localdb.Marks.Key("a1"))
	f.Fuzz(func(t *testing.T, key []byte) {
		shard, sequence, err := parseKey(key)
		if err == nil && !bytes.Equal(entryKey(shard, sequence), key) {
			t.Errorf("%x was read as %s, %d", key, shard, sequence)
		}
		if n, err := parseMark(key); err == nil && !bytes.Equal(formatMark(n), key) {
			t.Errorf("%x was read as mark %d", key, n)
		}
		if n, err := shardNumber(string(key)); err == nil && shardName(n) != string(key) {
			t.Errorf("%q was read as shard %d", key, n)
		}
	})
}

// BenchmarkAppend writes entries of 300 bytes from 1, 10 and 50 commands at once.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 10, 50} {
		b.Run(fmt.Sprintf("%dwriters", writers), func(b *testing.B) {
			db := localdbtest.Open(b, nil, b.TempDir())
			j, err := Open(db)
			if err != nil {
				b.Fatal(err)
			}
			content := make([]byte, 300)
			var next atomic.Uint64
			var all sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for range writers {
				all.Go(func() {
					for n := next.Add(1); n <= uint64(b.N); n = next.Add(1) {
						e := conversations.JournalEntry{Shard: shardName(int(n % shards)), Sequence: n/shards + 1, At: start, Entry: content}
						if err := j.Append(b.Context(), e); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
		})
	}
}
