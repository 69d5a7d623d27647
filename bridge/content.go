package bridge

import (
	"bytes"
	"errors"
	"io"
)

// content reads what follows DATA, up to the final dot, and undoes the doubling of dots (RFC 5321
// section 4.5.2). It does what go-smtp's own reader does, which looks at each octet by itself, at a
// fraction of the cost; where the two differ, this one keeps what makes the message be refused.
type content struct {
	conn  *peerConn
	state dataState
	crcr  bool // a line ended with CR CR LF
}

// dataState is where in a line the next octet stands.
type dataState byte

// States.
const (
	dataBegin  dataState = iota // at the beginning of a line
	dataDot                     // behind a dot at the beginning of a line
	dataDotCR                   // behind a dot and a CR there
	dataCR                      // behind a CR that may end the line
	dataInside                  // elsewhere
	dataEnd                     // behind the final dot
)

// Read gives the next octets of the message. It fails as the connection does, with
// io.ErrUnexpectedEOF when that ends before the message.
func (t *content) Read(p []byte) (int, error) {
	in := t.conn.in
	for t.state != dataEnd {
		if _, err := in.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF // only the dot ends a message
			}
			return 0, err
		}
		octets, _ := in.Peek(in.Buffered()) // no more than there is
		kept, used := t.take(p, octets)
		_, _ = in.Discard(used)
		if kept > 0 {
			return kept, nil
		}
	}
	return 0, io.EOF
}

// take brings octets as they came to those of the message, as far as p holds them and the message goes.
// It returns how many octets it put there, and how many it used.
func (t *content) take(p, octets []byte) (kept, used int) {
	for used < len(octets) && kept < len(p) && t.state != dataEnd {
		if t.state == dataInside {
			run := octets[used:min(len(octets), used+len(p)-kept)]
			if n := bytes.IndexByte(run, '\r') + 1; n > 0 {
				run, t.state = run[:n], dataCR
			}
			kept += copy(p[kept:], run)
			used += len(run)
			continue
		}
		octet, keep, again := t.step(octets[used])
		if keep {
			p[kept] = octet
			kept++
		}
		if !again {
			used++
		}
	}
	if t.state == dataEnd && t.crcr {
		// Servers disagree on whether such a line has ended, and so on where the message ends. It is
		// refused for its bare CR, and nothing behind it is a command.
		t.conn.leave()
	}
	return kept, used
}

// step goes on by one octet. It returns what the message gets for it, and whether to look at the same
// octet again.
func (t *content) step(octet byte) (out byte, keep, again bool) {
	switch {
	case t.state == dataBegin && octet == '.':
		t.state = dataDot
		return 0, false, false
	case t.state == dataDot && octet == '\r':
		t.state = dataDotCR
		return 0, false, false
	case t.state == dataDotCR && octet == '\n':
		t.state = dataEnd
		return 0, false, false
	case t.state == dataDotCR: // it was a CR of the message, and a bare one
		t.state = dataCR
		return '\r', true, true
	case t.state == dataCR && octet == '\n':
		t.state = dataBegin
	case t.state == dataCR && octet == '\r':
		t.crcr = true
	case t.state == dataBegin && octet == '\r':
		t.state = dataCR
	default:
		t.state = dataInside
	}
	return octet, true, false
}

// message gives the reader of a message: our own for DATA, and what go-smtp makes of chunks for BDAT,
// which it reads in another goroutine than the connection's.
func (c *peerConn) message(r io.Reader) io.Reader {
	if _, chunks := r.(*io.PipeReader); chunks {
		return r
	}
	return c.content
}
