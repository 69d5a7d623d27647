package xdm

import "io"

// chunkBytes is how much memory a spool takes at once.
const chunkBytes = 64 << 10

// spool keeps a file in memory, in chunks, so that growing copies nothing and the file can be read at any
// place.
type spool struct {
	chunks [][]byte
	size   int64
	limit  int64
	full   bool // more came than limit; nothing is kept any more
}

// Write keeps p, or drops everything when that is too much. It never fails: what is too large to be read is
// still an attachment.
func (s *spool) Write(p []byte) (int, error) {
	n := len(p)
	if s.full || s.size+int64(n) > s.limit {
		s.full, s.chunks = true, nil
		return n, nil
	}
	for len(p) > 0 {
		if s.size == int64(len(s.chunks))*chunkBytes {
			s.chunks = append(s.chunks, make([]byte, chunkBytes))
		}
		taken := copy(s.chunks[len(s.chunks)-1][s.size%chunkBytes:], p)
		s.size += int64(taken)
		p = p[taken:]
	}
	return n, nil
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off >= 0 && off < s.size {
		in := off % chunkBytes
		chunk := s.chunks[off/chunkBytes][in:min(chunkBytes, in+s.size-off)]
		taken := copy(p[n:], chunk)
		n += taken
		off += int64(taken)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// reader reads the file from its start.
func (s *spool) reader() io.Reader { return io.NewSectionReader(s, 0, s.size) }
