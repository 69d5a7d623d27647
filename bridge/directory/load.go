package directory

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// Limits of a file.
const (
	MaxLine = 64 << 10 // octets; a longer row is skipped, the longest real one has about 600
	// MaxSkipped is the part of the rows, one in so many, that may be unusable. Beyond it the file is
	// taken for damaged, and the table in service stays (O139).
	MaxSkipped = 20
)

// Errors of a file as a whole. Both leave the table as it was.
var (
	ErrEmpty   = errors.New("the file holds no mailbox")
	ErrDamaged = errors.New("too many rows are unusable")
)

// Summary tells what a load found.
type Summary struct {
	Rows      int // after the header
	Mailboxes int // distinct addresses
	Skipped   int // rows that are not a mailbox: wrong width, unknown kind, no address, not UTF-8
}

// LoadFile replaces the table by the content of a file. See [Table.Load].
func (t *Table) LoadFile(path string) (Summary, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the administrator's
	if err != nil {
		return Summary{}, fmt.Errorf("open directory: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	return t.Load(f)
}

// Load replaces the table by what r holds: UTF-8, one header line, columns separated by '|' and found
// by name. It reads row by row and needs no more memory than the new table. After any error the table
// answers as before: an old directory is better than half a new one. Errors never quote a row.
func (t *Table) Load(r io.Reader) (Summary, error) {
	x := newIndex()
	s, err := x.readFile(r, x.add)
	if err != nil {
		return s, err
	}
	t.put(x)
	return s, nil
}

// Replace replaces the table by entries of another source, completed by what an extraction says of the same
// mailboxes and the source does not: which mailboxes there are, entries alone tell. file may be nil. An entry without
// an address only tells the function of a person (I117). Errors are those of Load and of the source; after any the
// table answers as before.
func (t *Table) Replace(entries iter.Seq2[Entry, error], file io.Reader) (Summary, error) {
	x, names := newIndex(), newNamer()
	var s Summary
	for e, err := range entries {
		switch {
		case err != nil:
			return s, fmt.Errorf("read directory: %w", err)
		case e.Address.IsZero():
			x.functions[e.Person] = e.Function
			continue
		}
		if s.Rows++; !x.add(e.mailbox(names)) {
			s.Skipped++
		}
	}
	if s.Mailboxes = len(x.records); s.Mailboxes == 0 {
		return s, ErrEmpty
	}
	if file != nil {
		if _, err := x.readFile(file, x.complete); err != nil {
			return s, err
		}
	}
	t.put(x)
	return s, nil
}

// put takes a new index into service.
func (t *Table) put(x *index) {
	x.seal()
	t.current.Store(x)
}

// readFile hands every mailbox of an extraction to take, which reports whether it was taken.
func (x *index) readFile(r io.Reader, take func(mailbox) bool) (Summary, error) {
	lines := bufio.NewReaderSize(r, MaxLine)
	first, _, err := nextLine(lines)
	if err != nil && !errors.Is(err, io.EOF) {
		return Summary{}, fmt.Errorf("read directory header: %w", err)
	}
	l, err := parseHeader(first)
	if err != nil {
		return Summary{}, fmt.Errorf("read directory header: %w", err)
	}
	s, err := readRows(lines, newRowReader(l), take)
	s.Mailboxes = len(x.records)
	switch {
	case err != nil:
		return s, fmt.Errorf("read directory: %w", err)
	case s.Mailboxes == 0:
		return s, ErrEmpty
	case s.Skipped > s.Rows/MaxSkipped:
		return s, ErrDamaged
	}
	return s, nil
}

// readRows reads every row up to the end of the file.
func readRows(lines *bufio.Reader, rows *rowReader, take func(mailbox) bool) (Summary, error) {
	var s Summary
	for {
		line, long, err := nextLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return s, err
		}
		if long || len(line) > 0 {
			s.Rows++
			if m, ok := rows.read(line); !ok || !take(m) {
				s.Skipped++
			}
		}
		if err != nil {
			return s, nil
		}
	}
}

// nextLine returns a line without its end, valid until the next call. The text of a line longer than
// the buffer is lost, and long tells so. At the end of the file err is io.EOF, with the last line when
// no line end follows it.
func nextLine(r *bufio.Reader) (line []byte, long bool, err error) {
	line, err = r.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		long, line = true, nil
		_, err = r.ReadSlice('\n')
	}
	return bytes.TrimRight(line, "\r\n"), long, err
}
