package archive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations/journal"
)

// Imager gives what the entries of a shard up to a sequence made, as entries of an image. It reads them
// from an archive that nothing was purged from since.
type Imager func(ctx context.Context, source *Reader, shard string, upTo uint64, add func(entry []byte) error) error

// PurgeOptions say how much may go.
type PurgeOptions struct {
	// Functional and Technical are the instants before which traces of either kind were sealed that may go
	// (D16).
	Functional, Technical time.Time
	// Every is how long after one purge the next one may let anything go: each writes the whole state.
	Every time.Duration
	Image Imager
}

// Purged is what is gone from an archive after a purge.
type Purged struct {
	Rounds     uint64 // segments that this purge removed
	Functional int    // entries in them
	Technical  int    // technical traces that this purge removed
	// Chains tells up to which sequence each chain is purged by now, this time or before.
	Chains map[string]uint64
}

// Purge removes the rounds that were sealed before an instant, after writing an image of the state to stand
// in their place, and a signed mark that says so. The last round always stays. What a crash left of an
// earlier purge is removed too. Rounds go on meanwhile.
func (a *Archive) Purge(ctx context.Context, o PurgeOptions) (p Purged, err error) {
	a.purging.Lock()
	defer a.purging.Unlock()
	files := os.DirFS(a.dir)
	mark, sum, err := newestMark(files, a.public)
	if err != nil {
		return p, fmt.Errorf("purge the archive: %w", err)
	}
	next, err := a.nextMark(mark, o, &p)
	if err != nil {
		return p, fmt.Errorf("purge the archive: %w", err)
	}
	if next.Base.Round != mark.Base.Round {
		if err := a.writeImage(ctx, &next, o.Image); err != nil {
			return p, fmt.Errorf("write the image of round %d: %w", next.Base.Round, err)
		}
	}
	if next.Base.Round != mark.Base.Round || next.Technical != mark.Technical {
		if mark.Number == 0 {
			if _, next.First, err = a.manifest(1); err != nil {
				return p, fmt.Errorf("purge the archive: %w", err)
			}
		}
		next.Format, next.Number, next.At, next.Previous = markFormat, mark.Number+1, a.now().UTC().Truncate(time.Millisecond), sum
		file, err := signed(next, a.key)
		if err != nil {
			return p, err
		}
		if err := writeFile(a.path(next.Number, kindMark), file); err != nil {
			return p, err
		}
	}
	if err := a.sweep(next); err != nil {
		return p, fmt.Errorf("remove what was purged: %w", err)
	}
	p.Chains, err = a.floors(next)
	return p, err
}

// nextMark moves a mark over the rounds that may go, and counts what is in them.
func (a *Archive) nextMark(mark Mark, o PurgeOptions, p *Purged) (Mark, error) {
	next := mark
	if mark.Number > 0 && a.now().Before(mark.At.Add(o.Every)) {
		return next, nil
	}
	last, _ := a.Head()
	for n := mark.Base.Round + 1; n < last; n++ {
		m, sum, err := a.manifest(n)
		if err != nil || !m.At.Before(o.Functional) {
			if err != nil {
				return next, err
			}
			break
		}
		next.Base.Round, next.Base.Manifest = n, sum
		p.Rounds++
		p.Functional += m.Segment.Entries
	}
	for n := max(mark.Technical, mark.Base.Round) + 1; n < last; n++ {
		m, _, err := a.manifest(n)
		if err != nil {
			return next, err
		}
		if !m.At.Before(o.Technical) && n > next.Base.Round {
			break
		}
		next.Technical = n
		p.Technical += m.Technical.Entries
	}
	return next, nil
}

// manifest reads one manifest and the hash of its file.
func (a *Archive) manifest(n uint64) (Manifest, digest, error) {
	file, err := os.ReadFile(a.path(n, kindManifest))
	if err != nil {
		return Manifest{}, digest{}, fmt.Errorf("read manifest: %w", err)
	}
	m, err := openManifest(file, a.public)
	if err != nil {
		return Manifest{}, digest{}, fmt.Errorf("manifest %d: %w", n, err)
	}
	return m, sha256.Sum256(file), nil
}

// writeImage writes the image of a mark's base, durable when it returns.
func (a *Archive) writeImage(ctx context.Context, mark *Mark, image Imager) error {
	m, _, err := a.manifest(mark.Base.Round)
	if err != nil {
		return err
	}
	a.mu.Lock() // or a round could lie between its manifest and its note
	source, err := NewReader(os.DirFS(a.dir), a.journal)
	a.mu.Unlock()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(a.path(m.Number, kindImage), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	whole := sha256.New()
	w := &imageWriter{out: &segmentWriter{w: bufio.NewWriterSize(io.MultiWriter(f, whole), readBuffer)}}
	_, err = io.WriteString(w.out, segmentMagic)
	mark.Base.Shards = nil
	for _, c := range m.Chains[:shards] {
		if err != nil || c.Last == 0 {
			continue
		}
		w.shard, w.sum = ShardImage{Name: c.Name, Offset: w.out.n}, sha256.New()
		err = image(ctx, source, c.Name, c.Last, func(entry []byte) error { return w.add(m.At, entry) })
		w.shard.SHA256 = digest(w.sum.Sum(nil))
		if w.shard.Entries > 0 {
			mark.Base.Shards = append(mark.Base.Shards, w.shard)
		}
	}
	if err == nil {
		err = w.out.w.Flush()
	}
	mark.Base.Image = Segment{Bytes: w.out.n, SHA256: digest(whole.Sum(nil)), Entries: w.count}
	return errors.Join(err, f.Sync(), f.Close(), syncDir(a.dir))
}

// shards is how many chains have patients' state, which an image keeps.
const shards = journal.Chains - 2

// sweep removes every file that a mark lets go.
func (a *Archive) sweep(mark Mark) error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		number, kind, ok := parseName(e.Name())
		if !ok || !mark.purged(number, kind) {
			continue
		}
		if err := os.Remove(filepath.Join(a.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(a.dir)
}

// parseName reads what fileName wrote.
func parseName(name string) (number uint64, kind string, ok bool) {
	text, kind, _ := strings.Cut(name, ".")
	number, err := strconv.ParseUint(text, 10, 64)
	return number, kind, err == nil && number > 0 && name == fileName(number, kind)
}

// floors tells up to which sequence each chain is purged.
func (a *Archive) floors(mark Mark) (map[string]uint64, error) {
	all := map[string]uint64{}
	for _, end := range []struct {
		round    uint64
		from, to int
	}{{mark.Base.Round, 0, journal.Chains - 1}, {max(mark.Technical, mark.Base.Round), journal.Chains - 1, journal.Chains}} {
		if end.round == 0 {
			continue
		}
		m, _, err := a.manifest(end.round)
		if err != nil {
			return nil, err
		}
		for _, c := range m.Chains[end.from:end.to] {
			all[c.Name] = c.Last
		}
	}
	return all, nil
}
