package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"mesbridge/bridge/trust"
)

// peerConn is one connection above TLS, as go-smtp sees it. It mends what go-smtp leaves to its
// surroundings: deadlines that move with the octets, a message cut by a lost connection, an end while
// the peer is idle, and replies that are not true here.
type peerConn struct {
	net.Conn // *tls.Conn
	server   *Server
	peer     trust.Peer
	id       string // of the connection, in traces
	release  func() // gives the place of the connection back, once

	mu      sync.Mutex
	busy    bool      // a transaction is open
	until   time.Time // last instant of the transaction
	leaving bool      // the last reply was said

	cut    atomic.Bool // a read failed: what came last may not be whole
	dotCRs dotWatch

	// Of the goroutine in which go-smtp reads commands and writes replies.
	greeted bool   // go-smtp's own greeting was swallowed
	held    []byte // lines of a reply that is not complete, and replies that wait for the next
	mayWait bool   // the next reply may wait for those after it
}

// Read reads for go-smtp, after sending the replies that waited: go-smtp has used up what the peer sent
// before. An error is never the text of the network: go-smtp would send it on.
func (c *peerConn) Read(b []byte) (int, error) {
	if c.flush() != nil {
		c.cut.Store(true)
		return 0, io.EOF
	}
	if err := c.arm(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	c.dotCRs.see(b[:n])
	if err != nil {
		c.cut.Store(true)
		return n, c.readError(err)
	}
	return n, nil
}

// arm sets the deadline of the next read, or says that there is none.
func (c *peerConn) arm() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.leaving:
		return io.EOF
	case c.server.leaving.Load() && !c.busy:
		return idleError{}
	}
	deadline := c.server.Now().Add(c.server.IdleTimeout)
	if c.busy && c.until.Before(deadline) {
		deadline = c.until
	}
	return c.SetReadDeadline(deadline)
}

// readError turns an error of the network into one that go-smtp may say. In a transaction it is a
// reply itself: go-smtp takes the end of the stream inside the last chunk of BDAT for the end of the
// message, but not this.
func (c *peerConn) readError(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	late := errors.Is(err, os.ErrDeadlineExceeded)
	c.leaving = c.leaving || c.busy // nothing more is awaited from a peer that left a message half sent
	switch {
	case late && c.busy:
		return reasonIdle.answer().reply
	case late:
		return idleError{}
	case c.busy:
		return reasonCut.answer().reply
	}
	return io.EOF
}

// idleError has go-smtp say 421 4.4.2 and end the connection.
type idleError struct{}

// Error is never sent.
func (idleError) Error() string { return string(reasonIdle) }

// Timeout makes it a timeout to go-smtp.
func (idleError) Timeout() bool { return true }

// Temporary completes net.Error.
func (idleError) Temporary() bool { return false }

// begin notes that a transaction is open: it may be finished while the server shuts down.
func (c *peerConn) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy, c.until = true, c.server.Now().Add(c.server.MessageTimeout)
}

// end notes that no transaction is open.
func (c *peerConn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
}

// leave ends the connection once the reply that is being made was said.
func (c *peerConn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
}

// drain wakes an idle peer, so that it hears 421.
func (c *peerConn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // a closed connection needs no waking
	}
}

// Write sends the lines of one reply together. It swallows go-smtp's greeting, since RFC 3207 section
// 4.2 has none after TLS, and tells the true SIZE: go-smtp refuses a message of exactly the size that
// it is given, so it is given one octet more.
func (c *peerConn) Write(b []byte) (int, error) {
	if !c.greeted {
		c.greeted = true
		return len(b), nil
	}
	line := b
	if bytes.HasPrefix(b, sizeLine) && bytes.Equal(b, fmt.Appendf(nil, "%s%d\r\n", sizeLine, c.server.MaxMessageBytes+1)) {
		line = fmt.Appendf(nil, "%s%d\r\n", sizeLine, c.server.MaxMessageBytes)
	}
	if !c.hold(line) {
		return len(b), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return len(b), nil
}

// sizeLine begins the line of EHLO's reply that tells the size.
var sizeLine = []byte("250 SIZE ")

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

// Close ends the connection and gives its place back.
func (c *peerConn) Close() error {
	err := c.Conn.Close()
	c.release()
	return err
}

// dotWatch counts lines of a single dot that a CR without LF ends. go-smtp's reader of DATA loses that
// CR, so that the reader above it cannot see what is wrong.
type dotWatch struct {
	count atomic.Int64
	tail  []byte // last octets of the read before, up to three
}

// see looks at the next octets of the connection.
func (w *dotWatch) see(b []byte) {
	if len(b) == 0 {
		return
	}
	const before = 3 // octets of the pattern in front of the one that decides
	w.search(append(w.tail, b[:min(before, len(b))]...))
	w.search(b)
	w.tail = append(w.tail, b[max(0, len(b)-before):]...)
	w.tail = append(w.tail[:0], w.tail[max(0, len(w.tail)-before):]...)
}

func (w *dotWatch) search(b []byte) {
	for {
		i := bytes.Index(b, []byte("\n.\r"))
		if i < 0 || i+3 >= len(b) {
			return
		}
		if b[i+3] != '\n' {
			w.count.Add(1)
		}
		b = b[i+3:]
	}
}
