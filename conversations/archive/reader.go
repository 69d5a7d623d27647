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
	mark   Mark
	base   Manifest // of the round that the image of the mark stands for; of nothing without one
	rounds []Manifest
	head   digest           // of the file of the last manifest
	tail   *journal.Journal // nil: the archive alone
}

// NewReader reads the manifests of an archive. With tail, the entries that wait in the journal follow.
func NewReader(files fs.FS, tail *journal.Journal) (*Reader, error) {
	text, err := fs.ReadFile(files, publicFile)
	if errors.Is(err, fs.ErrNotExist) && tail != nil && tail.Seals().Number == 0 {
		return &Reader{files: files, base: Manifest{Chains: start()}, tail: tail}, nil // never sealed
	}
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	key, err := ParsePublicKey(text)
	if err != nil {
		return nil, err
	}
	r := &Reader{files: files, base: Manifest{Chains: start()}, tail: tail}
	if err := r.readMark(key); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*."+kindManifest)
	if err != nil {
		return nil, fmt.Errorf("list manifests: %w", err)
	}
	for _, name := range names { // in the order of their numbers
		if name <= fileName(r.base.Number, kindManifest) {
			continue // the image stands for it
		}
		file, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		m, err := openManifest(file, key)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if last := r.last().Number; name != fileName(m.Number, kindManifest) || m.Number != last+1 {
			return nil, fmt.Errorf("%s does not follow the manifest before", name)
		}
		r.rounds, r.head = append(r.rounds, m), sha256.Sum256(file)
	}
	if tail != nil && tail.Seals().Number != r.last().Number {
		return nil, fmt.Errorf("the database knows manifest %d as the last one, the archive ends with %d", tail.Seals().Number, r.last().Number)
	}
	return r, nil
}

// last returns the last manifest, or the one that the image stands for, or one of nothing.
func (r *Reader) last() Manifest {
	if len(r.rounds) == 0 {
		return r.base
	}
	return r.rounds[len(r.rounds)-1]
}

// Head returns the number and the hash of the last manifest.
func (r *Reader) Head() (number uint64, manifest string) { return r.last().Number, r.head.String() }

// Total returns how many entries there are in the archive.
func (r *Reader) Total() (n int) {
	for _, m := range r.rounds {
		n += m.Segment.Entries + m.Technical.Entries
	}
	return n
}

// Entries hands the entries of a chain that were not purged to each, in order. An entry is good until each
// returns.
func (r *Reader) Entries(ctx context.Context, chain string, each func(conversations.JournalEntry) error) error {
	n, err := journal.Number(chain)
	if err != nil {
		return err
	}
	place := r.base.Chains[n]
	for _, m := range r.rounds {
		if r.mark.lacks(m.Number, chain) {
			place = m.Chains[n]
		} else if m.Chains[n].Offset > 0 {
			if err := r.read(m, n, &place, each); err != nil {
				return fmt.Errorf("%s: %w", fileName(m.Number, kindOf(chain)), err)
			}
		}
		if place.Last != m.Chains[n].Last || place.Head != m.Chains[n].Head {
			return fmt.Errorf("%s: chain %s is altered; run mesbridge audit verify", fileName(m.Number, kindOf(chain)), chain)
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
	f, err := openAt(r.files, fileName(m.Number, kindOf(place.Name)), m.Chains[n].Offset)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
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

// openAt opens a file at an offset.
func openAt(files fs.FS, name string, offset int64) (fs.File, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	seeker, ok := f.(io.Seeker)
	if !ok {
		return nil, errors.Join(errors.New("the file system cannot seek"), f.Close())
	}
	if _, err := seeker.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// All hands every entry of the archive that was not purged to each, round by round, without the tail: in
// the order of time, roughly. The bytes are good until each returns.
func (r *Reader) All(ctx context.Context, each func(round uint64, e conversations.JournalEntry) error) error {
	for _, m := range r.rounds {
		for _, kind := range m.kinds() {
			if kind == kindTechnical && r.mark.lacks(m.Number, journal.Technical) {
				continue
			}
			name := fileName(m.Number, kind)
			err := eachEntry(r.files, name, func(e conversations.JournalEntry) error { return each(m.Number, e) })
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
