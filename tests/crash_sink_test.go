package tests

import (
	"bufio"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// crashSink takes the replies in the place of the demonstration's operators. It outlives every kill of the
// bridge, so that it knows what it answered 250, and to which life of the bridge.
type crashSink struct {
	life  func() int                // of the bridge that runs now
	taken func()                    // called for each message, just before its 250
	words map[string]string         // Message-ID by the tag of the reply's text
	all   map[crashMail][]crashCopy // in the order of their arrival
	mu    sync.Mutex
	addr  map[string]string // where each domain is served
}

// crashMail names what may arrive more than once: a message on its way to one mailbox.
type crashMail struct{ id, mailbox string }

// crashCopy is one arrival.
type crashCopy struct {
	life int
	at   time.Time
	sum  [sha256.Size]byte
}

// crashTag is how load marks the text of each message.
var crashTag = regexp.MustCompile(`tag:([a-z0-9.]+);`)

// newCrashSink serves the domains of every operator of a demonstration, with that operator's certificate.
func newCrashSink(t *testing.T, d *demo, life func() int, taken func()) *crashSink {
	t.Helper()
	s := &crashSink{
		life: life, taken: taken, words: map[string]string{}, all: map[crashMail][]crashCopy{}, addr: map[string]string{},
	}
	ca, err := os.ReadFile(d.PKI.CA)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(ca)
	for _, o := range d.PKI.Operators {
		cert, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			t.Fatal(err)
		}
		l := s.serve(t, &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		})
		for _, domain := range o.Domains {
			s.addr[domain] = l
		}
	}
	return s
}

// serve runs one server until the end of the test, and returns its address.
func (s *crashSink) serve(t *testing.T, conf *tls.Config) string {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &crashSession{sink: s, life: s.life()}, nil
	}))
	server.ErrorLog = quiet{}
	server.Domain, server.TLSConfig, server.EnableSMTPUTF8, server.EnableDSN = "sink.test", conf, true, true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		_ = server.Close()
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Errorf("sink: %v", err)
		}
	})
	return l.Addr().String()
}

// routes are the flags that send all replies here.
func (s *crashSink) routes() (flags []string) {
	for domain, address := range s.addr {
		flags = append(flags, "--route", domain+"="+address)
	}
	return flags
}

// arrived reports whether a reply with that tag was answered 250.
func (s *crashSink) arrived(tag string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.words[tag] != ""
}

// take notes a message that is about to be answered 250.
func (s *crashSink) take(life int, mailbox string, message []byte) {
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(string(message)))).ReadMIMEHeader()
	id := h.Get("Message-Id")
	if err != nil || id == "" {
		id = "unreadable"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := crashMail{id, strings.ToLower(mailbox)}
	s.all[key] = append(s.all[key], crashCopy{life, time.Now(), sha256.Sum256(message)})
	if tag := crashTag.FindSubmatch(message); tag != nil {
		s.words[string(tag[1])] = id
	}
}

// crashSession is one connection, of one life of the bridge.
type crashSession struct {
	sink *crashSink
	life int
	to   string
}

func (s *crashSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *crashSession) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }

// Data answers 250 once it has the whole message.
func (s *crashSession) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.sink.take(s.life, s.to, message)
	s.sink.taken()
	return nil
}

func (s *crashSession) Reset()        { s.to = "" }
func (s *crashSession) Logout() error { return nil }

// quiet drops what the library tells of connections that a kill cut.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}
