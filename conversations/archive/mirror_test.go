package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/objects"
	"mesbridge/conversations/objects/objectstest"
)

// shelf keeps copies on a real S3 server, and may fail.
type shelf struct {
	bucket *objects.Bucket
	err    error
	puts   int
}

func (s *shelf) Put(ctx context.Context, folder, name string, f *os.File) error {
	if s.err != nil {
		return s.err
	}
	s.puts++
	c, err := objects.FileContent(f)
	if err != nil {
		return err
	}
	return s.bucket.Put(ctx, folder+"/"+name, c)
}

func (s *shelf) Has(ctx context.Context, folder, name string) (bool, error) {
	return s.bucket.Has(ctx, folder+"/"+name)
}

func (s *shelf) Sweep(ctx context.Context, folder string, gone func(name string) bool) error {
	return s.bucket.List(ctx, folder+"/", func(o objects.Object) (bool, error) {
		if gone(strings.TrimPrefix(o.Key, folder+"/")) {
			return true, s.bucket.Remove(ctx, o.Key)
		}
		return true, nil
	})
}

// O157: the copy in a bucket can be checked as the archive itself, and tells where it was altered.
func TestMirror_isTheArchive(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	to := &shelf{bucket: server.Open(t)}
	b := openBook(t, vfs.NewMem(), t.TempDir())
	m := NewMirror(b.Archive, to)
	copies := func() {
		t.Helper()
		if err := m.Copy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	copies() // nothing is sealed
	b.add("a1", 2)
	b.seal(2)
	copies()
	b.add("00", 600)
	b.seal(600)
	to.err = errors.New("down")
	if err := m.Copy(t.Context()); !errors.Is(err, to.err) {
		t.Fatalf("a copy that failed: %v", err)
	}
	to.err = nil
	b.add(journal.Own, 1)
	b.seal(1)
	copies()
	if puts := to.puts; puts != 1+3*2 {
		t.Errorf("%d files copied for three rounds", puts)
	}
	m = NewMirror(b.Archive, to) // another start
	copies()
	if puts := to.puts; puts != 1+3*2+1 {
		t.Errorf("%d files copied after a start", puts)
	}
	files := to.bucket.Files(t.Context(), m.folder+"/")
	number, hash := b.Head()
	report, err := Verify(files, VerifyOptions{Anchor: &Anchor{Number: number, Manifest: hash}})
	if err != nil || len(report.Findings) > 0 || report.Entries != 603 {
		t.Fatalf("%d entries, %v, %v", report.Entries, report.Findings, err)
	}
	r, err := NewReader(files, b.journal)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	if err := r.Entries(t.Context(), "00", func(conversations.JournalEntry) error { seen++; return nil }); err != nil || seen != 600 {
		t.Errorf("%d entries of a chain, %v", seen, err)
	}
	segment, err := fs.ReadFile(files, fileName(2, "segment"))
	if err != nil {
		t.Fatal(err)
	}
	segment[len(segment)/2] ^= 1
	server.Replace(t, m.folder+"/"+fileName(2, "segment"), segment)
	if report, err = Verify(files, VerifyOptions{}); err != nil || len(report.Findings) == 0 || report.Findings[0].File != fileName(2, "segment") {
		t.Errorf("an altered copy: %v, %v", report.Findings, err)
	}
	if err := NewMirror(b.Archive, to).Copy(t.Context()); err != nil {
		t.Errorf("a copy that is there is not looked at again: %v", err)
	}
}

// TestMirror_obeysPurges covers D16: what is purged goes from the copy too, which stays proven and keeps its
// folder, also when the copy is begun after the purge, or by another start.
func TestMirror_obeysPurges(t *testing.T) {
	t.Parallel()
	server := objectstest.Start(t)
	to := &shelf{bucket: server.Open(t)}
	b, _ := aged(t, 3, 4)
	m := NewMirror(b.Archive, to)
	same := func() {
		t.Helper()
		must(t, m.Copy(t.Context()))
		files := to.bucket.Files(t.Context(), m.folder+"/")
		number, hash := b.Head()
		report, err := Verify(files, VerifyOptions{Anchor: &Anchor{Number: number, Manifest: hash}})
		if err != nil || len(report.Findings) > 0 {
			t.Errorf("the copy: %v, %v", report.Findings, err)
		}
		var copied []string
		must(t, to.bucket.List(t.Context(), m.folder+"/", func(o objects.Object) (bool, error) {
			copied = append(copied, strings.TrimPrefix(o.Key, m.folder+"/"))
			return true, nil
		}))
		if kept := names(load(t, b.dir)); !slices.Equal(copied, kept) {
			t.Errorf("the copy has %v, the archive %v", copied, kept)
		}
	}
	same()
	folder := m.folder
	b.now = func() time.Time { return noon().AddDate(7, 0, 0) }
	b.add("a1", 1)
	b.seal(1)
	same()
	m = NewMirror(b.Archive, to) // another start
	same()
	_, err := b.Purge(t.Context(), PurgeOptions{Functional: noon().AddDate(5, 1, 0), Technical: noon().AddDate(6, 1, 0), Image: plain})
	must(t, err)
	same()
	m = NewMirror(b.Archive, to)
	same()
	if m.folder != folder {
		t.Errorf("the folder %s became %s", folder, m.folder)
	}
	fresh := openBook(t, vfs.NewMem(), t.TempDir())
	if n, err := Fill(t.Context(), to.bucket.Files(t.Context(), folder+"/"), fresh.journal); err == nil || n != 0 {
		t.Errorf("of an archive that lacks entries a bridge took %d, %v", n, err)
	}
}

// TestFill_newBridge: a bridge without a journal takes over what another one sealed, but for that one's own
// events, and nothing of an archive that was altered.
func TestFill_newBridge(t *testing.T) {
	t.Parallel()
	b := openBook(t, vfs.NewMem(), t.TempDir())
	b.add("a1", 3)
	b.add(journal.Own, 2)
	b.seal(5)
	b.add("a1", 2)
	b.add("ff", 1)
	b.seal(3)
	fresh := openBook(t, vfs.NewMem(), t.TempDir())
	fresh.add("a1", 1) // as it happens, the same first entry
	altered := load(t, b.dir)
	altered[fileName(1, "segment")].Data[60] ^= 1
	if n, err := Fill(t.Context(), altered, fresh.journal); err == nil || n != 0 {
		t.Fatalf("of an altered archive it took %d entries, %v", n, err)
	}
	for _, want := range []int{5, 0} {
		if n, err := Fill(t.Context(), os.DirFS(b.dir), fresh.journal); err != nil || n != want {
			t.Fatalf("took %d entries, want %d, %v", n, want, err)
		}
	}
	for chain, want := range map[string]uint64{"a1": 5, "ff": 1, "00": 0, journal.Own: 0} {
		if whole, err := fresh.journal.Whole(chain); err != nil || whole != want {
			t.Errorf("chain %s is whole up to %d, %v", chain, whole, err)
		}
	}
	if same, err := fresh.SignedBy(os.DirFS(b.dir)); err != nil || same {
		t.Errorf("another key passes for ours: %v", err)
	}
	if same, err := b.SignedBy(os.DirFS(b.dir)); err != nil || !same {
		t.Errorf("our own key: %v", err)
	}
}
