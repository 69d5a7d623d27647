package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mesbridge/cmd/mesbridge/demo"
)

// office is a mail server of a test, with mutual TLS; it notes what it takes.
type office struct {
	peer   *peer
	refuse string // a number whose letter is refused

	mu    sync.Mutex
	taken map[string]int // by recipient
}

func newOffice(t *testing.T) *office {
	t.Helper()
	dir := t.TempDir()
	space, err := demo.OpenSpace(dir, demo.People(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	own := pki{ca: space.CA, server: space.Bridge, client: demo.ReadyOperator{Cert: space.Operators[0].Cert, Key: space.Operators[0].Key}}
	pair, err := tls.LoadX509KeyPair(own.server.Cert, own.server.Key)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(own.ca)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authority)
	o := &office{taken: map[string]int{}, refuse: "none"}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{office: o}, nil }))
	s.Domain, s.TLSConfig = "office", &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	if o.peer, err = own.newPeer("office", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return o
}

type counter struct {
	office *office
	to     string
}

func (c *counter) Mail(string, *smtp.MailOptions) error { return nil }
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = to
	return nil
}

func (c *counter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if strings.Contains(string(text), arrivalMark+c.office.refuse) {
		return &smtp.SMTPError{Code: 451, Message: "later"}
	}
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.taken[c.to]++
	return nil
}
func (c *counter) Reset()        {}
func (c *counter) Logout() error { return nil }

// job is a load of n letters on two sessions.
func (o *office) job(n int64, perConn int) *load {
	var mu sync.Mutex
	number := uint64(0)
	way := toPatients("ch.test", "patient.test")
	return &load{
		address: o.peer.address, tls: o.peer.tls, perConn: perConn, limit: n, window: time.Hour,
		letters: []*letter{newLetter(way, small, 0), newLetter(way, small, 0)},
		next: func(l *letter) func() {
			mu.Lock()
			defer mu.Unlock()
			number++
			l.write(number, 1, "27903512151898"+string(rune('0'+number%10)))
			return func() {}
		},
	}
}

func TestLoad_everyLetterIsTakenOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, perConn := range []int{1, 10} {
		got, err := o.job(100, perConn).run(t.Context())
		if err != nil || got.accepted != 100 || len(got.replies) != 100 || got.took <= 0 {
			t.Fatalf("%d per connection: %d accepted, %d timed in %s, %v", perConn, got.accepted, len(got.replies), got.took, err)
		}
		if want := 100 / perConn; got.opened < want || got.opened > want+2 {
			t.Errorf("%d per connection: %d connections", perConn, got.opened)
		}
	}
	for to, n := range o.taken {
		if n != 20 {
			t.Errorf("%s got %d letters, want 20", to, n)
		}
	}
	if len(o.taken) != 10 {
		t.Errorf("%d recipients, want 10", len(o.taken))
	}
}

// A refusal is an error of the run, never a letter less.
func TestLoad_refusalEndsTheRun(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.refuse = "0000000007"
	if _, err := o.job(100, 10).run(t.Context()); !errors.Is(err, errFailed) || !errors.Is(err, errReply) || !strings.Contains(err.Error(), "later") {
		t.Errorf("error %v", err)
	}
}

// What is renamed into a Maildir is heard of, with its instant.
func TestArrivals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, err := watchMailboxes(dir, []string{"a@ch.test", "b@ch.test"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := a.expect(1), a.expect(2)
	before := time.Now()
	for box, number := range map[string]string{"b@ch.test": "0000000002", "a@ch.test": "0000000001"} {
		tmp := filepath.Join(dir, box, "one")
		if err := os.WriteFile(tmp, []byte("Subject: x\r\n\r\n"+arrivalMark+number+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, filepath.Join(dir, box, "new", "one")); err != nil {
			t.Fatal(err)
		}
	}
	for _, arrival := range []<-chan time.Time{first, second} {
		if at, err := a.await(t.Context(), arrival); err != nil || at.Before(before) {
			t.Errorf("arrived at %v, %v", at, err)
		}
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	if _, err := a.await(t.Context(), a.expect(3)); !errors.Is(err, errLost) {
		t.Errorf("what never arrives gives %v", err)
	}
}
