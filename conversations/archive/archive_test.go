package archive

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/localdb/localdbtest"
)

func noon() time.Time { return time.Date(2026, 5, 12, 12, 0, 0, 0, time.UTC) }

// book is a journal with its archive.
type book struct {
	*Archive
	t     *testing.T
	files *vfs.MemFS
	next  map[string]uint64
}

func openBook(t *testing.T, files *vfs.MemFS, dir string) *book {
	t.Helper()
	db := localdbtest.Open(t, files, "data")
	j, err := journal.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	key, err := MakeKey(dir + "-signing.key")
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(dir, j, key, noon)
	if err != nil {
		t.Fatal(err)
	}
	return &book{Archive: a, t: t, files: files, next: map[string]uint64{}}
}

// add appends n entries to a chain.
func (b *book) add(chain string, n int) {
	b.t.Helper()
	for range n {
		b.next[chain]++
		entry := fmt.Appendf(nil, "entry %d of %s", b.next[chain], chain)
		var err error
		if chain == journal.Own {
			err = b.journal.Local(b.t.Context(), noon(), entry)
		} else {
			err = b.journal.Append(b.t.Context(), conversations.JournalEntry{Shard: chain, Sequence: b.next[chain], At: noon(), Entry: entry})
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *book) seal(want int) {
	b.t.Helper()
	if n, err := b.Round(b.t.Context()); err != nil || n != want {
		b.t.Fatalf("sealed %d entries, %v; want %d", n, err, want)
	}
}

// small makes an archive of three rounds, and gives its files in memory with what the database knows of
// their end.
func small(t *testing.T) (fstest.MapFS, *Anchor) {
	t.Helper()
	b := openBook(t, vfs.NewMem(), t.TempDir())
	b.add("a1", 2)
	b.add("00", 1)
	b.seal(3)
	b.add("a1", 1)
	b.add(journal.Own, 2)
	b.seal(3)
	b.add("ff", 1)
	b.seal(1)
	number, hash := b.Head()
	return load(t, b.dir), &Anchor{Number: number, Manifest: hash}
}

func load(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: content}
	}
	return files
}

// found reports what Verify says of files; a failure is a finding too.
func found(files fs.FS, anchor *Anchor) string {
	r, err := Verify(files, VerifyOptions{Anchor: anchor})
	text := ""
	if err != nil {
		text = err.Error()
	}
	for _, f := range r.Findings {
		text += f.String() + "\n"
	}
	return text
}

func TestVerify_intact(t *testing.T) {
	t.Parallel()
	files, anchor := small(t)
	r, err := Verify(files, VerifyOptions{Anchor: anchor})
	if err != nil || len(r.Findings) > 0 || r.Rounds != 3 || r.Entries != 7 || r.Hash != anchor.Manifest {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestVerify_everyByte: O157, whatever byte is altered, it is found, and the file is named. The small size
// takes every byte but for the lines of the manifests, of which it takes one in 97.
func TestVerify_everyByte(t *testing.T) {
	t.Parallel()
	files, anchor := small(t)
	flips, everyNth := 0, 97
	if os.Getenv("SOAK") != "" {
		everyNth = 1
	}
	for name, file := range files {
		altered := maps.Clone(files)
		for i := 0; i < len(file.Data); i++ {
			if i%everyNth != 0 && strings.HasSuffix(name, "manifest") && i < strings.IndexByte(string(file.Data), '\n')-1 {
				continue // the signature covers all bytes of the line alike
			}
			b := slices.Clone(file.Data)
			b[i] ^= 1 << (i % 8)
			altered[name] = &fstest.MapFile{Data: b}
			text := found(altered, anchor)
			if text == "" {
				t.Fatalf("%s: byte %d was altered, and nothing found", name, i)
			}
			if name != publicFile && !strings.Contains(text, name) {
				t.Fatalf("%s: byte %d was altered, found: %s", name, i, text)
			}
			flips++
		}
	}
	t.Logf("%d bytes altered one by one", flips)
}

// TestVerify_filesGone: files that are missing, swapped, cut short, added or doubled are found.
func TestVerify_filesGone(t *testing.T) {
	t.Parallel()
	files, anchor := small(t)
	for name := range files {
		for what, spoil := range map[string]func(fstest.MapFS){
			"removed":   func(f fstest.MapFS) { delete(f, name) },
			"emptied":   func(f fstest.MapFS) { f[name] = &fstest.MapFile{} },
			"cut short": func(f fstest.MapFS) { f[name] = &fstest.MapFile{Data: f[name].Data[:len(f[name].Data)-1]} },
			"longer":    func(f fstest.MapFS) { f[name] = &fstest.MapFile{Data: append(slices.Clone(f[name].Data), '\n')} },
			"copied":    func(f fstest.MapFS) { f["copy of "+name] = f[name] },
		} {
			altered := maps.Clone(files)
			spoil(altered)
			if text := found(altered, anchor); text == "" {
				t.Errorf("%s was %s, and nothing found", name, what)
			}
		}
		for other := range files {
			if other == name {
				continue
			}
			altered := maps.Clone(files)
			altered[name], altered[other] = files[other], files[name]
			if text := found(altered, anchor); text == "" {
				t.Errorf("%s and %s were swapped, and nothing found", name, other)
			}
		}
	}
	altered := maps.Clone(files)
	delete(altered, fileName(3, "segment"))
	delete(altered, fileName(3, "manifest"))
	if text := found(altered, anchor); !strings.Contains(text, "0000000003.manifest: missing") {
		t.Errorf("the last round was taken away, found: %q", text)
	}
	if text := found(altered, nil); text != "" {
		t.Errorf("without an anchor nobody can know that: %q", text)
	}
}

// TestVerify_saysWhere: the finding names chain and entry.
func TestVerify_saysWhere(t *testing.T) {
	t.Parallel()
	files, anchor := small(t)
	name := fileName(1, "segment")
	altered := maps.Clone(files)
	b := slices.Clone(files[name].Data)
	b[strings.Index(string(b), "entry 2 of a1")] = 'E'
	altered[name] = &fstest.MapFile{Data: b}
	if text := found(altered, anchor); !strings.Contains(text, "chain a1, entry 2") {
		t.Errorf("found: %s", text)
	}
}

func TestVerify_otherKey(t *testing.T) {
	t.Parallel()
	files, anchor := small(t)
	others, _ := small(t)
	brought := others[publicFile].Data
	r, err := Verify(files, VerifyOptions{Anchor: anchor, Public: brought})
	if err != nil || len(r.Findings) != 4 { // the key itself, and three signatures
		t.Errorf("%v, %v", r.Findings, err)
	}
}

// TestRound_crash: a crash at any point between the files and the database loses no entry, and seals
// none twice.
func TestRound_crash(t *testing.T) {
	t.Parallel()
	files, dir := vfs.NewCrashableMem(), t.TempDir()
	b := openBook(t, files, dir)
	b.add("a1", 3)
	before := files.CrashClone(vfs.CrashCloneCfg{})
	b.seal(3)
	for _, keep := range []string{"segment", "manifest"} { // what was on disk when the power went
		cut := t.TempDir()
		for name, f := range load(t, dir) {
			if keep == "segment" && strings.HasSuffix(name, "manifest") {
				continue
			}
			if err := os.WriteFile(cut+"/"+name, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		key, err := os.ReadFile(dir + "-signing.key")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cut+"-signing.key", key, 0o600); err != nil {
			t.Fatal(err)
		}
		again := openBook(t, before.CrashClone(vfs.CrashCloneCfg{}), cut)
		again.next["a1"] = 3
		again.add("a1", 1)
		if _, err := again.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		number, hash := again.Head()
		if text := found(os.DirFS(cut), &Anchor{number, hash}); text != "" {
			t.Errorf("%s: %s", keep, text)
		}
		if got := sequences(t, again, "a1"); !slices.Equal(got, []uint64{1, 2, 3, 4}) {
			t.Errorf("%s: entries %v", keep, got)
		}
	}
}

// sequences reads a chain from archive and journal.
func sequences(t *testing.T, b *book, chain string) (list []uint64) {
	t.Helper()
	r, err := NewReader(os.DirFS(b.dir), b.journal)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Entries(t.Context(), chain, func(e conversations.JournalEntry) error {
		list = append(list, e.Sequence)
		if want := fmt.Sprintf("entry %d of %s", e.Sequence, chain); string(e.Entry) != want || !e.At.Equal(noon()) {
			t.Errorf("entry %q, want %q", e.Entry, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEntries_sealedAndTail(t *testing.T) {
	t.Parallel()
	files, dir := vfs.NewMem(), t.TempDir()
	b := openBook(t, files, dir)
	for range 3 {
		b.add("a1", 300)
		b.add("a2", 1)
		b.seal(301)
		b.seal(0)
	}
	b.add("a1", 300)
	if got := sequences(t, b, "a1"); len(got) != 1200 || got[0] != 1 || !slices.IsSorted(got) {
		t.Errorf("%d entries", len(got))
	}
	if got := sequences(t, b, "a2"); len(got) != 3 {
		t.Errorf("%d entries", len(got))
	}
	// What the store lists again is known; another entry in its place is a fork.
	again := conversations.JournalEntry{Shard: "a2", Sequence: 3, At: noon(), Entry: []byte("entry 3 of a2")}
	if err := b.journal.Append(t.Context(), again); err != nil {
		t.Errorf("the last sealed entry again: %v", err)
	}
	again.Entry = []byte("another")
	if err := b.journal.Append(t.Context(), again); err == nil {
		t.Error("another entry passes for the sealed one")
	}
}
