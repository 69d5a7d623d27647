package bridge_test

import (
	"crypto/tls"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/trust/trusttest"
)

// swaks runs the real swaks as an operator's server and returns its dialogue.
func (b *bench) swaks(t *testing.T, cert tls.Certificate, args ...string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	args = append([]string{"--server", b.addr, "--from", doctor, "--to", alice, "--timeout", "20"}, args...)
	if cert.Leaf != nil {
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		if err := errors.Join(
			os.WriteFile(certFile, trusttest.CertificatePEM(cert.Leaf), 0o600),
			os.WriteFile(keyFile, trusttest.KeyPEM(t, cert), 0o600),
		); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--tls-cert", certFile, "--tls-key", keyFile)
	}
	out, err := exec.CommandContext(t.Context(), "swaks", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("swaks is missing: run `make test`, which installs it, or `apt-get install swaks libnet-ssleay-perl`")
	}
	return string(out), err
}

// TestSwaks speaks with a client that is not ours: with and without TLS and certificate, with a
// document, pipelined, and from a domain that is not its own.
func TestSwaks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	document := filepath.Join(t.TempDir(), "compte rendu.pdf")
	if err := os.WriteFile(document, []byte("%PDF-1.4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		cert tls.Certificate
		args []string
		want string
		sent bool
	}{
		"document":       {b.operator, []string{"--tls", "--attach", "@" + document, "--header", "Subject: Objet"}, "250 2.0.0 OK", true},
		"pipelined":      {b.operator, []string{"--tls", "--pipeline"}, "250 2.0.0 OK", true},
		"old TLS 1.2":    {b.operator, []string{"--tls", "--tls-protocol", "tlsv1_2"}, "250 2.0.0 OK", true},
		"in clear":       {b.operator, nil, "530 5.7.0 Must issue", false},
		"no certificate": {tls.Certificate{}, []string{"--tls"}, "530 5.7.0 Client certificate required", false},
		"revoked":        {b.revoked, []string{"--tls"}, "530 5.7.0 Client certificate revoked", false},
		"another domain": {b.second, []string{"--tls"}, "550 5.7.1", false},
		"forged author":  {b.second, []string{"--tls", "--from", "x@autre.mssante.fr", "--h-From", doctor}, "550 5.7.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := b.swaks(t, tt.cert, tt.args...)
			if (err == nil) != tt.sent || !strings.Contains(out, tt.want) {
				t.Errorf("%v, want %q in\n%s", err, tt.want, out)
			}
		})
	}
	if got, _ := b.inbox.taken(); len(got) != 3 {
		t.Errorf("%d messages", len(got))
	}
}

// TestGoSMTPClient speaks with go-smtp's own client.
func TestGoSMTPClient(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c, err := smtp.DialStartTLS(b.addr, &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{b.operator}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	text := message("corps du message\r\n.\r\n..\r\n")
	for range 3 {
		if err := c.SendMail(doctor, []string{alice}, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if _, bodies := b.inbox.taken(); len(bodies) != 3 || bodies[2] != text {
		t.Errorf("stored %q", bodies)
	}
	var refused *smtp.SMTPError
	if err := c.SendMail(doctor, []string{"nobody@" + citizens}, strings.NewReader(text)); !errors.As(err, &refused) || refused.Code != 553 {
		t.Errorf("got %v", err)
	}
}
