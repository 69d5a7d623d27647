package bridge

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/trust"
)

// Server takes mail from the other operators. Make it with NewServer.
type Server struct {
	Config
	Deps

	smtp    *smtp.Server
	tls     *tls.Config
	base    context.Context // of questions to the inbox; see Serve
	buffers sync.Pool       // of *[copyBuffer]byte

	places  chan struct{} // one for each connection
	leaving atomic.Bool   // Shutdown began
	work    sync.WaitGroup

	meters meters
	trials trials
	watch  *watch

	mu     sync.Mutex
	fronts []*front
	conns  map[string]net.Conn // *peerConn once above TLS
	number uint64              // of the last connection
	holds  map[trust.DN]int    // connections above TLS of each certificate holder
}

// writeTimeout is how long a reply may wait for the peer to read.
const writeTimeout = time.Minute

// cutTimeout is how long a peer that is cut may take for its 421.
const cutTimeout = 100 * time.Millisecond

// NewServer returns a server that waits for Serve.
func NewServer(c Config, d Deps) *Server {
	s := &Server{Config: c.orDefaults(), Deps: d, tls: d.Identity.ServerConfig(), conns: map[string]net.Conn{}, holds: map[trust.DN]int{}, watch: newWatch()}
	s.meters.rates = s.Rates
	s.places = make(chan struct{}, s.MaxConnections)
	s.buffers.New = func() any { return new([copyBuffer]byte) }
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = s.Host
	s.smtp.MaxMessageBytes = s.MaxMessageBytes
	s.smtp.MaxLineLength = 0 // lines of commands are bounded by the frame, lines of messages by source
	s.smtp.WriteTimeout = writeTimeout
	s.smtp.EnableSMTPUTF8, s.smtp.EnableDSN = true, true
	s.smtp.ErrorLog = libraryLog{s.Log}
	return s
}

// Serve takes connections from ln until Shutdown, then gives nil. What commands ask of the inbox runs
// under ctx; ending ctx makes them fail, it does not stop the server.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	f := s.newFront(ln)
	if !s.serve(ctx, f) {
		return f.Close()
	}
	err := s.smtp.Serve(f)
	if s.leaving.Load() {
		return nil
	}
	return errors.Join(err, f.Close())
}

// serve starts a front, unless the server is leaving.
func (s *Server) serve(ctx context.Context, f *front) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving.Load() {
		return false
	}
	s.base = ctx
	s.fronts = append(s.fronts, f)
	s.work.Go(func() {
		defer s.guard(ctx, "listener")
		f.run(ctx)
	})
	return true
}

// Shutdown stops taking connections, tells idle peers 421, and lets each open transaction end. When
// ctx ends first, it tells those that are left 421 too, cuts them and gives the context's error: the
// peers send again.
func (s *Server) Shutdown(ctx context.Context) error {
	s.leave()
	ended := make(chan error, 1)
	go func() {
		defer s.guard(ctx, "shutdown")
		err := s.smtp.Shutdown(ctx)
		s.work.Wait()
		ended <- err
	}()
	s.each(func(c net.Conn) {
		if p, ok := c.(*peerConn); ok {
			p.drain()
			return
		}
		_ = c.SetReadDeadline(time.Unix(1, 0)) // before TLS: clear says 421, a handshake ends
	})
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		s.each(func(c net.Conn) {
			_ = c.SetWriteDeadline(s.Now().Add(cutTimeout))
			if p, ok := c.(*peerConn); ok {
				_, _ = io.WriteString(p.Conn, replyLine(reasonLeaving))
			}
			_ = c.Close()
		})
		return ctx.Err()
	}
}

// leave closes the listeners. Those that go-smtp does not know yet are closed too.
func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving.Store(true)
	for _, f := range s.fronts {
		_ = f.Close() // it was open until now, or closed before
	}
}

// track notes a connection and names it.
func (s *Server) track(c net.Conn) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number++
	id := strconv.FormatUint(s.number, 10)
	s.conns[id] = c
	return id
}

// replace notes what a connection became. One that came while the server was leaving hears it, and one
// too many of its certificate's holder too.
func (s *Server) replace(id string, p *peerConn) {
	s.mu.Lock()
	s.conns[id] = p
	s.holds[p.peer.DN]++
	p.excess = s.holds[p.peer.DN] > s.MaxPerOperator
	s.mu.Unlock()
	if s.leaving.Load() {
		p.drain()
	}
}

// forget drops a connection that ended.
func (s *Server) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.conns[id].(*peerConn); ok {
		if s.holds[p.peer.DN]--; s.holds[p.peer.DN] == 0 {
			delete(s.holds, p.peer.DN)
		}
	}
	delete(s.conns, id)
}

// each calls f for every connection there is.
func (s *Server) each(f func(net.Conn)) {
	s.mu.Lock()
	all := make([]net.Conn, 0, len(s.conns))
	for _, c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}
