package bodies

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
)

// OP18, O197: removed bodies are gone, small and large, and the others of the same and of other patients stay.
func TestRemove_someAndAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, vfs.Default, dir)
	small, large, kept := conversations.ID("a1small"), conversations.ID("a1large"), conversations.ID("a1kept")
	keep(t, s.Store, small, text(100))
	keep(t, s.Store, large, text(maxInline+1))
	keep(t, s.Store, kept, text(maxInline+2))
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
	missing(t, s.Store, small)
	missing(t, s.Store, large)
	if len(read(t, s.Store, kept)) != maxInline+2 || len(bodyFiles(t, dir)) != 1 {
		t.Errorf("files %v", bodyFiles(t, dir))
	}
	for range 2 {
		if err := s.RemoveAll(t.Context(), patient); err != nil {
			t.Fatal(err)
		}
	}
	missing(t, s.Store, kept)
	if files := bodyFiles(t, dir); len(files) != 0 {
		t.Errorf("files %v", files)
	}
	if body, err := s.Open(t.Context(), other, small, key); err != nil {
		t.Errorf("another patient's body: %v", err)
	} else {
		_ = body.Close()
	}
	if err := s.RemoveAll(t.Context(), "a1"); err == nil {
		t.Error("a prefix is no patient")
	}
}
