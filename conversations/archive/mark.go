package archive

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Kinds of file of a purge. They are numbered as marks are, and by the round that an image stands for.
const (
	kindMark  = "mark"
	kindImage = "image"
)

// markFormat names the form of a mark; a new form gets the next number.
const markFormat = "mesbridge journal purge 1"

// Mark says what was purged from an archive, and what stands in its place. There is one, signed; the next
// purge replaces it. The manifest of the base's round stays, so that the chains go on from it.
type Mark struct {
	Format   string    `json:"format"`
	Number   uint64    `json:"number"`
	At       time.Time `json:"at"`
	Previous digest    `json:"previous"`      // of the file of the mark before; zeros for the first
	First    digest    `json:"first"`         // of the file of the archive's first manifest, which names its copies
	Base     Base      `json:"base,omitzero"` // absent: no segment was purged yet
	// Technical is the round up to which the files of technical traces are purged.
	Technical uint64 `json:"technical"`
}

// Base is the image of the state after a round: it stands for the segments up to there.
type Base struct {
	Round    uint64       `json:"round"`
	Manifest digest       `json:"manifest"` // of the file of that round's manifest
	Image    Segment      `json:"image"`
	Shards   []ShardImage `json:"shards"` // those that hold anything, in order
}

// ShardImage is the part of an image that stands for one shard.
type ShardImage struct {
	Name    string `json:"shard"`
	Offset  int64  `json:"offset"`
	Entries int    `json:"entries"`
	SHA256  digest `json:"sha256"` // of the bytes of its entries
}

// lacks reports whether the entries that a round has of a chain were purged alone, without an image in
// their place.
func (m Mark) lacks(round uint64, chain string) bool {
	return chain == journal.Technical && round <= m.Technical
}

// purged reports whether a file of a round is one that the mark lets go.
func (m Mark) purged(number uint64, kind string) bool {
	switch kind {
	case kindSegment:
		return number <= m.Base.Round
	case kindManifest:
		return number < m.Base.Round
	case kindTechnical:
		return number <= max(m.Base.Round, m.Technical)
	case kindImage:
		return number != m.Base.Round
	case kindMark:
		return number < m.Number
	}
	return false
}

// openMark reads the file of a mark whose signature is good.
func openMark(file []byte, key ed25519.PublicKey) (Mark, error) {
	var m Mark
	if err := openSigned(file, key, &m); err != nil {
		return Mark{}, err
	}
	if m.Format != markFormat || m.Number == 0 {
		return Mark{}, errManifest
	}
	return m, nil
}

// newestMark returns the last mark of an archive with the hash of its file; none gives the zero mark.
func newestMark(files fs.FS, key ed25519.PublicKey) (m Mark, sum digest, err error) {
	names, err := fs.Glob(files, "*."+kindMark)
	if err != nil || len(names) == 0 {
		return Mark{}, digest{}, err
	}
	name := names[len(names)-1]
	file, err := fs.ReadFile(files, name)
	if err != nil {
		return Mark{}, digest{}, fmt.Errorf("read mark: %w", err)
	}
	if m, err = openMark(file, key); err == nil && name != fileName(m.Number, kindMark) {
		err = errManifest
	}
	if err != nil {
		return Mark{}, digest{}, fmt.Errorf("%s: %w", name, err)
	}
	return m, sha256.Sum256(file), nil
}

// baseManifest reads the manifest that a base goes on from, which must be the one that was signed for.
func (b Base) baseManifest(files fs.FS, key ed25519.PublicKey) (Manifest, error) {
	name := fileName(b.Round, kindManifest)
	file, err := fs.ReadFile(files, name)
	if err != nil {
		return Manifest{}, fmt.Errorf("read manifest: %w", err)
	}
	if digest(sha256.Sum256(file)) != b.Manifest {
		return Manifest{}, fmt.Errorf("%s is not the one that the purge left", name)
	}
	m, err := openManifest(file, key)
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// readMark takes over what was purged.
func (r *Reader) readMark(key ed25519.PublicKey) error {
	var err error
	if r.mark, _, err = newestMark(r.files, key); err != nil || r.mark.Base.Round == 0 {
		return err
	}
	r.base, err = r.mark.Base.baseManifest(r.files, key)
	r.head = r.mark.Base.Manifest
	return err
}

// Image hands to each what the image holds of a shard, as [conversations.Image.Open] reads it, and returns
// up to which sequence it stands for the shard's entries; 0 when nothing was purged. An entry is good until
// each returns.
func (r *Reader) Image(ctx context.Context, shard string, each func(conversations.JournalEntry) error) (upTo uint64, err error) {
	n, err := journal.Number(shard)
	if err != nil {
		return 0, err
	}
	for _, s := range r.mark.Base.Shards {
		if s.Name != shard {
			continue
		}
		if err := r.image(ctx, s, each); err != nil {
			return 0, fmt.Errorf("%s: %w", fileName(r.mark.Base.Round, kindImage), err)
		}
	}
	return r.base.Chains[n].Last, nil
}

func (r *Reader) image(ctx context.Context, shard ShardImage, each func(conversations.JournalEntry) error) error {
	f, err := openAt(r.files, fileName(r.mark.Base.Round, kindImage), shard.Offset)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	s, err := readSegment(f, false)
	if err != nil {
		return err
	}
	sum := sha256.New()
	for n := range shard.Entries {
		e, err := s.next()
		if err == nil && (e.Shard != shard.Name || e.Sequence != uint64(n)+1) {
			err = errSegment
		}
		if err == nil {
			err = errors.Join(writeEntry(sum, e, s.table), each(e), ctx.Err())
		}
		if err != nil {
			return err
		}
	}
	if digest(sum.Sum(nil)) != shard.SHA256 {
		return fmt.Errorf("shard %s is altered; run mesbridge audit verify", shard.Name)
	}
	return nil
}

// imageWriter writes the file of an image.
type imageWriter struct {
	out   *segmentWriter
	count int
	shard ShardImage
	sum   hash.Hash
}

// add writes one more entry of the shard.
func (w *imageWriter) add(at time.Time, entry []byte) error {
	w.shard.Entries++
	w.count++
	e := conversations.JournalEntry{Shard: w.shard.Name, Sequence: uint64(w.shard.Entries), At: at, Entry: entry} //nolint:gosec // it counts up
	return writeEntry(io.MultiWriter(w.out, w.sum), e, castagnoli())
}
