package bodies

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

// rig is one engine, for the tests that all engines pass.
type rig struct {
	conversations.Bodies
	collect func(ctx context.Context, before time.Time, known Known) (int, error)
	now     *time.Time
	large   string // directory in which each body that is large is a file
}

// Collect collects dead bodies.
func (r rig) Collect(ctx context.Context, before time.Time, known Known) (int, error) {
	return r.collect(ctx, before, known)
}

// files counts the files in which large bodies are, with a text in their paths.
func (r rig) files(t *testing.T, text string) (n int) {
	t.Helper()
	err := filepath.WalkDir(r.large, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(path, text) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func everybody(context.Context, conversations.PatientID, conversations.ID) (bool, error) {
	return true, nil
}

// engines runs a test on each engine.
func engines(t *testing.T, test func(t *testing.T, s rig)) {
	t.Parallel()
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := open(t, nil, dir)
		test(t, rig{s.Store, s.Collect, s.now, filepath.Join(dir, bodyDir)})
	})
	for _, versions := range []bool{false, true} {
		t.Run(fmt.Sprintf("objects,versions=%t", versions), func(t *testing.T) {
			t.Parallel()
			server := objectstest.Start(t)
			if versions {
				server.EnableVersions(t)
			}
			s := openObjects(t, server.Open(t), t.TempDir())
			test(t, rig{s.Objects, s.Collect, s.now, filepath.Join(server.Dir, bodyDir)})
		})
	}
}

// objectFixture is the engine on a bucket, whose clock stands where the test puts it.
type objectFixture struct {
	*Objects
	now *time.Time
}

func openObjects(t testing.TB, bucket *objects.Bucket, dir string) objectFixture {
	t.Helper()
	now := start
	s, err := OpenObjects(bucket, localdbtest.Open(t, nil, dir), func() time.Time { return now }, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return objectFixture{s, &now}
}

func TestCommit_readsBack(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		for _, size := range sizes {
			content := text(size)
			keep(t, s, idOf(size), content)
			if !bytes.Equal(read(t, s, idOf(size)), content) {
				t.Errorf("%d bytes come back altered", size)
			}
			r, err := s.Open(t.Context(), patient, idOf(size), key)
			if err != nil {
				t.Fatal(err)
			}
			if size <= 4096 {
				err = iotest.TestReader(r, content)
			} else if size <= 2*segmentBytes {
				var got []byte
				if got, err = io.ReadAll(iotest.OneByteReader(r)); err == nil && !bytes.Equal(got, content) {
					err = ErrAltered
				}
			}
			if err != nil {
				t.Errorf("%d bytes read in pieces: %v", size, err)
			}
			_ = r.Close()
		}
	})
}

func TestWrite_inPieces_isTheSame(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		content := text(300_000)
		for _, piece := range []int{1, 7, 4096, maxInline - 1, maxInline, 100_000} {
			id := conversations.ID(fmt.Sprintf("a1pieces%d", piece))
			w := create(t, s, id, nil)
			for i := 0; i < len(content); i += piece {
				if _, err := w.Write(content[i:min(i+piece, len(content))]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(read(t, s, id), content) {
				t.Errorf("pieces of %d bytes come back altered", piece)
			}
		}
	})
}

func TestOpen_beforeCommit_findsNothing(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		for _, size := range []int{10, 5 << 20} {
			w := create(t, s, idOf(size), text(size))
			missing(t, s, idOf(size))
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := w.Abort(); err != nil {
				t.Errorf("Abort after Commit: %v", err)
			}
			if len(read(t, s, idOf(size))) != size {
				t.Errorf("Abort after Commit took %d bytes away", size)
			}
			if _, err := w.Write([]byte("more")); err == nil {
				t.Error("Write after Commit was taken")
			}
			if err := w.Commit(); err == nil {
				t.Error("second Commit was taken")
			}
		}
	})
}

func TestCreate_takenID_isRefused(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		keep(t, s, "a1taken", text(10))
		w, err := s.Create(t.Context(), patient, "a1taken", key)
		if err == nil {
			_, _ = w.Write(text(20))
			err = w.Commit()
		}
		if err == nil || len(read(t, s, "a1taken")) != 10 {
			t.Fatalf("a body may be overwritten: %v", err)
		}
		if n, err := s.Collect(t.Context(), start.Add(time.Hour), everybody); err != nil || n != 0 || len(read(t, s, "a1taken")) != 10 {
			t.Fatalf("the attempt took the body away: %d, %v", n, err)
		}
	})
}

func TestIDs_notOurs_touchNothing(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		for _, bad := range []struct {
			patient conversations.PatientID
			id      conversations.ID
		}{
			{patient, ""},
			{patient, "../../etc/passwd"},
			{patient, "a/b"},
			{patient, "a.b"},
			{patient, "é"},
			{patient, conversations.ID(strings.Repeat("a", maxBodyID+1))},
			{"", "a1"},
			{"short", "a1"},
			{patient + "0", "a1"},
			{"A10123456789ABCDEF0123456789ABCD", "a1"},
		} {
			if _, err := s.Create(t.Context(), bad.patient, bad.id, key); err == nil {
				t.Errorf("Create took %q, %q", bad.patient, bad.id)
			}
			if _, err := s.Open(t.Context(), bad.patient, bad.id, key); !errors.Is(err, conversations.ErrNotFound) {
				t.Errorf("Open of %q, %q: %v", bad.patient, bad.id, err)
			}
		}
	})
}

func TestStore_inParallel(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		var all sync.WaitGroup
		for g := range 20 {
			all.Go(func() {
				for i := range 20 {
					size := (g*7919 + i*104729) % 150_000
					id := conversations.ID(fmt.Sprintf("a1p%dx%d", g, i))
					content := text(size)
					keep(t, s, id, content)
					if !bytes.Equal(read(t, s, id), content) {
						t.Errorf("body %s comes back altered", id)
					}
				}
			})
		}
		all.Wait()
	})
}

func TestCollect_removesWhatNobodyKnows(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		for _, id := range []conversations.ID{"a1known", "a1lost"} {
			keep(t, s, id, text(100))
			keep(t, s, id+"-large", text(100_000))
		}
		*s.now = start.Add(30 * time.Minute)
		keep(t, s, "a1young", text(100))
		var asked atomic.Int32
		known := func(_ context.Context, p conversations.PatientID, id conversations.ID) (bool, error) {
			asked.Add(1)
			if p != patient {
				t.Errorf("asked about patient %s", p)
			}
			return strings.HasPrefix(string(id), "a1known"), nil
		}
		if n, err := s.Collect(t.Context(), start, known); err != nil || n != 0 || asked.Load() != 0 {
			t.Fatalf("at the very instant of the commits: removed %d, asked %d, %v", n, asked.Load(), err)
		}
		if n, err := s.Collect(t.Context(), start.Add(time.Minute), known); err != nil || n != 2 || asked.Load() != 4 {
			t.Fatalf("removed %d, asked %d, %v", n, asked.Load(), err)
		}
		missing(t, s, "a1lost")
		missing(t, s, "a1lost-large")
		for _, id := range []conversations.ID{"a1known", "a1known-large", "a1young"} {
			read(t, s, id)
		}
		if n, err := s.Collect(t.Context(), start.Add(time.Minute), known); err != nil || n != 0 || asked.Load() != 4 {
			t.Fatalf("a second time: removed %d, asked %d, %v", n, asked.Load(), err)
		}
		if s.files(t, "a1lost") != 0 || s.files(t, "a1known-large") != 1 {
			t.Errorf("%d files of dead bodies, %d of a living one", s.files(t, "a1lost"), s.files(t, "a1known-large"))
		}
	})
}

// TestCollect_unanswered_removesNothing: D17.
func TestCollect_unanswered_removesNothing(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		keep(t, s, "a1one", text(100))
		down := errors.New("store does not answer")
		_, err := s.Collect(t.Context(), start.Add(time.Hour), func(context.Context, conversations.PatientID, conversations.ID) (bool, error) {
			return false, down
		})
		if !errors.Is(err, down) {
			t.Fatalf("Collect: %v", err)
		}
		read(t, s, "a1one")
		if n, err := s.Collect(t.Context(), start.Add(time.Hour), nobody); err != nil || n != 1 {
			t.Fatalf("later: %d, %v", n, err)
		}
	})
}

// OP18, O197: removed bodies are gone, small and large, and the others of the same and of other patients stay.
func TestRemove_someAndAll(t *testing.T) {
	engines(t, func(t *testing.T, s rig) {
		small, large, kept := conversations.ID("a1small"), conversations.ID("a1large"), conversations.ID("a1kept")
		keep(t, s, small, text(100))
		keep(t, s, large, text(maxInline+1))
		keep(t, s, kept, text(maxInline+2))
		const other = conversations.PatientID("a10123456789abcdef0123456789abff")
		w, err := s.Create(t.Context(), other, small, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.Remove(t.Context(), patient, small, large, "a1none", "../evil"); err != nil {
				t.Fatal(err)
			}
		}
		missing(t, s, small)
		missing(t, s, large)
		if len(read(t, s, kept)) != maxInline+2 || s.files(t, string(patient)) != 1 {
			t.Errorf("%d files", s.files(t, string(patient)))
		}
		for range 2 {
			if err := s.RemoveAll(t.Context(), patient); err != nil {
				t.Fatal(err)
			}
		}
		missing(t, s, kept)
		if n := s.files(t, string(patient)); n != 0 {
			t.Errorf("%d files", n)
		}
		if body, err := s.Open(t.Context(), other, small, key); err != nil {
			t.Errorf("another patient's body: %v", err)
		} else {
			_ = body.Close()
		}
		if err := s.RemoveAll(t.Context(), "a1"); err == nil {
			t.Error("a prefix is no patient")
		}
	})
}
