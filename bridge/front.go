package bridge

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"
)

// front is the listener that go-smtp is given. Its own goroutines take connections, make the phase
// before TLS and the handshake, and hand over what is above TLS.
type front struct {
	net.Listener
	server *Server
	ready  chan *peerConn
	done   chan struct{}
	close  func() error // once
}

// newFront stands before ln.
func (s *Server) newFront(ln net.Listener) *front {
	f := &front{Listener: ln, server: s, ready: make(chan *peerConn), done: make(chan struct{})}
	f.close = sync.OnceValue(func() error {
		close(f.done)
		return ln.Close()
	})
	return f
}

// Bounds of the phase before TLS, in which a peer needs two commands.
const (
	maxClearLine     = 1024 // octets; RFC 5321 section 4.5.3.1.4 asks for 512
	maxClearCommands = 20
	acceptPause      = 100 * time.Millisecond // after a failure to accept, such as too many open files
)

// Accept gives the next connection above TLS.
func (f *front) Accept() (net.Conn, error) {
	select {
	case c := <-f.ready:
		return c, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

// Close stops taking connections.
func (f *front) Close() error { return f.close() }

// run takes connections until the listener is closed.
func (f *front) run(ctx context.Context) {
	for {
		c, err := f.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			_ = f.close()
			return
		case err != nil:
			f.server.Log.ErrorContext(ctx, "smtp", "event", "connection.accept", "outcome", "failed", "err", err)
			pause := time.NewTimer(acceptPause)
			select {
			case <-pause.C:
			case <-f.done:
			}
			continue
		}
		f.take(ctx, c)
	}
}

// take gives a connection its place and its goroutine, or refuses it.
func (f *front) take(ctx context.Context, c net.Conn) {
	s := f.server
	select {
	case s.places <- struct{}{}:
	default:
		_ = c.SetDeadline(s.Now().Add(time.Second))
		_, _ = io.WriteString(c, replyLine(reasonManyConnections))
		_ = c.Close()
		s.traceConnection(ctx, "", c, reasonManyConnections)
		return
	}
	id := s.track(c)
	release := sync.OnceFunc(func() {
		s.forget(id)
		<-s.places
	})
	s.work.Go(func() {
		defer s.guard(ctx, "connection")
		taken := false
		defer func() {
			if !taken {
				_ = c.Close()
				release()
			}
		}()
		taken = f.open(ctx, id, c, release)
	})
}

// open makes the phase before TLS and the handshake. It reports whether go-smtp has the connection.
func (f *front) open(ctx context.Context, id string, c net.Conn, release func()) bool {
	s := f.server
	if c.SetDeadline(s.Now().Add(s.ClearTimeout)) != nil {
		return false
	}
	if s.leaving.Load() { // Shutdown may have looked at it before it had a deadline
		_, _ = io.WriteString(c, replyLine(reasonLeaving))
		return false
	}
	if why := s.clear(c); why != "" {
		if why != reasonGone {
			s.traceConnection(ctx, id, c, why)
		}
		return false
	}
	t := tls.Server(c, s.tls)
	if err := t.HandshakeContext(ctx); err != nil {
		s.traceConnection(ctx, id, c, reasonHandshake, slog.String("err", err.Error()))
		return false
	}
	if c.SetDeadline(time.Time{}) != nil {
		return false
	}
	p := &peerConn{
		Conn: t, server: s, peer: s.Identity.Peer(t.ConnectionState()), id: id, expires: s.Now().Add(s.ConnectionTimeout), release: release,
	}
	p.newFrame()
	s.tracePeer(ctx, p)
	s.replace(id, p)
	select {
	case f.ready <- p:
		return true
	case <-f.done:
		return false
	}
}

// clear speaks SMTP before TLS: nothing but STARTTLS is offered or done (O58). It gives an empty reason
// once the peer may begin the handshake.
func (s *Server) clear(c net.Conn) reason {
	say := func(text string) { _, _ = io.WriteString(c, text+"\r\n") } // a lost peer shows at the next read
	say("220 " + s.Host + " ESMTP")
	r := bufio.NewReaderSize(c, maxClearLine)
	for range maxClearCommands {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			say("500 5.5.2 Line too long")
			return reasonLineTooLong
		}
		if err != nil {
			if s.leaving.Load() {
				_, _ = io.WriteString(c, replyLine(reasonLeaving))
			}
			return reasonGone
		}
		verb, arg, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		switch verb = strings.ToUpper(verb); {
		case verb == "EHLO" && arg != "":
			say("250-" + s.Host + "\r\n250 STARTTLS")
		case verb == "HELO" && arg != "":
			say("250 " + s.Host)
		case verb == "EHLO" || verb == "HELO":
			say("501 5.5.4 Domain name required")
		case verb == "NOOP" || verb == "RSET":
			say("250 2.0.0 OK")
		case verb == "QUIT":
			say("221 2.0.0 Bye")
			return reasonGone
		case verb == "STARTTLS" && arg != "":
			say("501 5.5.4 STARTTLS takes no parameter")
		case verb == "STARTTLS" && r.Buffered() > 0:
			// Commands that were sent in clear must not be read as if they came inside TLS (RFC 3207
			// section 4.2 and the injections found since).
			say("503 5.5.1 Nothing may follow STARTTLS")
			return reasonInjection
		case verb == "STARTTLS":
			say("220 2.0.0 Ready to start TLS")
			return ""
		default:
			say("530 5.7.0 Must issue a STARTTLS command first")
		}
	}
	say("421 4.7.0 Too many commands before STARTTLS")
	return reasonManyRefusals
}

// replyLine writes the reply for a reason as it stands on the wire.
func replyLine(r reason) string {
	reply := r.answer().reply
	e := reply.EnhancedCode
	return fmt.Sprintf("%d %d.%d.%d %s\r\n", reply.Code, e[0], e[1], e[2], reply.Message)
}
