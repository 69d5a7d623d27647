package tests

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// mxServer is an operator's mail server of a few lines, written from RFC 5321 and independent of ours: it
// asks for our certificate as the trust space does, and keeps what it is given.
type mxServer struct {
	addr string
	tls  *tls.Config // nil: STARTTLS is not offered

	mu       sync.Mutex
	ended    int      // connections
	commands int      // MAIL, in clear or not
	peers    []string // common names of the certificates that we showed
	messages []string
}

// newMX starts a server that shows a certificate; without one it offers no TLS.
func newMX(t *testing.T, show tls.Certificate, root *x509.Certificate) *mxServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &mxServer{addr: l.Addr().String()}
	if show.Leaf != nil {
		roots := x509.NewCertPool()
		roots.AddCert(root)
		m.tls = &tls.Config{Certificates: []tls.Certificate{show}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert}
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				m.serve(c)
				m.locked(func() { m.ended++ })
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return m
}

func (m *mxServer) locked(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// seen returns how many connections ended, how many MAIL came, and how many messages were kept.
func (m *mxServer) seen() (ended, commands, messages int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended, m.commands, len(m.messages)
}

// kept returns the messages.
func (m *mxServer) kept() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.messages...)
}

// shown returns the common names of the certificates that we showed.
func (m *mxServer) shown() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.peers...)
}

func (m *mxServer) serve(c net.Conn) {
	defer func() { c.Close() }()
	in, secure := bufio.NewReader(c), false
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 mx ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimRight(line, "\r\n")), " ")
		switch {
		case verb == "EHLO" && !secure && m.tls != nil:
			say("250-mx\r\n250 STARTTLS")
		case verb == "EHLO":
			say("250-mx\r\n250 8BITMIME")
		case verb == "STARTTLS" && !secure && m.tls != nil:
			say("220 go ahead")
			t := tls.Server(c, m.tls)
			if t.Handshake() != nil {
				return
			}
			m.locked(func() { m.peers = append(m.peers, t.ConnectionState().PeerCertificates[0].Subject.CommonName) })
			c, in, secure = t, bufio.NewReader(t), true
		case verb == "MAIL":
			m.locked(func() { m.commands++ })
			say("250 ok")
		case verb == "RCPT":
			say("250 ok")
		case verb == "DATA":
			say("354 go on")
			text, err := untilDot(in)
			if err != nil {
				return
			}
			m.locked(func() { m.messages = append(m.messages, text) })
			say("250 kept")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("502 what?")
		}
	}
}

// untilDot reads a message up to its final dot and undoes dot-stuffing (RFC 5321 section 4.5.2).
func untilDot(in *bufio.Reader) (string, error) {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return "", io.ErrUnexpectedEOF
		case line == ".\r\n":
			return text.String(), nil
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
}
