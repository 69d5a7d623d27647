package bodies

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
)

func TestOpen_wrongKeyOrPlace_isAltered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, nil, dir)
	for _, size := range []int{4096, 200_000} {
		keep(t, s.Store, idOf(size), text(size))
		if err := readAll(s.Store, idOf(size), conversations.DataKey{9}); !errors.Is(err, ErrAltered) {
			t.Errorf("%d bytes with another key: %v", size, err)
		}
	}
	moved := name{string(patient), "a1moved"}
	err := s.db.Sync(func(b *pebble.Batch) error {
		_, err := s.db.Get(name{string(patient), string(idOf(4096))}.key(), func(v []byte) error {
			return b.Set(moved.key(), v, nil)
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := readAll(s.Store, "a1moved", key); !errors.Is(err, ErrAltered) {
		t.Errorf("small body under another id: %v", err)
	}
	keep(t, s.Store, "a1other", text(200_001))
	from := s.path(name{string(patient), string(idOf(200_000))})
	if err := os.Rename(from, s.path(name{string(patient), "a1other"})); err != nil {
		t.Fatal(err)
	}
	if err := readAll(s.Store, "a1other", key); !errors.Is(err, ErrAltered) {
		t.Errorf("large body under another id: %v", err)
	}
	if err := readAll(s.Store, idOf(200_000), key); err == nil || errors.Is(err, conversations.ErrNotFound) {
		t.Errorf("body whose file is gone: %v, must not pass for one that never was", err)
	}
}

// readAll reads a body to its end and returns the first error.
func readAll(s conversations.Bodies, id conversations.ID, k conversations.DataKey) error {
	r, err := s.Open(context.Background(), patient, id, k)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}

// TestOpen_alteredFile flips one bit, or cuts the file, at places in every part of it. The bytes given
// out before the error must be those that were written.
func TestOpen_alteredFile(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	const size = 3*segmentBytes + 100
	content := text(size)
	keep(t, s.Store, idOf(size), content)
	path := s.path(name{string(patient), string(idOf(size))})
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, altered []byte) {
		if err := os.WriteFile(path, altered, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := s.Open(t.Context(), patient, idOf(size), key)
		if err == nil {
			var got []byte
			got, err = io.ReadAll(r)
			if n, again := r.Read(make([]byte, 10)); n != 0 || !errors.Is(again, ErrAltered) {
				t.Errorf("%s: read again gives %d bytes, %v", what, n, again)
			}
			_ = r.Close()
			if !bytes.HasPrefix(content, got) {
				t.Errorf("%s: other bytes were given out", what)
			}
		}
		if !errors.Is(err, ErrAltered) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, at := range []int{0, 1, 2, 30, 41, 42, 1000, segmentBytes - 1, segmentBytes, segmentBytes + 1, 2 * segmentBytes, len(sealed) - 1} {
		flipped := bytes.Clone(sealed)
		flipped[at] ^= 0x40
		check(fmt.Sprintf("bit of byte %d", at), flipped)
	}
	for _, n := range []int{0, 1, 2, 20, 41, 42, 100, segmentBytes, segmentBytes + 1, segmentBytes + 2, 3 * segmentBytes, len(sealed) - 1} {
		check(fmt.Sprintf("cut to %d", n), sealed[:n])
	}
	check("longer by one", append(bytes.Clone(sealed), 0))
	check("a segment twice", append(bytes.Clone(sealed[:segmentBytes+1]), sealed[1:]...))
}

func TestOpen_alteredRecord(t *testing.T) {
	t.Parallel()
	s := open(t, nil, t.TempDir())
	keep(t, s.Store, "a1small", text(500))
	n := name{string(patient), "a1small"}
	var sealed []byte
	if _, err := s.db.Get(n.key(), func(v []byte) error { sealed = bytes.Clone(v); return nil }); err != nil {
		t.Fatal(err)
	}
	set := func(v []byte) {
		if err := s.db.Sync(func(b *pebble.Batch) error { return b.Set(n.key(), v, nil) }); err != nil {
			t.Fatal(err)
		}
	}
	for at := range sealed {
		flipped := bytes.Clone(sealed)
		flipped[at] ^= 1
		set(flipped)
		if err := readAll(s.Store, "a1small", key); err == nil || errors.Is(err, conversations.ErrNotFound) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
	}
	for cut := range sealed {
		set(sealed[:cut])
		if err := readAll(s.Store, "a1small", key); err == nil || errors.Is(err, conversations.ErrNotFound) {
			t.Fatalf("cut to %d: %v", cut, err)
		}
	}
}
