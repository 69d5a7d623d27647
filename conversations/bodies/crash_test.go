package bodies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"pgregory.net/rapid"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// TestCommit_survivesACrash takes the disk as a crash may leave it, with all, none or some of what was
// not synced, right after a Commit, while another body is being written.
func TestCommit_survivesACrash(t *testing.T) {
	t.Parallel()
	for _, unsynced := range []int{0, 50, 100} {
		files := vfs.NewCrashableMem()
		s := open(t, files, "data")
		for i, size := range []int{0, 4096, maxInline, 300_000} {
			id := idOf(size)
			keep(t, s.Store, id, text(size))
			create(t, s.Store, conversations.ID(fmt.Sprintf("a1cut%d", i)), text(200_000+i)) // never committed
			crashed := files.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: unsynced, RNG: rand.New(rand.NewPCG(1, 1))})
			after := open(t, crashed, "data")
			if !bytes.Equal(read(t, after.Store, id), text(size)) {
				t.Errorf("%d bytes, %d %% of unsynced data kept: the body is lost", size, unsynced)
			}
			missing(t, after.Store, conversations.ID(fmt.Sprintf("a1cut%d", i)))
			left, err := crashed.List("data/bodies/unfinished")
			if err != nil || len(left) != 0 {
				t.Errorf("unfinished files left: %v, %v", left, err)
			}
		}
	}
}

// TestCommit_crashAtAnyStep crashes in the middle of commits, at every operation on the disk: what was
// acknowledged is there, what was not is there whole or not at all, and Collect leaves no file that
// nothing knows of.
func TestCommit_crashAtAnyStep(t *testing.T) {
	t.Parallel()
	mem := vfs.NewCrashableMem()
	var crashes []*vfs.MemFS
	var acknowledged []int
	var done atomic.Int32
	var mu sync.Mutex
	files := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !strings.Contains(op.Path, bodyDir) && op.Kind != errorfs.OpFileSyncData || op.Kind == errorfs.OpFileRead {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if done.Load() >= 0 && len(crashes) < 200 {
			crashes = append(crashes, mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(1, uint64(len(crashes))))}))
			acknowledged = append(acknowledged, int(done.Load()))
		}
		return nil
	}))
	done.Store(-1)
	s := open(t, files, "data")
	done.Store(0)
	for i := range 8 {
		keep(t, s.Store, idOf(i), text(size(i)))
		done.Add(1)
	}
	done.Store(-1)
	if len(crashes) < 20 {
		t.Fatalf("only %d crashes tried", len(crashes))
	}
	for c, crashed := range crashes {
		after := open(t, crashed, "data")
		for i := range 8 {
			err := readAll(after.Store, idOf(i), key)
			if i < acknowledged[c] && err != nil {
				t.Fatalf("crash %d: body %d of %d acknowledged: %v", c, i, acknowledged[c], err)
			}
			if errors.Is(err, ErrAltered) {
				t.Fatalf("crash %d: body %d is there in part", c, i)
			}
		}
		if _, err := after.Collect(t.Context(), start.Add(time.Hour), nobody); err != nil {
			t.Fatal(err)
		}
		if left := after.listAll(t); len(left) != 0 {
			t.Fatalf("crash %d: files that nothing knows of: %v", c, left)
		}
		_ = after.db.Close()
	}
}

func size(i int) int { return []int{100, 150_000}[i%2] + i }

func nobody(context.Context, conversations.PatientID, conversations.ID) (bool, error) {
	return false, nil
}

// listAll lists the body files on the store's file system.
func (f fixture) listAll(t *testing.T) (files []string) {
	t.Helper()
	dirs, err := f.files.List(f.Store.db.Path(bodyDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		names, err := f.files.List(f.Store.db.Path(bodyDir, d))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, names...)
	}
	return files
}

func TestCommit_fileCannotBeSynced_isTheEnd(t *testing.T) {
	t.Parallel()
	for _, what := range []struct {
		name string
		at   func(errorfs.Op) bool
	}{
		{"file", func(op errorfs.Op) bool {
			return strings.Contains(op.Path, unfinishedDir) && op.Kind == errorfs.OpFileSync
		}},
		{"directory", func(op errorfs.Op) bool { return strings.HasSuffix(op.Path, "/a1") && op.Kind == errorfs.OpFileSync }},
	} {
		t.Run(what.name, func(t *testing.T) {
			t.Parallel()
			var on atomic.Bool
			s := open(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
				if on.Load() && what.at(op) {
					return errorfs.ErrInjected
				}
				return nil
			})), "data")
			w := create(t, s.Store, "a1large", text(100_000))
			on.Store(true)
			if err := w.Commit(); !errors.Is(err, localdb.ErrFailed) {
				t.Fatalf("Commit: %v", err)
			}
			on.Store(false)
			<-s.db.Failed()
			if _, err := s.Create(t.Context(), patient, "a1next", key); !errors.Is(err, localdb.ErrFailed) {
				t.Fatalf("Create after the failure: %v", err)
			}
			if err := w.Abort(); err != nil {
				t.Fatalf("Abort after the failure: %v", err)
			}
		})
	}
}

// TestWrite_diskFull: a write that fails is no failure of the disk; the body is given up, the next one
// is taken.
func TestWrite_diskFull(t *testing.T) {
	t.Parallel()
	var on atomic.Bool
	s := open(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if on.Load() && strings.Contains(op.Path, unfinishedDir) && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpCreate) {
			return errorfs.ErrInjected
		}
		return nil
	})), "data")
	for _, before := range []int{0, 100_000} {
		id := conversations.ID(fmt.Sprintf("a1full%d", before))
		w := create(t, s.Store, id, text(before))
		on.Store(true)
		if _, err := w.Write(text(500_000)); !errors.Is(err, errorfs.ErrInjected) {
			t.Fatalf("Write: %v", err)
		}
		if err := w.Commit(); !errors.Is(err, errorfs.ErrInjected) {
			t.Fatalf("Commit after a failed Write: %v", err)
		}
		on.Store(false)
		if err := w.Abort(); err != nil {
			t.Fatal(err)
		}
		missing(t, s.Store, id)
	}
	keep(t, s.Store, "a1next", text(200_000))
	if left := s.listAll(t); len(left) != 1 {
		t.Errorf("files %v", left)
	}
}

func TestCollect_manyPages(t *testing.T) {
	t.Parallel()
	s := open(t, vfs.NewMem(), "data")
	const n = 2*collectAtOnce + 10
	for i := range n {
		keep(t, s.Store, idOf(i), nil)
	}
	third := func(_ context.Context, _ conversations.PatientID, id conversations.ID) (bool, error) {
		return id[len(id)-1]%3 == 0, nil
	}
	removed, err := s.Collect(t.Context(), start.Add(time.Hour), third)
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for i := range n {
		if readAll(s.Store, idOf(i), key) == nil {
			left++
		}
	}
	if left+removed != n || left == 0 || removed == 0 {
		t.Errorf("%d of %d left, %d removed", left, n, removed)
	}
	if again, err := s.Collect(t.Context(), start.Add(time.Hour), nobody); err != nil || again != 0 {
		t.Errorf("a second time: %d, %v", again, err)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte{recordVersion, byte(inline), 1, 2, 3})
	f.Add([]byte{recordVersion, byte(inFile)})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, value []byte) {
		r, err := parseRecord(value)
		if err != nil {
			return
		}
		if again := append([]byte{recordVersion, byte(r.place)}, r.sealed...); !bytes.Equal(again, value) {
			t.Errorf("%x was read as %x", value, again)
		}
	})
}

func FuzzParseMark(f *testing.F) {
	f.Add(markKey(start, name{string(patient), "a1one"}))
	f.Add([]byte("u"))
	f.Fuzz(func(t *testing.T, mark []byte) {
		n, err := parseMark(mark)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(mark, []byte(n.patient+n.body)) || len(mark) != 1+timeDigits+len(n.patient)+len(n.body) {
			t.Errorf("%q was read as %q", mark, n)
		}
	})
}

func TestMarkKey_sortsByTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<45)
		a, b := time.UnixMilli(ms.Draw(t, "a")), time.UnixMilli(ms.Draw(t, "b"))
		n := name{string(patient), "a1one"}
		if got, want := bytes.Compare(markKey(a, n), markKey(b, n)), a.Compare(b); got != want {
			t.Fatalf("%v and %v: %d, want %d", a, b, got, want)
		}
		if back, err := parseMark(markKey(a, n)); err != nil || back != n {
			t.Fatalf("parse: %v, %v", back, err)
		}
	})
}
