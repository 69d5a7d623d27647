package archive

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Archive seals one journal into one directory. It is safe for concurrent use.
type Archive struct {
	dir     string
	journal *journal.Journal
	key     ed25519.PrivateKey
	public  ed25519.PublicKey
	now     func() time.Time

	mu   sync.Mutex // held for a round
	last Manifest

	purging sync.Mutex // held for a purge
}

// Open goes on with the archive of a journal, beginning it when there is none. It takes over a round
// that a crash cut off between the manifest and the database, and fails on an archive that has not the
// last manifest that the database knows.
func Open(dir string, j *journal.Journal, key ed25519.PrivateKey, now func() time.Time) (*Archive, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make archive: %w", err)
	}
	public, err := publish(dir, key)
	if err != nil {
		return nil, err
	}
	a := &Archive{dir: dir, journal: j, key: key, public: public, now: now, last: Manifest{Chains: start()}}
	seals := j.Seals()
	if seals.Number > 0 {
		file, err := os.ReadFile(a.path(seals.Number, "manifest"))
		if err != nil {
			return nil, fmt.Errorf("read the last manifest: %w", err)
		}
		if sha256.Sum256(file) != seals.Manifest {
			return nil, fmt.Errorf("manifest %d is not the one that was written", seals.Number)
		}
		if a.last, err = openManifest(file, public); err != nil {
			return nil, fmt.Errorf("manifest %d: %w", seals.Number, err)
		}
	}
	return a, a.takeOver(seals)
}

// takeOver notes a manifest that was written and not noted.
func (a *Archive) takeOver(seals journal.Seals) error {
	file, err := os.ReadFile(a.path(seals.Number+1, "manifest"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read manifest: %w", err)
	}
	m, err := openManifest(file, a.public)
	switch {
	case err != nil:
		return fmt.Errorf("manifest %d: %w", seals.Number+1, err)
	case m.Previous != digest(seals.Manifest) || m.Number != seals.Number+1:
		return fmt.Errorf("manifest %d does not follow the last one", seals.Number+1)
	}
	last, err := a.lastEntries(m, seals)
	if err != nil {
		return err
	}
	return a.note(m, file, last)
}

// lastEntries returns the hash of the last entry of each chain in the segment of m.
func (a *Archive) lastEntries(m Manifest, seals journal.Seals) (last [journal.Chains]journal.Hash, err error) {
	for n, c := range seals.Chains {
		last[n] = c.Entry
	}
	for _, kind := range m.kinds() {
		err := eachEntry(os.DirFS(a.dir), fileName(m.Number, kind), func(e conversations.JournalEntry) error {
			n, _ := journal.Number(e.Shard) // it was checked
			last[n] = journal.EntryHash(e)
			return nil
		})
		if err != nil {
			return last, fmt.Errorf("read %s %d: %w", kind, m.Number, err)
		}
	}
	return last, nil
}

// path is the path of a file of a round.
func (a *Archive) path(number uint64, kind string) string {
	return filepath.Join(a.dir, fileName(number, kind))
}

func fileName(number uint64, kind string) string { return fmt.Sprintf("%010d.%s", number, kind) }

// Head returns the number and the hash of the last manifest.
func (a *Archive) Head() (number uint64, manifest string) {
	s := a.journal.Seals()
	return s.Number, digest(s.Manifest).String()
}

// Round seals what the journal has, unless there is nothing new, and returns how many entries it took.
// An entry that waits for one before it, which is on its way, waits for the next round with it.
func (a *Archive) Round(ctx context.Context) (entries int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.journal.Mark(); err != nil {
		return 0, err
	}
	m := Manifest{
		Format: manifestFormat, Number: a.last.Number + 1, At: a.now().UTC().Truncate(time.Millisecond),
		Previous: digest(a.journal.Seals().Manifest), Chains: append([]Chain(nil), a.last.Chains...),
	}
	last, err := a.writeSegment(ctx, &m)
	if err != nil {
		return 0, fmt.Errorf("write segment %d: %w", m.Number, err)
	}
	if m.Segment.Entries+m.Technical.Entries == 0 {
		return 0, os.Remove(a.path(m.Number, kindSegment))
	}
	file, err := m.sign(a.key)
	if err != nil {
		return 0, err
	}
	if err := writeFile(a.path(m.Number, "manifest"), file); err != nil {
		return 0, err
	}
	return m.Segment.Entries + m.Technical.Entries, a.note(m, file, last)
}

// note tells the journal what is sealed.
func (a *Archive) note(m Manifest, file []byte, last [journal.Chains]journal.Hash) error {
	s := journal.Seals{Number: m.Number, Manifest: sha256.Sum256(file)}
	for n, c := range m.Chains {
		s.Chains[n] = journal.Chain{Sequence: c.Last, Entry: last[n], Head: journal.Hash(c.Head)}
	}
	if err := a.journal.Seal(s); err != nil {
		return err
	}
	a.last = m
	return nil
}

// writeSegment writes the files of a round, durable when it returns, and moves the chains of m. The file of
// technical traces is written when there are any.
func (a *Archive) writeSegment(ctx context.Context, m *Manifest) (last [journal.Chains]journal.Hash, err error) {
	for n, c := range a.journal.Seals().Chains {
		last[n] = c.Entry
	}
	const technical = journal.Chains - 1
	m.Segment, err = a.writeChains(ctx, a.path(m.Number, kindSegment), m.Chains[:technical], last[:technical])
	if err != nil {
		return last, err
	}
	path := a.path(m.Number, kindTechnical)
	m.Technical, err = a.writeChains(ctx, path, m.Chains[technical:], last[technical:])
	if err == nil && m.Technical.Entries == 0 {
		m.Technical, err = Segment{}, os.Remove(path)
	}
	return last, errors.Join(err, syncDir(a.dir))
}

// writeChains writes what some chains got to a file, and moves them.
func (a *Archive) writeChains(ctx context.Context, path string, chains []Chain, last []journal.Hash) (s Segment, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // in the data directory
	if err != nil {
		return s, err
	}
	sum := sha256.New()
	w := &segmentWriter{w: bufio.NewWriterSize(io.MultiWriter(f, sum), readBuffer)}
	_, err = io.WriteString(w, segmentMagic)
	for n := range chains {
		if err == nil {
			err = a.writeChain(ctx, w, &chains[n], &last[n], &s.Entries) //nolint:gosec // they are of one length
		}
	}
	if err == nil {
		err = w.w.Flush()
	}
	s.Bytes, s.SHA256 = w.n, digest(sum.Sum(nil))
	return s, errors.Join(err, f.Sync(), f.Close())
}

// pageEntries is how many entries are read from the journal at a time.
const pageEntries = 256

// writeChain writes what one chain got.
func (a *Archive) writeChain(ctx context.Context, w *segmentWriter, c *Chain, last *journal.Hash, count *int) error {
	whole, err := a.journal.Whole(c.Name)
	if err != nil {
		return err
	}
	c.Offset = 0
	table := castagnoli()
	for c.Last < whole {
		page, err := a.journal.Read(ctx, c.Name, c.Last, int(min(pageEntries, whole-c.Last)))
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("the journal misses entry %d of chain %s", c.Last+1, c.Name)
		}
		for _, e := range page {
			if e.Sequence != c.Last+1 {
				return fmt.Errorf("the journal misses entry %d of chain %s", c.Last+1, c.Name)
			}
			if c.Offset == 0 {
				c.Offset = w.n
			}
			if err := writeEntry(w, e, table); err != nil {
				return err
			}
			*last = journal.EntryHash(e)
			c.Last, c.Head = e.Sequence, c.Head.next(*last)
			*count++
		}
	}
	return nil
}

// segmentWriter counts what is written.
type segmentWriter struct {
	w *bufio.Writer
	n int64
}

// Write implements io.Writer.
func (w *segmentWriter) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.n += int64(n)
	return n, err
}
