package bodies

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/localdb/localdbtest"
)

// sizes are around every limit: of the buffer, of the first segment of a file, which is shorter by the
// head of the stream, of the next ones; and the largest message (D19).
var sizes = []int{
	0, 1, 4096, maxInline - 1, maxInline, maxInline + 1, segmentBytes - 16 - 40, segmentBytes - 16 - 39,
	2*segmentBytes - 72, 2*segmentBytes - 71, 5 << 20, 26_214_400,
}

const patient = conversations.PatientID("a10123456789abcdef0123456789abcd")

var (
	key   = conversations.DataKey{1, 2, 3}
	start = time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
)

// fixture is a store whose clock stands where the test puts it.
type fixture struct {
	*Store
	db  *localdb.DB
	now *time.Time
}

func open(t testing.TB, files vfs.FS, dir string) fixture {
	t.Helper()
	db := localdbtest.Open(t, files, dir)
	now := start
	s, err := Open(db, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return fixture{s, db, &now}
}

// text returns n bytes that look like no others.
func text(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

func create(t testing.TB, s conversations.Bodies, id conversations.ID, content []byte) conversations.BodyWriter {
	t.Helper()
	w, err := s.Create(t.Context(), patient, id, key)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(content); err != nil || n != len(content) {
		t.Fatalf("Write: %d, %v", n, err)
	}
	return w
}

func keep(t testing.TB, s conversations.Bodies, id conversations.ID, content []byte) {
	t.Helper()
	if err := create(t, s, id, content).Commit(); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, s conversations.Bodies, id conversations.ID) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), patient, id, key)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close(), r.Close()); err != nil {
		t.Fatal(err)
	}
	return content
}

func missing(t testing.TB, s conversations.Bodies, id conversations.ID) {
	t.Helper()
	if _, err := s.Open(t.Context(), patient, id, key); !errors.Is(err, conversations.ErrNotFound) {
		t.Fatalf("Open of %s: %v, want not found", id, err)
	}
}

func idOf(size int) conversations.ID { return conversations.ID(fmt.Sprintf("a1-Body_%d", size)) }

func TestAbort_leavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	for _, size := range []int{10, 5 << 20} {
		w := create(t, s.Store, idOf(size), text(size))
		if err := errors.Join(w.Abort(), w.Abort()); err != nil {
			t.Fatal(err)
		}
		missing(t, s.Store, idOf(size))
		if err := w.Commit(); err == nil {
			t.Error("Commit after Abort was taken")
		}
	}
	if left := bodyFiles(t, dir); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
	if marks, err := s.marks.list(start.Add(time.Hour)); err != nil || len(marks) != 0 {
		t.Errorf("marks left: %v, %v", marks, err)
	}
}

// bodyFiles lists the files under the body directories.
func bodyFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, bodyDir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestDisk_holdsNoText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	marker := []byte("Compte rendu de M. CORSE Figatellix")
	keep(t, s.Store, "a1one", bytes.Repeat(marker, 20))
	keep(t, s.Store, "a1two", bytes.Repeat(marker, 20_000))
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, marker[:12]) {
			t.Errorf("%s holds clear text", filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// allocatedByLarge writes and reads a body of 25 MB, and returns how many octets of memory the process took for it.
func allocatedByLarge(t *testing.T, s conversations.Bodies) uint64 {
	t.Helper()
	piece := text(32 << 10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	w := create(t, s, "a1large", nil)
	for range 26_214_400 / len(piece) {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(t.Context(), patient, "a1large", key)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, piece); err != nil || n != 26_214_400 {
		t.Fatalf("read %d, %v", n, err)
	}
	_ = r.Close()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestWrite_large_isNotInMemory: G10 allows 50 messages of 25 MB in 200 MB.
func TestWrite_large_isNotInMemory(t *testing.T) { // not parallel: it reads the allocations of the process
	s := open(t, nil, t.TempDir())
	if n := allocatedByLarge(t, s.Store); n > 1<<20 {
		t.Errorf("25 MB written and read took %d bytes of memory in all", n)
	}
}
