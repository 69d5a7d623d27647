package sharedfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"mesbridge/oauth/sharedfile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func TestReplace_isSeenAndWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "list")
	look := func() os.FileInfo {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if err := sharedfile.Replace(path, text("one")); err != nil {
		t.Fatal(err)
	}
	first := look()
	if !sharedfile.Same(first, look()) || sharedfile.Same(nil, first) || sharedfile.Same(first, nil) || first.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, or a look that sees a change where there is none", first.Mode())
	}
	cut := errors.New("cut")
	err := sharedfile.Replace(path, func(w io.Writer) error { return errors.Join(text("half")(w), cut) })
	if !errors.Is(err, cut) || !sharedfile.Same(first, look()) {
		t.Errorf("a write that is cut: %v", err)
	}
	if err := sharedfile.Replace(path, text("two")); err != nil || sharedfile.Same(first, look()) {
		t.Errorf("a change of equal length is not seen: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}

func TestEdit_givesTheLockBack(t *testing.T) {
	t.Parallel()
	path, ended := filepath.Join(t.TempDir(), "list"), make(chan struct{})
	second := false
	err := sharedfile.Edit(path, func() error {
		go func() {
			defer close(ended)
			_ = sharedfile.Edit(path, func() error { second = true; return nil })
		}()
		return os.ErrInvalid
	})
	<-ended
	if !errors.Is(err, os.ErrInvalid) || !second {
		t.Errorf("%v, and the next edit ran: %v", err, second)
	}
	if err := sharedfile.Edit(filepath.Join(path, "none", "list"), func() error { return nil }); err == nil {
		t.Error("edited without a lock")
	}
}
