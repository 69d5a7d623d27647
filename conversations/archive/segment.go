package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

const (
	segmentMagic = "mesbridge journal segment 1\n"
	nameBytes    = 2
	headBytes    = nameBytes + 8 + 4 + 4
	// maxEntry bounds one entry, in bytes: more is an altered length. The largest holds the records of a
	// message with the most hostile header.
	maxEntry = 64 << 20
)

// errSegment means that the bytes of a segment have not its form.
var errSegment = errors.New("unreadable entry")

// castagnoli makes the table of the checksums, which only say where a segment is altered: the hashes
// say that it is.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// writeEntry writes one entry.
func writeEntry(w io.Writer, e conversations.JournalEntry, table *crc32.Table) error {
	value := journal.FormatEntry(e)
	head := append(make([]byte, 0, headBytes), e.Shard...)
	head = binary.BigEndian.AppendUint64(head, e.Sequence)
	head = binary.BigEndian.AppendUint32(head, uint32(len(value))) //nolint:gosec // far below
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(value, table))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(value)
	return err
}

// segmentReader reads the entries of a segment in order.
type segmentReader struct {
	r     *bufio.Reader
	table *crc32.Table
	value []byte // of the last entry
}

// readBuffer is how much of a segment is read at once, in bytes.
const readBuffer = 256 << 10

// readSegment begins a segment, behind its first line when that was read already.
func readSegment(r io.Reader, magic bool) (*segmentReader, error) {
	s := &segmentReader{r: bufio.NewReaderSize(r, readBuffer), table: castagnoli()}
	if !magic {
		return s, nil
	}
	line := make([]byte, len(segmentMagic))
	if _, err := io.ReadFull(s.r, line); err != nil || string(line) != segmentMagic {
		return nil, errors.New("not a segment of a journal")
	}
	return s, nil
}

// raw returns chain, sequence and bytes of the next entry, or io.EOF after the last one. The bytes are
// good until the next call. Damage that the checksum tells gives the place with the error.
func (s *segmentReader) raw() (name string, sequence uint64, value []byte, err error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errSegment
		}
		return "", 0, nil, err
	}
	name, sequence = string(head[:nameBytes]), binary.BigEndian.Uint64(head[nameBytes:])
	n, sum := binary.BigEndian.Uint32(head[nameBytes+8:]), binary.BigEndian.Uint32(head[nameBytes+12:])
	if _, err := journal.Number(name); err != nil || n > maxEntry {
		return name, sequence, nil, errSegment
	}
	if cap(s.value) < int(n) {
		s.value = make([]byte, n)
	}
	s.value = s.value[:n]
	if _, err := io.ReadFull(s.r, s.value); err != nil || crc32.Checksum(s.value, s.table) != sum {
		return name, sequence, nil, errSegment
	}
	return name, sequence, s.value, nil
}

// next returns the next entry, whose bytes are good until the next call.
func (s *segmentReader) next() (conversations.JournalEntry, error) {
	name, sequence, value, err := s.raw()
	if err != nil {
		return conversations.JournalEntry{Shard: name, Sequence: sequence}, err
	}
	e, err := journal.ParseEntry(name, sequence, value)
	if err != nil {
		return e, fmt.Errorf("%w: %w", errSegment, err)
	}
	return e, nil
}

// eachEntry hands every entry of a file to each; its bytes are good until each returns.
func eachEntry(files fs.FS, name string, each func(conversations.JournalEntry) error) error {
	f, err := files.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	s, err := readSegment(f, true)
	for err == nil {
		var e conversations.JournalEntry
		if e, err = s.next(); err == nil {
			err = each(e)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
