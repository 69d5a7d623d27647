package xdm

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"
)

// archive is a ZIP file whose directory was found in order. Nothing of it is expanded until a file of it is
// opened by name.
type archive struct {
	limits  Limits
	budget  *budget
	files   map[string]*zip.File // by folded path; only those that may be opened
	skipped int                  // files that may not: their name leads elsewhere, or they are encrypted
}

// Parts of a ZIP file (APPNOTE.TXT section 4.3.16).
const (
	endBytes     = 22 // end of central directory record
	locatorBytes = 20 // zip64 end of central directory locator
	localBytes   = 30 // local file header, without name and extra field
	maxComment   = 0xFFFF
	usualExtra   = 128 // octets of extra fields and comment of a file, on average
	headerBytes  = 46  // central directory header, without name, extra field and comment
)

var (
	endSignature     = []byte("PK\x05\x06")
	locatorSignature = []byte("PK\x06\x07")
)

// openArchive judges the directory of a ZIP file: as many files as it announces and no more than allowed,
// each in its own octets, no name twice, none beyond the allowed expansion. What two programs could read
// differently is refused. It fails with ErrNotDocument when it is no ZIP file, else with ErrUnreadable or
// ErrTooLarge.
func openArchive(r io.ReaderAt, size int64, l Limits, b *budget) (*archive, error) {
	count, end, err := readEnd(r, size, l)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, unreadable(err)
	}
	if len(z.File) != count {
		return nil, fmt.Errorf("%w: directory of another length", ErrUnreadable)
	}
	a := &archive{limits: l, budget: b, files: make(map[string]*zip.File, count)}
	if err := a.expansion(z.File); err != nil {
		return nil, err
	}
	if err := apart(z.File, end); err != nil {
		return nil, err
	}
	return a, a.index(z.File)
}

// readEnd finds the end of the central directory and returns how many files it announces and where the
// directory begins. It must end where the record begins, so that reading it is bounded by its announced size; zip64 is refused,
// for no archive of a message needs it.
func readEnd(r io.ReaderAt, size int64, l Limits) (count int, directory int64, err error) {
	tail := make([]byte, min(size, locatorBytes+endBytes+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, 0, err
	}
	at := bytes.LastIndex(tail, endSignature)
	if at < 0 || len(tail)-at < endBytes {
		return 0, 0, ErrNotDocument
	}
	end := tail[at:]
	disks := binary.LittleEndian.Uint32(end[4:])
	here, count := int(binary.LittleEndian.Uint16(end[8:])), int(binary.LittleEndian.Uint16(end[10:]))
	length, directory := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	switch {
	case int(binary.LittleEndian.Uint16(end[20:])) != len(end)-endBytes, disks != 0, here != count,
		directory+length != size-int64(len(end)):
		return 0, 0, fmt.Errorf("%w: end of directory", ErrUnreadable)
	case at >= locatorBytes && bytes.HasPrefix(tail[at-locatorBytes:], locatorSignature):
		return 0, 0, fmt.Errorf("%w: zip64", ErrUnreadable)
	case count > l.MaxEntries, length > int64(l.MaxEntries)*(headerBytes+usualExtra+int64(l.MaxNameBytes)):
		return 0, 0, ErrTooLarge
	}
	return count, directory, nil
}

// expansion refuses a bomb by what its directory announces (O171); what expands to more than announced is
// cut when it is read.
func (a *archive) expansion(files []*zip.File) error {
	var total uint64
	for _, f := range files {
		expanded, compressed := f.UncompressedSize64, f.CompressedSize64
		total += min(expanded, uint64(a.limits.MaxExpandedBytes)+1) //nolint:gosec // a limit is not negative
		switch {
		case len(f.Name) > a.limits.MaxNameBytes, total > uint64(a.limits.MaxExpandedBytes): //nolint:gosec // as above
			return ErrTooLarge
		case expanded > 1<<20 && expanded/uint64(a.limits.MaxRatio) > compressed: //nolint:gosec // as above
			return ErrTooLarge
		}
	}
	return nil
}

// apart refuses files that share octets, with each other or with the directory: so few octets could expand
// many times.
func apart(files []*zip.File, directory int64) error {
	type span struct{ from, to int64 }
	spans := make([]span, len(files))
	for i, f := range files {
		from, err := f.DataOffset()
		if err != nil {
			return unreadable(err)
		}
		if f.CompressedSize64 > math.MaxInt32 || from+int64(f.CompressedSize64) > directory {
			return fmt.Errorf("%w: file beyond its place", ErrUnreadable)
		}
		spans[i] = span{from, from + int64(f.CompressedSize64)}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.from - b.from) }) // offsets of at most 26 MB
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to+localBytes {
			return fmt.Errorf("%w: files overlap", ErrUnreadable)
		}
	}
	return nil
}

// index lists the files that may be opened. A name that two programs could take for different files, or for
// one outside the archive, is left out; the same name twice is refused.
func (a *archive) index(files []*zip.File) error {
	seen := make(map[string]bool, len(files))
	for _, f := range files {
		name, ok := foldPath(f.Name)
		if seen[name] {
			return fmt.Errorf("%w: the same name twice", ErrUnreadable)
		}
		seen[name] = true
		const encrypted = 1 // general purpose bit 0
		switch {
		case !ok, f.Flags&encrypted != 0, f.Mode()&^0o777 != 0 && !f.FileInfo().IsDir(): // links and devices, too
			a.skipped++
		case !f.FileInfo().IsDir():
			a.files[name] = f
		}
	}
	return nil
}

// foldPath returns the path of a file in an archive in upper case, as names are compared (R97), and whether
// it stays inside. A backslash is a separator for those who write archives on Windows.
func foldPath(name string) (string, bool) {
	folded := strings.ToUpper(strings.ReplaceAll(name, `\`, "/"))
	clean := path.Clean(strings.TrimSuffix(folded, "/"))
	inside := folded != "" && !strings.HasPrefix(folded, "/") && clean != ".." && !strings.HasPrefix(clean, "../") &&
		!strings.Contains(folded, "../") && !strings.ContainsFunc(folded, func(r rune) bool { return r < ' ' || r == ':' })
	return clean, inside
}

// open reads a file by its folded path, within the budget. It fails with ErrUnreadable when there is none.
func (a *archive) open(name string) (io.ReadCloser, error) {
	f, ok := a.files[name]
	if !ok {
		return nil, fmt.Errorf("%w: no such file", ErrUnreadable)
	}
	r, err := f.Open()
	if err != nil {
		return nil, unreadable(err)
	}
	return struct {
		io.Reader
		io.Closer
	}{&bounded{r: r, limit: a.limits.MaxReadBytes, budget: a.budget}, r}, nil
}

// metadataName is the file that describes a submission set (R97).
const metadataName = "METADATA.XML"

// submissions lists the folders that hold a METADATA.XML, in the order of their names.
func (a *archive) submissions() []string {
	var folders []string
	for name := range a.files {
		if path.Base(name) == metadataName {
			folders = append(folders, path.Dir(name))
		}
	}
	slices.Sort(folders)
	return folders
}
