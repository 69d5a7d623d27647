package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Shelf takes copies of the files of archives, each in a folder of its own.
type Shelf interface {
	// Put keeps a file, durable when it returns. The same file again is no failure; another one under its
	// name is.
	Put(ctx context.Context, folder, name string, f *os.File) error
	// Has reports whether a file is there.
	Has(ctx context.Context, folder, name string) (bool, error)
	// Sweep removes the files of a folder whose names gone wants.
	Sweep(ctx context.Context, folder string, gone func(name string) bool) error
}

// Mirror copies an archive to where other machines can read it, and removes there what was purged. Its folder is
// named by its first manifest, so that two archives never share one. It is safe for concurrent use.
type Mirror struct {
	archive *Archive
	to      Shelf

	copying sync.Mutex // held for a call of Copy
	folder  string     // empty: nothing is known of what was copied
	copied  uint64     // last round that is there
	marked  uint64     // number of the last mark that is there, and obeyed
}

// NewMirror returns the mirror of an archive, without a call.
func NewMirror(a *Archive, to Shelf) *Mirror { return &Mirror{archive: a, to: to} }

// Copy copies the rounds that are not there yet, the manifest of each after its segment, and the mark of a
// purge after its image. What fails is tried again at the next call.
func (m *Mirror) Copy(ctx context.Context) error {
	m.copying.Lock()
	defer m.copying.Unlock()
	last := m.archive.journal.Seals().Number
	mark, _, err := newestMark(os.DirFS(m.archive.dir), m.archive.public)
	if err != nil {
		return fmt.Errorf("copy the archive: %w", err)
	}
	if last == 0 || m.folder != "" && m.copied == last && m.marked == mark.Number {
		return nil
	}
	if m.folder == "" {
		if err := m.begin(ctx, last, mark); err != nil {
			return fmt.Errorf("copy the archive: %w", err)
		}
	}
	for n := max(m.copied+1, mark.Base.Round); n <= last; n++ {
		if err := m.copyRound(ctx, n, mark); err != nil {
			return fmt.Errorf("copy round %d of the archive: %w", n, err)
		}
		m.copied = n
	}
	if m.marked < mark.Number {
		if err := m.obey(ctx, mark); err != nil {
			return fmt.Errorf("copy the purge of the archive: %w", err)
		}
		m.marked = mark.Number
	}
	return nil
}

// copyRound copies the files of a round that a mark left.
func (m *Mirror) copyRound(ctx context.Context, n uint64, mark Mark) error {
	round, _, err := m.archive.manifest(n)
	if err != nil {
		return err
	}
	for _, kind := range append(round.kinds(), kindManifest) {
		if mark.purged(n, kind) {
			continue
		}
		if err := m.put(ctx, fileName(n, kind)); err != nil {
			return err
		}
	}
	return nil
}

// obey puts a mark there, after the image that it speaks of, and then removes what it lets go.
func (m *Mirror) obey(ctx context.Context, mark Mark) error {
	if mark.Base.Round > 0 {
		if err := m.put(ctx, fileName(mark.Base.Round, kindImage)); err != nil {
			return err
		}
	}
	if err := m.put(ctx, fileName(mark.Number, kindMark)); err != nil {
		return err
	}
	return m.to.Sweep(ctx, m.folder, func(name string) bool {
		number, kind, ok := parseName(name)
		return ok && mark.purged(number, kind)
	})
}

// begin names the folder, puts the public key there and finds out which rounds it has.
func (m *Mirror) begin(ctx context.Context, last uint64, mark Mark) error {
	first := mark.First
	if mark.Number == 0 {
		var err error
		if _, first, err = m.archive.manifest(1); err != nil {
			return err
		}
	}
	m.folder = first.String()[:folderDigits]
	if err := m.put(ctx, publicFile); err != nil {
		m.folder = ""
		return err
	}
	m.copied = max(mark.Base.Round, 1) - 1
	for low, high := m.copied, last; low < high; { // rounds are copied in order
		middle := low + (high-low+1)/2
		there, err := m.to.Has(ctx, m.folder, fileName(middle, kindManifest))
		if err != nil {
			m.folder = ""
			return err
		}
		if there {
			low = middle
		} else {
			high = middle - 1
		}
		m.copied = low
	}
	return nil
}

// folderDigits is the length of the name of a folder: enough that no two archives meet.
const folderDigits = 32

func (m *Mirror) put(ctx context.Context, name string) error {
	f, err := os.Open(filepath.Join(m.archive.dir, name)) //nolint:gosec // in the data directory
	if err != nil {
		return err
	}
	return errors.Join(m.to.Put(ctx, m.folder, name, f), f.Close())
}

// SignedBy reports whether an archive carries the public key of another one: only such a one is believed
// without a look at who copied it.
func (a *Archive) SignedBy(files fs.FS) (bool, error) {
	theirs, err := fs.ReadFile(files, publicFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read public key: %w", err)
	}
	ours, err := os.ReadFile(filepath.Join(a.dir, publicFile))
	return err == nil && string(ours) == string(theirs), err
}
