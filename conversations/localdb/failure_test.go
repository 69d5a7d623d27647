package localdb

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// failing is a file system on which operations that fails picks do fail, once on is set.
func failing(files vfs.FS, fails func(errorfs.Op) bool) (faulty vfs.FS, on *atomic.Bool) {
	on = new(atomic.Bool)
	return errorfs.Wrap(files, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if on.Load() && fails(op) {
			return errorfs.ErrInjected
		}
		return nil
	})), on
}

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}

// checkRefusesAll checks that nothing is accepted and nothing is read after a failure.
func checkRefusesAll(t *testing.T, d *DB) {
	t.Helper()
	<-d.Failed()
	calls := map[string]error{
		"Err":   d.Err(),
		"Sync":  d.Sync(func(b *pebble.Batch) error { return b.Set([]byte("k"), nil, nil) }),
		"Scan":  d.Scan([]byte("a"), []byte("z"), func(_, _ []byte) (bool, error) { return true, nil }),
		"Erase": d.Erase(t.Context(), []byte("a"), []byte("b")),
		"Close": d.Close(),
	}
	_, calls["Get"] = d.Get([]byte("k"), func([]byte) error { return nil })
	_, calls["Last"] = d.Last([]byte("a"), []byte("z"))
	for name, err := range calls {
		if !errors.Is(err, ErrFailed) {
			t.Errorf("%s after the failure: %v", name, err)
		}
	}
}

func TestSync_logCannotBeSynced_isTheEnd(t *testing.T) {
	t.Parallel()
	mem := vfs.NewCrashableMem()
	syncs := new(atomic.Int32)
	files, on := failing(mem, func(op errorfs.Op) bool {
		if strings.HasSuffix(op.Path, ".log") && isSync(op) {
			syncs.Add(1)
			return true
		}
		return false
	})
	d := open(t, files, "data")
	put(t, d, "before", "1")
	on.Store(true)
	err := d.Sync(func(b *pebble.Batch) error { return b.Set([]byte("after"), []byte("1"), nil) })
	if !errors.Is(err, ErrFailed) {
		t.Fatalf("Sync whose sync failed: %v", err)
	}
	on.Store(false) // a second sync would now succeed; nobody may ask for it
	checkRefusesAll(t, d)
	if n := syncs.Load(); n != 1 {
		t.Errorf("the log was synced %d times after the fault began, want 1", n)
	}
	again := open(t, mem.CrashClone(vfs.CrashCloneCfg{}), "data")
	if get(t, again, "before") != "1" || get(t, again, "after") != "-" {
		t.Errorf("after a restart: before %q, after %q", get(t, again, "before"), get(t, again, "after"))
	}
}

func TestSync_logCannotBeWritten_isTheEnd(t *testing.T) {
	t.Parallel()
	files, on := failing(vfs.NewMem(), func(op errorfs.Op) bool {
		return strings.HasSuffix(op.Path, ".log") && op.Kind == errorfs.OpFileWrite
	})
	d := open(t, files, "data")
	on.Store(true)
	err := d.Sync(func(b *pebble.Batch) error { return b.Set([]byte("k"), []byte("v"), nil) })
	if !errors.Is(err, ErrFailed) {
		t.Fatalf("Sync: %v", err)
	}
	checkRefusesAll(t, d)
}

func TestFail_background_isTheEnd(t *testing.T) {
	t.Parallel()
	files, on := failing(vfs.NewMem(), func(op errorfs.Op) bool {
		return strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpFileWrite
	})
	d := open(t, files, "data")
	put(t, d, "k", strings.Repeat("v", 4096))
	on.Store(true)
	done, err := d.pebble.AsyncFlush()
	if err != nil {
		t.Fatal(err)
	}
	<-d.Failed()
	on.Store(false)
	<-done // Pebble tries again; that must not bring the database back
	checkRefusesAll(t, d)
}

func TestFail_firstCauseStays(t *testing.T) {
	t.Parallel()
	d := open(t, vfs.NewMem(), "data")
	first := errors.New("body file could not be synced")
	d.Fail(first)
	d.Fail(errors.New("another"))
	if !errors.Is(d.Err(), first) || strings.Contains(d.Err().Error(), "another") {
		t.Fatalf("failure %v", d.Err())
	}
	checkRefusesAll(t, d)
}

// TestOpen_alteredLog_isNotSilent: a flipped byte inside what was synced must not pass for the end of
// the log, which would lose acknowledged writes without a word.
func TestOpen_alteredLog_isNotSilent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, nil, dir)
	for range 200 {
		put(t, d, "k", strings.Repeat("v", 1000))
	}
	log := onlyFile(t, filepath.Join(dir, "local", "*.log"))
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir() // what a crash leaves: no Close was called
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	content[len(content)/4] ^= 1
	if err := os.WriteFile(filepath.Join(copied, "local", filepath.Base(log)), content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(Options{Dir: copied, Log: slog.New(slog.DiscardHandler)})
	if err == nil || errors.Is(err, ErrInUse) {
		t.Fatalf("Open with an altered log: %v", err)
	}
}

func onlyFile(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return files[0]
}
