package operator

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// MaxMessageBytes is the size of the largest message taken, in octets (D19).
const MaxMessageBytes = 26_214_400

// idleTimeout is how long a client may take for one command, and for a whole message.
const idleTimeout = 10 * time.Minute

// Config says what a server takes and where it puts it.
type Config struct {
	Domains []string    // lower case; empty: mail for every domain is taken
	TLS     *tls.Config // server certificate and CA of the clients; nil when Plain
	Dir     string      // messages go to Dir/<address, lower case>/new/
	Plain   bool        // no TLS is offered: the sink of the neutral notifications
}

// Server is an SMTP server that writes what it receives into Maildirs.
type Server struct {
	smtp  *smtp.Server
	root  *os.Root
	boxes *maildirs
}

// New makes a server; its directory is created when it is missing. Close it when done, served or not.
func New(c Config) (*Server, error) {
	if (c.TLS == nil) != c.Plain {
		return nil, errors.New("operator: exactly one of TLS and Plain is needed")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make maildirs: %w", err)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open maildirs: %w", err)
	}
	var process [6]byte
	rand.Read(process[:])
	boxes := &maildirs{root: root, process: hex.EncodeToString(process[:])}
	domains := slices.Clone(c.Domains)
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &session{conn: conn, boxes: boxes, domains: domains, plain: c.Plain}, nil
	}))
	s.Domain = "localhost"
	if len(domains) > 0 {
		s.Domain = domains[0]
	}
	if !c.Plain {
		s.TLSConfig = c.TLS.Clone()
		s.TLSConfig.ClientAuth = tls.RequireAndVerifyClientCert
	}
	s.MaxMessageBytes, s.MaxLineLength, s.MaxRecipients = MaxMessageBytes, 64<<10, 100
	s.ReadTimeout, s.WriteTimeout = idleTimeout, idleTimeout
	s.EnableDSN, s.EnableSMTPUTF8 = true, true
	s.ErrorLog = silence{}
	return &Server{smtp: s, root: root, boxes: boxes}, nil
}

// Serve answers clients until Close, then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.smtp.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("serve operator: %w", err)
	}
	return nil
}

// Close stops the server and drops its connections. A message whose 250 was not sent is not kept.
func (s *Server) Close() error {
	err := s.smtp.Close()
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, s.root.Close())
}

// Fill has a box, in lower case, take no more mail, or take it again.
func (s *Server) Fill(box string, full bool) { s.boxes.fill(box, full) }

// silence drops what go-smtp reports about its peers: clients that go away, and their addresses.
type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

// session is one connection.
type session struct {
	conn       *smtp.Conn
	boxes      *maildirs
	domains    []string
	plain      bool
	recipients []string // lower case
}

// Mail starts a transaction. Unless the server is plain it asks for TLS with a verified certificate
// first (O58, O62).
func (s *session) Mail(string, *smtp.MailOptions) error {
	s.recipients = nil
	if s.plain {
		return nil
	}
	state, ok := s.conn.TLSConnectionState()
	if !ok || len(state.VerifiedChains) == 0 {
		return reply(530, smtp.EnhancedCode{5, 7, 0}, "Must issue a STARTTLS command first")
	}
	return nil
}

// Rcpt takes a recipient of one of the domains.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	box := strings.ToLower(to)
	_, domain, _ := strings.Cut(box, "@")
	switch {
	case !boxName(box):
		return reply(553, smtp.EnhancedCode{5, 1, 3}, "Bad mailbox name")
	case len(s.domains) > 0 && !slices.Contains(s.domains, domain):
		return reply(550, smtp.EnhancedCode{5, 7, 1}, "Relay denied")
	case s.boxes.isFull(box):
		return reply(552, smtp.EnhancedCode{5, 2, 2}, "Mailbox full")
	}
	s.recipients = append(s.recipients, box)
	return nil
}

// Data keeps the message for every recipient. It answers well only once all files are durable.
func (s *session) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err // go-smtp's own errors: too large, or the connection is gone
	}
	for _, box := range s.recipients {
		if err := s.boxes.deliver(box, message); err != nil {
			return reply(451, smtp.EnhancedCode{4, 3, 0}, "Cannot store the message now")
		}
	}
	return nil
}

// Reset drops the transaction.
func (s *session) Reset() { s.recipients = nil }

// Logout has nothing to give back.
func (s *session) Logout() error { return nil }

func reply(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}
