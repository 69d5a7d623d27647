package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// start makes an event that is a technical trace.
func (b *book) start() {
	b.t.Helper()
	must(b.t, conversations.TraceTo(b.t.Context(), b.journal, noon(), conversations.Event{Kind: conversations.TraceStart}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plain gives an image that tells which entries it stands for.
func plain(_ context.Context, _ *Reader, shard string, upTo uint64, add func([]byte) error) error {
	return add(fmt.Appendf(nil, "shard %s up to %d", shard, upTo))
}

// aged makes an archive of six rounds, the n-th sealed n years after noon, and lets go what was sealed
// before the given years.
func aged(t *testing.T, functional, technical int) (*book, Purged) {
	t.Helper()
	b := openBook(t, vfs.NewMem(), t.TempDir())
	for n := range 6 {
		b.now = func() time.Time { return noon().AddDate(n+1, 0, 0) }
		b.add("a1", 1)
		b.add("00", n%2)
		b.start()
		b.seal(2 + n%2)
	}
	p, err := b.Purge(t.Context(), PurgeOptions{Functional: noon().AddDate(functional, 1, 0), Technical: noon().AddDate(technical, 1, 0), Image: plain})
	must(t, err)
	return b, p
}

// names lists the files of an archive.
func names(files fstest.MapFS) []string { return slices.Sorted(maps.Keys(files)) }

// D16: technical traces go after their own period, from rounds that stay; nothing else goes, and all of what
// stays is proven.
func TestPurge_technicalAlone(t *testing.T) {
	t.Parallel()
	b, p := aged(t, 0, 2)
	if p.Technical != 2 || p.Rounds != 0 || p.Functional != 0 || !maps.Equal(p.Chains, map[string]uint64{journal.Technical: 2}) {
		t.Errorf("%+v", p)
	}
	files := load(t, b.dir)
	if files["0000000002.technical"] != nil || files["0000000003.technical"] == nil || files["0000000001.segment"] == nil {
		t.Errorf("files %v", names(files))
	}
	number, hash := b.Head()
	if text := found(files, &Anchor{Number: number, Manifest: hash}); text != "" {
		t.Error(text)
	}
	r, err := NewReader(os.DirFS(b.dir), b.journal)
	must(t, err)
	var got []uint64
	must(t, r.Entries(t.Context(), journal.Technical, func(e conversations.JournalEntry) error { got = append(got, e.Sequence); return nil }))
	if !slices.Equal(got, []uint64{3, 4, 5, 6}) {
		t.Errorf("technical traces %v", got)
	}
}

// O157: after a purge the image, the mark and the rounds behind them are proven as the rounds before were:
// whatever byte of them is altered, it is found, and so is what is taken away.
func TestPurge_everyByte(t *testing.T) {
	t.Parallel()
	b, p := aged(t, 3, 4)
	if p.Rounds != 3 || p.Functional != 4 || p.Technical != 4 {
		t.Errorf("%+v", p)
	}
	files := load(t, b.dir)
	number, hash := b.Head()
	anchor := &Anchor{Number: number, Manifest: hash}
	if text := found(files, anchor); text != "" {
		t.Fatal(text)
	}
	for name, file := range files {
		if name == publicFile {
			continue
		}
		altered := maps.Clone(files)
		delete(altered, name)
		if text := found(altered, anchor); !strings.Contains(text, "missing") {
			t.Errorf("without %s: %q", name, text)
		}
		everyNth := 1
		if kind := filepath.Ext(name)[1:]; (kind == kindManifest || kind == kindMark) && os.Getenv("SOAK") == "" {
			everyNth = len(file.Data) / 50 // the signature covers all bytes alike
		}
		for i := 0; i < len(file.Data); i += everyNth {
			c := slices.Clone(file.Data)
			c[i] ^= 1 << (i % 8)
			altered[name] = &fstest.MapFile{Data: c}
			if text := found(altered, anchor); !strings.Contains(text, name) {
				t.Fatalf("%s: byte %d was altered, found: %q", name, i, text)
			}
		}
	}
}

// A purge that was cut leaves files that the mark lets go, or an image without a mark: neither is a
// finding, and the next purge removes them.
func TestPurge_cut_isFinished(t *testing.T) {
	t.Parallel()
	b, _ := aged(t, 2, 2)
	for _, left := range []string{"0000000001.segment", "0000000001.manifest", "0000000002.technical", "0000000004.image"} {
		must(t, os.WriteFile(filepath.Join(b.dir, left), []byte("left"), 0o600))
	}
	number, hash := b.Head()
	if text := found(load(t, b.dir), &Anchor{Number: number, Manifest: hash}); text != "" {
		t.Error(text)
	}
	p, err := b.Purge(t.Context(), PurgeOptions{Functional: noon(), Technical: noon(), Image: plain})
	if err != nil || p.Rounds != 0 || p.Chains["a1"] != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	want := []string{"0000000001.mark", "0000000002.image", "0000000002.manifest", "0000000003.manifest"}
	if got := names(load(t, b.dir)); !slices.Equal(got[:4], want) {
		t.Errorf("files %v", got)
	}
	b.add("a1", 1)
	b.seal(1) // rounds go on
}

// An image is read shard by shard, and one that was altered is not taken.
func TestReader_image(t *testing.T) {
	t.Parallel()
	b, _ := aged(t, 4, 4)
	read := func(shard string) (text string, upTo uint64, err error) {
		r, err := NewReader(os.DirFS(b.dir), b.journal)
		must(t, err)
		upTo, err = r.Image(t.Context(), shard, func(e conversations.JournalEntry) error { text += string(e.Entry); return nil })
		return text, upTo, err
	}
	if text, upTo, err := read("a1"); text != "shard a1 up to 4" || upTo != 4 || err != nil {
		t.Errorf("%q, %d, %v", text, upTo, err)
	}
	if text, upTo, err := read("b2"); text != "" || upTo != 0 || err != nil {
		t.Errorf("%q, %d, %v", text, upTo, err)
	}
	path := b.path(4, kindImage)
	content, err := os.ReadFile(path)
	must(t, err)
	content[len(content)-1] ^= 1
	must(t, os.WriteFile(path, content, 0o600))
	if _, _, err := read("a1"); err == nil {
		t.Error("an altered image was read")
	}
}

// A manifest from before there were technical traces has a chain less, and stays readable.
func TestOpenManifest_ofBefore(t *testing.T) {
	t.Parallel()
	b := openBook(t, vfs.NewMem(), t.TempDir())
	m := Manifest{Format: manifestFormat, Number: 1, At: noon(), Chains: start()[:journal.Chains-1]}
	file, err := m.sign(b.key)
	must(t, err)
	got, err := openManifest(file, b.public)
	if err != nil || len(got.Chains) != journal.Chains || got.Chains[journal.Chains-1] != start()[journal.Chains-1] {
		t.Errorf("%d chains, %v", len(got.Chains), err)
	}
	line, _ := json.Marshal(m)
	if strings.Contains(string(line), "technical") {
		t.Error("a manifest without technical traces tells of them")
	}
}
