package bridge

import (
	"bytes"
)

// replies collects what go-smtp writes, line by line, until it is time to send it.
type replies struct {
	greeted bool   // go-smtp's own greeting was swallowed
	held    []byte // lines of a reply that is not complete, and replies that wait for the next
	mayWait bool   // the next reply may wait for those after it
}

// Write takes one line of a reply and sends the lines of one reply together. It swallows go-smtp's
// greeting, since RFC 3207 section 4.2 has none after TLS.
func (c *peerConn) Write(b []byte) (int, error) {
	if !c.greeted {
		c.greeted = true
		return len(b), nil
	}
	line := c.rightly(b)
	if bytes.HasPrefix(line, []byte("354 ")) {
		c.content = &content{conn: c}
	}
	if !c.hold(line) {
		return len(b), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return len(b), nil
}

// corrections are replies of go-smtp that are not what the RFCs say, by how they begin.
var corrections = []struct {
	verb, said, right string
}{
	{"MAIL", "502 5.5.1", "503 5.5.1"}, // out of sequence: RFC 5321 section 4.3.2
	{"RCPT", "502 5.5.1", "503 5.5.1"},
	{"DATA", "502 5.5.1", "503 5.5.1"},
	{"BDAT", "502 5.5.1", "503 5.5.1"},
	{"MAIL", "500 5.5.4", "555 5.5.4"}, // unknown parameter: RFC 5321 section 4.1.1.11
	{"RCPT", "500 5.5.4", "555 5.5.4"},
}

// rightly corrects a line of a reply. go-smtp repeats what the peer sent, which may be outside of ASCII.
func (c *peerConn) rightly(b []byte) []byte {
	line := bytes.Map(func(r rune) rune {
		if r > '~' || r < ' ' && r != '\r' && r != '\n' {
			return '?'
		}
		return r
	}, b)
	for _, k := range corrections {
		if k.verb != c.command.verb {
			continue
		}
		if rest, wrong := bytes.CutPrefix(line, []byte(k.said)); wrong {
			return append([]byte(k.right), rest...)
		}
	}
	if rest, first := bytes.CutPrefix(line, []byte("250-Hello ")); first { // RFC 5321 section 4.1.1.1
		return append([]byte("250-"+c.server.Host+" Hello "), rest...)
	}
	return line
}

// batch lets the next reply wait until the peer's octets are used up. Replies to MAIL and RCPT that were
// sent together go together; no other reply may wait (RFC 2920 section 3.2).
func (c *peerConn) batch() { c.mayWait = true }

// hold keeps a line, and reports whether it is time to send what is kept.
func (c *peerConn) hold(line []byte) bool {
	c.held = append(c.held, line...)
	if len(line) > 3 && line[3] == '-' {
		return false
	}
	wait := c.mayWait
	c.mayWait = false
	return !wait
}

// flush sends what is kept.
func (c *peerConn) flush() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	return err
}
