package mail

import "bytes"

// lineEnds checks a stream for line ends other than CRLF, across chunks of any size.
type lineEnds struct {
	cr bool // the last octet so far was a CR
}

// check returns ErrBareLineEnd when p, read after all that came before, holds a bare CR or LF.
func (l *lineEnds) check(p []byte) error {
	if l.cr && len(p) > 0 {
		if p[0] != '\n' {
			return ErrBareLineEnd
		}
		l.cr, p = false, p[1:]
	}
	for {
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			i = len(p)
		}
		if bytes.IndexByte(p[:i], '\n') >= 0 {
			return ErrBareLineEnd
		}
		switch {
		case i == len(p):
			return nil
		case i+1 == len(p):
			l.cr = true
			return nil
		case p[i+1] != '\n':
			return ErrBareLineEnd
		}
		p = p[i+2:]
	}
}

// close returns ErrBareLineEnd when the stream ended on a CR.
func (l *lineEnds) close() error {
	if l.cr {
		return ErrBareLineEnd
	}
	return nil
}
