package bodies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

// object is the key of a body of the patient.
func object(id conversations.ID) string { return name{string(patient), string(id)}.object() }

// TestObjects_altered flips one bit, or cuts the object, in every part of it. The bytes given out before the
// error must be those that were written.
func TestObjects_altered(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	bucket := server.Open(t)
	s := openObjects(t, bucket, t.TempDir())
	for _, size := range []int{100, 2*segmentBytes + 100} {
		id, content := idOf(size), text(size)
		keep(t, s, id, content)
		sealed, err := bucket.Read(t.Context(), object(id), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string, altered []byte) {
			t.Helper()
			server.Replace(t, object(id), altered)
			var got []byte
			r, err := s.Open(t.Context(), patient, id, key)
			if err == nil {
				got, err = io.ReadAll(r)
				_ = r.Close()
			}
			if !errors.Is(err, ErrAltered) || !bytes.HasPrefix(content, got) {
				t.Errorf("%d bytes, %s: %v after %d bytes", size, what, err, len(got))
			}
		}
		for _, at := range []int{0, 1, 30, 41, len(sealed) / 2, len(sealed) - 1} {
			flipped := bytes.Clone(sealed)
			flipped[at] ^= 0x40
			check(fmt.Sprintf("bit of byte %d", at), flipped)
		}
		for _, n := range []int{0, 1, 20, 41, len(sealed) / 2, len(sealed) - 1} {
			check(fmt.Sprintf("cut to %d", n), sealed[:n])
		}
		check("longer by one", append(bytes.Clone(sealed), 0))
		server.Replace(t, object("a1moved"), sealed)
		if err := readAll(s, "a1moved", key); !errors.Is(err, ErrAltered) {
			t.Errorf("a body under another id: %v", err)
		}
		server.Replace(t, object(id), sealed)
		if err := readAll(s, id, conversations.DataKey{9}); !errors.Is(err, ErrAltered) {
			t.Errorf("another key: %v", err)
		}
	}
}

// TestObjects_serverFails: D17. Nothing is acknowledged that the server did not confirm, and a body that could
// not be read is not an altered one.
func TestObjects_serverFails(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	between := server.Between(t)
	o := server.Options()
	o.Endpoint, o.Timeout = between.Endpoint, time.Second
	bucket, err := objects.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s := openObjects(t, bucket, t.TempDir())
	keep(t, s, "a1before", text(500_000))
	for what, fault := range map[string]objectstest.Fault{"down": objectstest.Down, "silent": objectstest.Silent} {
		between.Set(nil)
		w := create(t, s, conversations.ID("a1"+what), text(100_000))
		between.Set(fault)
		if err := w.Commit(); err == nil {
			t.Errorf("Commit on a server that is %s", what)
		}
		if err := readAll(s, "a1before", key); err == nil || errors.Is(err, ErrAltered) || errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("Open on a server that is %s: %v", what, err)
		}
		if err := s.Remove(t.Context(), patient, "a1before"); err == nil {
			t.Errorf("Remove on a server that is %s", what)
		}
	}
	between.Set(objectstest.Cut(300_000))
	if err := readAll(s, "a1before", key); err == nil || errors.Is(err, ErrAltered) {
		t.Errorf("a connection that breaks: %v", err)
	}
	between.Set(objectstest.Deaf(http.MethodPut))
	keep(t, s, "a1deaf", text(100_000))
	between.Set(nil)
	if n := len(read(t, s, "a1before")) + len(read(t, s, "a1deaf")); n != 600_000 {
		t.Errorf("%d bytes are left", n)
	}
	if _, err := s.Collect(t.Context(), start.Add(time.Hour), nobody); err != nil {
		t.Fatal(err)
	}
	for _, id := range []conversations.ID{"a1down", "a1silent", "a1deaf", "a1before"} {
		missing(t, s, id)
	}
}

// TestObjects_abort_leavesNothing: neither on the server nor on the disk, whatever its size; and what a crash
// left on the disk is dropped at the next start.
func TestObjects_abort_leavesNothing(t *testing.T) {
	t.Parallel()
	server, dir := objectstest.Start(t), t.TempDir()
	bucket := server.Open(t)
	s := openObjects(t, bucket, dir)
	for _, size := range []int{10, 5 << 20} {
		w := create(t, s, idOf(size), text(size))
		if err := errors.Join(w.Abort(), w.Abort()); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err == nil {
			t.Error("Commit after Abort was taken")
		}
		missing(t, s, idOf(size))
	}
	if left := bodyFiles(t, dir); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
	create(t, s, "a1crashed", text(200_000))
	if left := bodyFiles(t, dir); len(left) != 1 {
		t.Fatalf("files %v", left)
	}
	if _, err := OpenObjects(bucket, s.marks.db, s.marks.now, bytes.NewReader(make([]byte, 1))); err != nil {
		t.Fatal(err)
	}
	if left := bodyFiles(t, dir); len(left) != 0 {
		t.Errorf("files left by a crash: %v", left)
	}
}

// TestObjects_lostMarks: the bodies of a process whose disk was lost are found by looking at the bucket, one
// shard at each call; what is not a body, or is known, or young, stays.
func TestObjects_lostMarks(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	bucket := server.Open(t)
	lost := openObjects(t, bucket, t.TempDir())
	for _, id := range []conversations.ID{"a1dead", "a1living"} {
		keep(t, lost, id, text(100))
	}
	server.Replace(t, objectPrefix+"a1/foreign", nil)
	s := openObjects(t, bucket, t.TempDir())
	known := func(_ context.Context, p conversations.PatientID, id conversations.ID) (bool, error) {
		return id == "a1living", nil
	}
	for _, try := range []struct {
		before time.Time
		want   int
	}{{time.Now().Add(-time.Hour), 0}, {time.Now().Add(time.Hour), 1}} {
		removed := 0
		for range 256 {
			n, err := s.Collect(t.Context(), try.before, known)
			if err != nil {
				t.Fatal(err)
			}
			removed += n
		}
		if removed != try.want {
			t.Errorf("%d removed of what was put before %v, want %d", removed, try.before, try.want)
		}
	}
	missing(t, s, "a1dead")
	read(t, s, "a1living")
	if _, err := bucket.Read(t.Context(), objectPrefix+"a1/foreign", 1); err != nil {
		t.Errorf("what is not a body: %v", err)
	}
}

// TestObjects_large_isNotInMemory: G10 allows 50 messages of 25 MB in 200 MB.
func TestObjects_large_isNotInMemory(t *testing.T) { // not parallel: it reads the allocations of the process
	s := openObjects(t, objectstest.Start(t).Open(t), t.TempDir())
	if n := allocatedByLarge(t, s); n > 4<<20 {
		t.Errorf("25 MB written and read took %d bytes of memory in all", n)
	}
}

func FuzzParseObject(f *testing.F) {
	f.Add(object("a1one"))
	f.Add("bodies/a1/x")
	f.Fuzz(func(t *testing.T, key string) {
		if n, ours := parseObject(key); ours && n.object() != key {
			t.Errorf("%q was read as %v", key, n)
		}
	})
}
