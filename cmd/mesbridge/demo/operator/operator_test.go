package operator_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"mesbridge/cmd/mesbridge/demo/operator"
)

// pki is a CA with one certificate that serves both sides.
func pki(t *testing.T) (*x509.CertPool, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.test"}, DNSNames: []string{"mx.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// start serves c on a free port and returns its address.
func start(t *testing.T, c operator.Config) string {
	t.Helper()
	s, err := operator.New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-done); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, at string, config *tls.Config) *smtp.Client {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if config == nil {
		return smtp.NewClient(conn)
	}
	c, err := smtp.NewClientStartTLS(conn, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// messages reads all messages of a box.
func messages(t *testing.T, dir, box string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, box, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	if left, err := filepath.Glob(filepath.Join(dir, box, "tmp", "*")); err != nil || len(left) > 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
	return all
}

// A message over mutual TLS lies in the box of its recipient as it was sent, CRLF and dots included.
func TestServer_keepsBytes(t *testing.T) {
	t.Parallel()
	pool, cert := pki(t)
	dir := t.TempDir()
	at := start(t, operator.Config{
		Domains: []string{"ch.mssante.fr"}, Dir: dir, TLS: &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool},
	})
	c := dial(t, at, &tls.Config{RootCAs: pool, ServerName: "mx.test", Certificates: []tls.Certificate{cert}})
	message := "Subject: x\r\n\r\n.dot\r\n..two\r\n" + strings.Repeat("long ", 5000) + "\r\n\r\nend\r\n"
	for range 2 {
		err := c.SendMail("a@patient.mssante.fr", []string{"Dr.Who@CH.mssante.fr"}, strings.NewReader(message))
		if err != nil {
			t.Fatal(err)
		}
	}
	got := messages(t, dir, "dr.who@ch.mssante.fr")
	if len(got) != 2 || got[0] != message || got[1] != message {
		t.Errorf("%d messages in the box, as sent: %v", len(got), len(got) > 0 && got[0] == message)
	}
}

// O58, O62: nothing without TLS and a certificate; nothing for another domain; no name that leaves
// the directory.
func TestServer_refuses(t *testing.T) {
	t.Parallel()
	pool, cert := pki(t)
	dir := t.TempDir()
	at := start(t, operator.Config{
		Domains: []string{"ch.mssante.fr"}, Dir: dir, TLS: &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool},
	})
	if err := dial(t, at, nil).Mail("a@patient.mssante.fr", nil); code(err) != 530 {
		t.Errorf("clear text: %v", err)
	}
	anonymous, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smtp.NewClientStartTLS(anonymous, &tls.Config{RootCAs: pool, ServerName: "mx.test"})
	if err == nil {
		if err = c.Mail("a@patient.mssante.fr", nil); err == nil {
			t.Error("a client without a certificate may send")
		}
		c.Close()
	}
	c = dial(t, at, &tls.Config{RootCAs: pool, ServerName: "mx.test", Certificates: []tls.Certificate{cert}})
	if err := c.Mail("a@patient.mssante.fr", nil); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]int{
		"x@other.mssante.fr":         550,
		"../../x@ch.mssante.fr":      553,
		"a/../../../x@ch.mssante.fr": 553,
		"ok@ch.mssante.fr":           0,
	} {
		if err := c.Rcpt(to, nil); code(err) != want {
			t.Errorf("RCPT %s: %v, want %d", to, err, want)
		}
	}
	if _, err := operator.New(operator.Config{Dir: dir}); err == nil {
		t.Error("a server with neither TLS nor Plain was made")
	}
}

func code(err error) int {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply.Code
	}
	return 0
}

// The plain sink takes every domain, and several recipients get a copy each.
func TestServer_plain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := start(t, operator.Config{Dir: dir, Plain: true})
	message := []byte("Subject: y\r\n\r\nx\r\n")
	to := []string{"one@example.fr", "two@example.org"}
	if err := dial(t, at, nil).SendMail("", to, bytes.NewReader(message)); err != nil {
		t.Fatal(err)
	}
	for _, box := range to {
		if got := messages(t, dir, box); len(got) != 1 || got[0] != string(message) {
			t.Errorf("%s holds %q", box, got)
		}
	}
}
