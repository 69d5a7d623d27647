package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Reader gives the entries of one chain after the other, in order: those of the archive, and those that
// wait for their round in the journal. It checks signatures, checksums and the chain as it goes.
type Reader struct {
	files  fs.FS
	rounds []Manifest
	head   digest           // of the file of the last manifest
	tail   *journal.Journal // nil: the archive alone
}

// NewReader reads the manifests of an archive. With tail, the entries that wait in the journal follow.
func NewReader(files fs.FS, tail *journal.Journal) (*Reader, error) {
	text, err := fs.ReadFile(files, publicFile)
	if errors.Is(err, fs.ErrNotExist) && tail != nil && tail.Seals().Number == 0 {
		return &Reader{files: files, tail: tail}, nil // never sealed
	}
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	key, err := ParsePublicKey(text)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.manifest")
	if err != nil {
		return nil, fmt.Errorf("list manifests: %w", err)
	}
	r := &Reader{files: files, tail: tail}
	for _, name := range names { // in the order of their numbers
		file, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		m, err := openManifest(file, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if name != fileName(m.Number, "manifest") || len(r.rounds) > 0 && m.Number != r.rounds[len(r.rounds)-1].Number+1 {
			return nil, fmt.Errorf("%s does not follow the manifest before", name)
		}
		r.rounds, r.head = append(r.rounds, m), sha256.Sum256(file)
	}
	if tail != nil && tail.Seals().Number != r.last().Number {
		return nil, fmt.Errorf("the database knows manifest %d as the last one, the archive ends with %d", tail.Seals().Number, r.last().Number)
	}
	return r, nil
}

// last returns the last manifest, or one of nothing.
func (r *Reader) last() Manifest {
	if len(r.rounds) == 0 {
		return Manifest{Chains: start()}
	}
	return r.rounds[len(r.rounds)-1]
}

// Head returns the number and the hash of the last manifest.
func (r *Reader) Head() (number uint64, manifest string) { return r.last().Number, r.head.String() }

// Total returns how many entries there are in the archive.
func (r *Reader) Total() (n int) {
	for _, m := range r.rounds {
		n += m.Segment.Entries
	}
	return n
}

// Entries hands the entries of a chain to each, in order. An entry is good until each returns.
func (r *Reader) Entries(ctx context.Context, chain string, each func(conversations.JournalEntry) error) error {
	n, err := journal.Number(chain)
	if err != nil {
		return err
	}
	place := start()[n]
	for _, m := range r.rounds {
		if m.Chains[n].Offset > 0 {
			if err := r.read(m, n, &place, each); err != nil {
				return fmt.Errorf("%s: %w", fileName(m.Number, "segment"), err)
			}
		}
		if place.Last != m.Chains[n].Last || place.Head != m.Chains[n].Head {
			return fmt.Errorf("%s: chain %s is altered; run mesbridge audit verify", fileName(m.Number, "segment"), chain)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if r.tail == nil {
		return nil
	}
	return r.readTail(ctx, chain, place.Last, each)
}

// read hands out the part of a chain that a round sealed.
func (r *Reader) read(m Manifest, n int, place *Chain, each func(conversations.JournalEntry) error) error {
	f, err := r.files.Open(fileName(m.Number, "segment"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	seeker, ok := f.(io.Seeker)
	if !ok {
		return errors.New("the file system cannot seek")
	}
	if _, err := seeker.Seek(m.Chains[n].Offset, io.SeekStart); err != nil {
		return err
	}
	s, err := readSegment(f, false)
	if err != nil {
		return err
	}
	for place.Last < m.Chains[n].Last {
		e, err := s.next()
		if err != nil {
			return err
		}
		if e.Shard != place.Name || e.Sequence != place.Last+1 {
			return fmt.Errorf("chain %s: entry %d is missing", place.Name, place.Last+1)
		}
		place.Last, place.Head = e.Sequence, place.Head.next(journal.EntryHash(e))
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

// readTail hands out what waits in the journal.
func (r *Reader) readTail(ctx context.Context, chain string, after uint64, each func(conversations.JournalEntry) error) error {
	for {
		page, err := r.tail.Read(ctx, chain, after, pageEntries)
		if err != nil {
			return err
		}
		for _, e := range page {
			after = e.Sequence
			if err := each(e); err != nil {
				return err
			}
		}
		if len(page) < pageEntries {
			return nil
		}
	}
}

// All hands every entry of the archive to each, round by round, without the tail: in the order of time,
// roughly. The bytes are good until each returns.
func (r *Reader) All(ctx context.Context, each func(round uint64, e conversations.JournalEntry) error) error {
	for _, m := range r.rounds {
		if err := r.allOf(m, each); err != nil {
			return fmt.Errorf("%s: %w", fileName(m.Number, "segment"), err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) allOf(m Manifest, each func(round uint64, e conversations.JournalEntry) error) error {
	f, err := r.files.Open(fileName(m.Number, "segment"))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	s, err := readSegment(f, true)
	for err == nil {
		var e conversations.JournalEntry
		if e, err = s.next(); err == nil {
			err = each(m.Number, e)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
