package bridge

import (
	"errors"
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
	id       string    // of the connection, in traces
	expires  time.Time // last instant outside of a transaction
	excess   bool      // it is one too many of its peer's
	release  func()    // gives the place of the connection back, once

	mu      sync.Mutex
	busy    bool      // a transaction is open
	until   time.Time // last instant of the transaction
	leaving bool      // the last reply was said

	cut atomic.Bool // a read failed: what came last may not be whole

	// Of the goroutine in which go-smtp reads commands and writes replies.
	frame
	replies
}

// wire is the connection as the frame reads it: after sending the replies that waited, since what the
// peer sent before is used up. An error is never the text of the network: go-smtp would send it on.
type wire struct {
	*peerConn
	err error // that came with the last octets
}

// Read marks the connection as cut when it fails.
func (w *wire) Read(b []byte) (n int, err error) {
	if w.flush() != nil {
		w.cut.Store(true)
		return 0, io.EOF
	}
	if err := w.arm(); err != nil {
		return 0, err
	}
	if w.err == nil {
		n, w.err = w.Conn.Read(b)
	}
	if n > 0 || w.err == nil { // an error that came with octets is told when they are used up
		return n, nil
	}
	w.cut.Store(true)
	return 0, w.readError(w.err)
}

// arm sets the deadline of the next read, or says that there is none. A command has to be whole within
// the idle time, whatever trickles in; in a message the deadline moves with the octets.
func (c *peerConn) arm() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return io.EOF
	}
	if c.server.leaving.Load() && !c.busy {
		return idleError{}
	}
	since, last := c.since, c.expires
	if since.IsZero() {
		since = c.server.Now()
	}
	if c.busy {
		last = c.until
	}
	deadline := since.Add(c.server.IdleTimeout)
	if last.Before(deadline) {
		deadline = last
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

// ending reports whether the last reply was said: what the peer sent behind is not read.
func (c *peerConn) ending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaving
}

// drain wakes an idle peer, so that it hears 421.
func (c *peerConn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy {
		_ = c.SetReadDeadline(time.Unix(1, 0)) // a closed connection needs no waking
	}
}

// Close ends the connection and gives its place back.
func (c *peerConn) Close() error {
	err := c.Conn.Close()
	c.release()
	return err
}
