package bridge

import (
	"bytes"
	"io"
)

// maxLine is the longest line of a message, in octets. RFC 5322 allows 998, senders of HTML exceed it;
// beyond this it is an attack or no text.
const maxLine = 64 << 10

// source reads a message, by DATA or by BDAT, as long as it is one that is taken.
type source struct {
	r    io.Reader
	left int64 // octets that the message may still have

	line   int  // octets of the line so far
	hidden byte // how far the line is a dot behind NULs; see hides
}

// Read fails with reasonTooLarge, reasonLineTooLong or reasonHiddenDot.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if s.left -= int64(n); s.left < 0 {
		return 0, reasonTooLarge
	}
	if refusal := s.lines(b[:n]); refusal != nil {
		return 0, refusal
	}
	return n, err
}

// lines looks at the lines of the next octets.
func (s *source) lines(b []byte) error {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		whole := end > 0
		if !whole {
			end = len(b)
		}
		if s.hides(b[:end]) {
			return reasonHiddenDot
		}
		if s.line += end; s.line > maxLine {
			return reasonLineTooLong
		}
		if whole {
			s.line, s.hidden = 0, 0
		}
		b = b[end:]
	}
	return nil
}

// Values of source.hidden.
const (
	hidesNUL  = 1 // the line is NULs so far
	hidesDot  = 2 // NULs, a dot, and NULs
	hidesLess = 3 // the line is something else
)

// hides follows a line, and reports whether it is a single dot for whom NULs are nothing: a server that
// drops them would find the end of a message there, since no dot was doubled.
func (s *source) hides(part []byte) bool {
	for _, octet := range part {
		switch {
		case s.hidden == hidesLess:
			return false
		case octet == 0 && s.hidden < hidesDot:
			s.hidden = hidesNUL
		case octet == '.' && s.hidden == hidesNUL:
			s.hidden = hidesDot
		case s.hidden == hidesDot && octet == '\n':
			return true
		case s.hidden == hidesDot && (octet == 0 || octet == '\r'):
		default:
			s.hidden = hidesLess
		}
	}
	return false
}
