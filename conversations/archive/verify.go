package archive

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Finding is one thing that is not as it was written, and where.
type Finding struct {
	File string
	Text string
}

// String tells place and fault.
func (f Finding) String() string { return f.File + ": " + f.Text }

// Anchor is the last manifest as it is known from elsewhere: without one, nobody can tell whether the
// last rounds were taken away.
type Anchor struct {
	Number   uint64
	Manifest string // hash of its file, hexadecimal digits
}

// VerifyOptions say what to check against.
type VerifyOptions struct {
	Public   []byte // public key that the verifier brought, PEM; nil: the one in the archive is believed
	Anchor   *Anchor
	Progress func(done, total uint64) // called after each round; nil: nobody looks
}

// Report is what a check found.
type Report struct {
	Rounds   uint64
	Entries  int
	Mark     Mark // what was purged; zero: nothing
	Last     Manifest
	Hash     string // of the last manifest's file
	Findings []Finding
}

// verifier checks one archive.
type verifier struct {
	files  fs.FS
	key    ed25519.PublicKey
	report Report

	chains []Chain // where the last good manifest left off; nil after a bad one
	before digest  // hash of its file
}

// Verify reads every file of an archive, and says what was altered, is missing or stands out of order. It
// fails only when it cannot read, or has no key.
func Verify(files fs.FS, o VerifyOptions) (Report, error) {
	v := &verifier{files: files, chains: start()}
	if err := v.readKey(o.Public); err != nil {
		return Report{}, err
	}
	last, err := v.list()
	if err != nil {
		return Report{}, err
	}
	if o.Anchor != nil {
		last = max(last, o.Anchor.Number)
	}
	first, err := v.purge(o.Anchor)
	if err != nil {
		return Report{}, err
	}
	for n := first; n <= last; n++ {
		if err := v.round(n, o.Anchor); err != nil {
			return Report{}, err
		}
		v.report.Rounds++
		if o.Progress != nil {
			o.Progress(n, last)
		}
	}
	return v.report, nil
}

// find notes a finding.
func (v *verifier) find(file, format string, args ...any) {
	v.report.Findings = append(v.report.Findings, Finding{File: file, Text: fmt.Sprintf(format, args...)})
}

// readKey takes the public key that the verifier brought, or the archive's.
func (v *verifier) readKey(brought []byte) error {
	own, err := fs.ReadFile(v.files, publicFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.find(publicFile, "missing")
	case err != nil:
		return fmt.Errorf("read public key: %w", err)
	case brought != nil && string(own) != string(brought):
		v.find(publicFile, "is not the key that you gave")
	}
	if brought == nil {
		brought = own
	}
	key, err := ParsePublicKey(brought)
	if err != nil {
		return fmt.Errorf("%w; give the archive's public key, as it was handed to you", err)
	}
	v.key = key
	return nil
}

// list looks at the names in the archive and returns the last round's number.
func (v *verifier) list() (last uint64, err error) {
	entries, err := fs.ReadDir(v.files, ".")
	if err != nil {
		return 0, fmt.Errorf("read archive: %w", err)
	}
	for _, e := range entries {
		n, kind, ok := parseName(e.Name())
		switch {
		case e.Name() == publicFile:
		case ok && (kind == kindMark || kind == kindImage):
		case ok && kind == kindManifest:
			last = max(last, n)
		case ok && (kind == kindSegment || kind == kindTechnical):
			if _, err := fs.Stat(v.files, fileName(n, kindManifest)); err != nil {
				last = max(last, n) // its manifest is missed, unless a round is being written
			}
		default:
			v.find(e.Name(), "is no file of the archive")
		}
	}
	return last, nil
}

// round checks one manifest and its segment.
func (v *verifier) round(n uint64, anchor *Anchor) error {
	name := fileName(n, "manifest")
	file, err := fs.ReadFile(v.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		v.chains = nil
		v.find(name, "missing")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	sum := digest(sha256.Sum256(file))
	if anchor != nil && anchor.Number == n && anchor.Manifest != sum.String() {
		v.find(name, "is not the manifest %d that is known from elsewhere", n)
	}
	m, err := openManifest(file, v.key)
	if err != nil {
		v.find(name, "altered: %v", err)
		v.chains = nil
		return nil
	}
	switch {
	case m.Number != n:
		v.find(name, "is the manifest of round %d, moved", m.Number)
		v.chains = nil
		return nil
	case v.chains != nil && m.Previous != v.before:
		v.find(name, "does not follow manifest %d", n-1)
	}
	if err := v.contents(m); err != nil {
		return err
	}
	v.chains, v.before = m.Chains, sum
	v.report.Last, v.report.Hash = m, sum.String()
	return nil
}

// contents checks the files of a good manifest, and that the chains end in them as it says.
func (v *verifier) contents(m Manifest) error {
	chains, found := append([]Chain(nil), v.chains...), len(v.report.Findings)
	if err := v.file(fileName(m.Number, kindSegment), m.Segment, chains); err != nil {
		return err
	}
	if v.report.Mark.lacks(m.Number, journal.Technical) && chains != nil {
		chains[len(chains)-1] = m.Chains[len(chains)-1]
	} else if m.Technical.Entries > 0 {
		if err := v.file(fileName(m.Number, kindTechnical), m.Technical, chains); err != nil {
			return err
		}
	}
	if found < len(v.report.Findings) {
		return nil
	}
	for n, c := range chains {
		if want := m.Chains[n]; c.Last != want.Last || c.Head != want.Head {
			v.find(fileName(m.Number, kindOf(c.Name)), "chain %s ends at entry %d, and not as manifest %d says, at entry %d", c.Name, c.Last, m.Number, want.Last)
		}
	}
	return nil
}

// open opens a file; one that is missing is found to be, and nil.
func (v *verifier) open(name string) (fs.File, error) {
	f, err := v.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		v.find(name, "missing")
		return nil, nil //nolint:nilnil // a finding is no failure
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f, nil
}

// file checks one file: first entry by entry, so that the finding says where, then as a whole.
func (v *verifier) file(name string, want Segment, chains []Chain) error {
	f, err := v.open(name)
	if f == nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	count := &counter{r: io.TeeReader(f, sum)}
	found := len(v.report.Findings)
	v.walk(name, count, chains)
	if _, err := io.Copy(io.Discard, count); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	intact := count.n == want.Bytes && digest(sum.Sum(nil)) == want.SHA256
	if !intact && found == len(v.report.Findings) {
		v.find(name, "altered: %d bytes with another hash than the %d bytes that were sealed", count.n, want.Bytes)
	}
	return nil
}

// walk follows the chains through a file.
func (v *verifier) walk(name string, r io.Reader, chains []Chain) {
	s, err := readSegment(r, true)
	if err != nil {
		v.find(name, "altered: %v", err)
		return
	}
	for {
		e, err := s.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			v.find(name, "altered at or after chain %s, entry %d: %v", e.Shard, e.Sequence, err)
			return
		}
		v.report.Entries++
		if !v.step(name, chains, e) {
			return
		}
	}
}

// step moves a chain by one entry. Without the manifest before, only the checksums count.
func (v *verifier) step(name string, chains []Chain, e conversations.JournalEntry) bool {
	n, err := journal.Number(e.Shard)
	if err != nil || chains == nil {
		return err == nil
	}
	c := &chains[n]
	if e.Sequence != c.Last+1 {
		v.find(name, "chain %s: entry %d follows entry %d", e.Shard, e.Sequence, c.Last)
		return false
	}
	c.Last, c.Head = e.Sequence, c.Head.next(journal.EntryHash(e))
	return true
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

// Read implements io.Reader.
func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
