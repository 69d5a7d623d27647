package localdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// open opens a database in dir of files (nil: the machine's) and closes it with the test.
func open(t testing.TB, files vfs.FS, dir string) *DB {
	t.Helper()
	d, err := Open(Options{Dir: dir, FS: files, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() }) // tests that need Close to succeed call it themselves
	return d
}

func put(t testing.TB, d *DB, key, value string) {
	t.Helper()
	if err := d.Sync(func(b *pebble.Batch) error { return b.Set([]byte(key), []byte(value), nil) }); err != nil {
		t.Fatal(err)
	}
}

// get returns the value of key, or "-" when there is none.
func get(t testing.TB, d *DB, key string) string {
	t.Helper()
	var v string
	found, err := d.Get([]byte(key), func(b []byte) error { v = string(b); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "-"
	}
	return v
}

func TestSync_survivesACrash(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	d := open(t, files, "some/data")
	for i := range 100 {
		put(t, d, fmt.Sprintf("k%02d", i), fmt.Sprint(i))
	}
	crashed := files.CrashClone(vfs.CrashCloneCfg{}) // only what was synced is there
	d = open(t, crashed, "some/data")
	for i := range 100 {
		if v := get(t, d, fmt.Sprintf("k%02d", i)); v != fmt.Sprint(i) {
			t.Fatalf("after the crash k%02d is %q", i, v)
		}
	}
}

func TestSync_fillFails_writesNothing(t *testing.T) {
	t.Parallel()
	d := open(t, nil, t.TempDir())
	why := errors.New("why not")
	err := d.Sync(func(b *pebble.Batch) error {
		return errors.Join(b.Set([]byte("k"), []byte("v"), nil), why)
	})
	if !errors.Is(err, why) || get(t, d, "k") != "-" || d.Err() != nil {
		t.Fatalf("err %v, k %q, failure %v", err, get(t, d, "k"), d.Err())
	}
}

func TestOpen_again_findsTheSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, nil, dir)
	put(t, d, "k", "v")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatalf("second Close: %v", err)
	}
	if _, err := d.Get([]byte("k"), func([]byte) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Fatalf("Get after Close: %v", err)
	}
	if v := get(t, open(t, nil, dir), "k"); v != "v" {
		t.Fatalf("k is %q", v)
	}
	info, err := os.Stat(filepath.Join(dir, "local"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("directory %v, %v: others could read it", info.Mode(), err)
	}
}

func TestOpen_inUse_saysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, nil, dir)
	for _, again := range []string{dir, dir + "/", filepath.Join(dir, "..", filepath.Base(dir))} {
		if _, err := Open(Options{Dir: again, Log: slog.New(slog.DiscardHandler)}); !errors.Is(err, ErrInUse) {
			t.Fatalf("second Open of the same directory: %v", err)
		}
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestOpen_byAnotherProcess", "-test.v")
	cmd.Env = append(os.Environ(), "OPEN_DIR="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "refused: "+ErrInUse.Error()) {
		t.Fatalf("another process: %v\n%s", err, out)
	}
}

// TestOpen_byAnotherProcess is the other process of TestOpen_inUse_saysSo.
func TestOpen_byAnotherProcess(t *testing.T) {
	dir := os.Getenv("OPEN_DIR")
	if dir == "" {
		t.Skip("runs only in the process that TestOpen_inUse_saysSo starts")
	}
	_, err := Open(Options{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	t.Log("refused:", err)
}

func TestOpen_directoryCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Dir: filepath.Join(file, "data"), Log: slog.New(slog.DiscardHandler)})
	if err == nil || errors.Is(err, ErrInUse) {
		t.Fatalf("data directory under a file: %v", err)
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the file in the way is gone")
	}
}

func TestSync_manyWriters_keepAll(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	d := open(t, files, "data")
	var writers sync.WaitGroup
	for w := range 20 {
		writers.Go(func() {
			for i := range 50 {
				put(t, d, fmt.Sprintf("%02d/%02d", w, i), fmt.Sprint(w, i))
			}
		})
	}
	writers.Wait()
	d = open(t, files.CrashClone(vfs.CrashCloneCfg{}), "data")
	for w := range 20 {
		for i := range 50 {
			if v := get(t, d, fmt.Sprintf("%02d/%02d", w, i)); v != fmt.Sprint(w, i) {
				t.Fatalf("writer %d lost %d: %q", w, i, v)
			}
		}
	}
}

func TestScan_keepsToItsBounds(t *testing.T) {
	t.Parallel()
	d := open(t, nil, t.TempDir())
	for _, k := range []string{"a1", "b1", "b2", "b3", "c1"} {
		put(t, d, k, "of "+k)
	}
	lower, upper := Range('b').Bounds()
	scan := func(stop string) (keys []string) {
		err := d.Scan(lower, upper, func(k, v []byte) (bool, error) {
			if string(v) != "of "+string(k) {
				t.Errorf("%s has %s", k, v)
			}
			keys = append(keys, string(k))
			return string(k) != stop, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	if got := scan(""); !slices.Equal(got, []string{"b1", "b2", "b3"}) {
		t.Errorf("all of b: %v", got)
	}
	if got := scan("b2"); !slices.Equal(got, []string{"b1", "b2"}) {
		t.Errorf("b until b2: %v", got)
	}
	why := errors.New("why not")
	if err := d.Scan(lower, upper, func(_, _ []byte) (bool, error) { return true, why }); !errors.Is(err, why) {
		t.Errorf("error of each: %v", err)
	}
	if last, err := d.Last(lower, upper); err != nil || string(last) != "b3" {
		t.Errorf("last of b: %q, %v", last, err)
	}
	if last, err := d.Last(Range('x').Bounds()); err != nil || last != nil {
		t.Errorf("last of x: %q, %v", last, err)
	}
}

// O197: when Erase returns, no file of the database holds what was erased: tables, logs in use and logs of
// before. What stood beside it stays.
func TestErase_leavesNoByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, nil, dir)
	put(t, d, "kb", "the key of b")
	for round := range 4 { // a log that is done with would be recycled from the second on
		put(t, d, "ka", fmt.Sprint("the key of a, secret ", round))
		if round%2 == 0 { // it stands in a table, too
			if err := d.Scrub(t.Context(), []byte("ka"), []byte("kc")); err != nil {
				t.Fatal(err)
			}
		}
		if held := holding(t, dir, "secret"); len(held) == 0 {
			t.Fatal("the value is nowhere: the test finds nothing")
		}
		if err := d.Erase(t.Context(), []byte("ka"), []byte("ka\x00")); err != nil {
			t.Fatal(err)
		}
		if held := holding(t, dir, "secret"); len(held) > 0 {
			t.Errorf("round %d: %v still hold the value", round, held)
		}
	}
	if v := get(t, d, "ka"); v != "-" {
		t.Errorf("ka is %q", v)
	}
	if v := get(t, d, "kb"); v != "the key of b" {
		t.Errorf("kb is %q", v)
	}
}

// holding lists the files of a directory that hold a text.
func holding(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // replaced meanwhile: a compaction of Pebble's own
			return nil
		}
		if strings.Contains(string(content), text) {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A reader that holds an old table delays Erase, which tells when it was given up.
func TestErase_givenUp_saysSo(t *testing.T) {
	t.Parallel()
	d := open(t, nil, t.TempDir())
	put(t, d, "ka", "secret")
	if err := d.Scrub(t.Context(), []byte("ka"), []byte("kc")); err != nil {
		t.Fatal(err)
	}
	err := d.Scan([]byte("ka"), []byte("kb"), func(_, _ []byte) (bool, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return false, d.Erase(ctx, []byte("ka"), []byte("kb"))
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("erased under a reader: %v", err)
	}
	if err := d.Erase(t.Context(), []byte("ka"), []byte("kb")); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestKey_partsInOrder(t *testing.T) {
	t.Parallel()
	if k := Bodies.Key("ab", "cd"); string(k) != "babcd" {
		t.Errorf("key %q", k)
	}
	ranges := []Range{Bodies, Uncommitted, DataKeys, Entries, Marks}
	slices.Sort(ranges)
	if len(slices.Compact(ranges)) != 5 {
		t.Error("two ranges share a byte")
	}
}
