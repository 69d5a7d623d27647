package delivery

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/textproto"
	"strings"
	"time"

	"mesbridge/bridge/trust"
)

// maxClearBytes bounds what a server may say before TLS, in octets.
const maxClearBytes = 64 << 10

// Errors of the phase before TLS.
var (
	errNoSTARTTLS = errors.New("the server does not offer STARTTLS")
	errInjection  = errors.New("the server spoke after STARTTLS in clear")
	errWrongName  = errors.New("the white list does not name this certificate for the domain")
	errWrongHost  = errors.New("the certificate does not name the host of the MX")
)

// connectHost connects to one server: clear greeting, STARTTLS, both certificates, EHLO again. Its
// fault is nil when the link may be used for mail to the domain.
func (c *Client) connectHost(ctx context.Context, list Trust, domain string, h Host) (*link, *fault) {
	raw, f := c.dial(ctx, h.Address)
	if f != nil {
		return nil, f
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	if err := raw.SetDeadline(deadline(c.Timeouts.Greeting)); err != nil {
		_ = raw.Close()
		return nil, linkFault(codeLost, err)
	}
	if f := startTLS(raw, c.Name); f != nil {
		_ = raw.Close()
		return nil, f
	}
	var judged error // what the checks of the certificate said
	conn := tls.Client(raw, c.config(list, domain, h, &judged))
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, handshakeFault(err, judged)
	}
	peer := conn.ConnectionState().PeerCertificates[0]
	if peer.VerifyHostname(h.Name) != nil && !strings.EqualFold(trust.CommonName(peer), h.Name) {
		c.Log.LogAttrs(ctx, slog.LevelWarn, "certificate names another host", slog.String("alarm", "certificate-host"),
			slog.String("domain", domain), slog.String("code", codeCertificate), slog.String("rule", "O84"))
		if c.Strict {
			_ = conn.Close()
			return nil, &fault{kind: faultCertificate, code: codeCertificate, err: errWrongHost}
		}
	}
	l := newLink(conn, domain, peer, c.Timeouts, assumedGreeting)
	if err := l.smtp.Hello(c.Name); err != nil {
		l.abort()
		return nil, linkFault(codeLost, err)
	}
	return l, nil
}

func (c *Client) dial(ctx context.Context, address string) (net.Conn, *fault) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeouts.Dial)
	defer cancel()
	conn, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, linkFault(codeNoAnswer, err)
	}
	return conn, nil
}

// config makes the white list part of the handshake: a server that is not the domain's gets an alert
// and never a command. *judged is set when the server's certificate is what made the handshake fail.
func (c *Client) config(list Trust, domain string, h Host, judged *error) *tls.Config {
	config := c.TLS(h.Name)
	chain := config.VerifyConnection
	config.VerifyConnection = func(s tls.ConnectionState) error {
		if chain != nil {
			if *judged = chain(s); *judged != nil {
				return *judged
			}
		}
		if len(s.PeerCertificates) == 0 || !list.Allows(domain, s.PeerCertificates[0]) {
			*judged = errWrongName
		}
		return *judged
	}
	return config
}

// handshakeFault tells the server's certificate (O85) from every other reason.
func handshakeFault(err, judged error) *fault {
	var standard *tls.CertificateVerificationError
	var invalid x509.CertificateInvalidError
	var peer *trust.PeerError
	switch {
	case errors.As(judged, &peer) && peer.Fault.Temporary():
		return &fault{kind: faultOurs, code: codeStale, err: err}
	case judged != nil, errors.As(err, &standard), errors.As(err, &invalid):
		return &fault{kind: faultCertificate, code: codeCertificate, err: err}
	}
	return linkFault(codeLost, err)
}

// startTLS speaks the clear phase of RFC 3207 on conn and stops where the TLS handshake begins.
// go-smtp's own STARTTLS is not used: it would introduce us as localhost, with fixed timeouts, and
// could not tell a server without TLS from one that is broken.
func startTLS(conn net.Conn, name string) *fault {
	clear := textproto.NewReader(bufio.NewReader(io.LimitReader(conn, maxClearBytes)))
	if _, _, err := clear.ReadResponse(220); err != nil {
		return linkFault(codeNoAnswer, err)
	}
	offers, err := command(conn, clear, 250, "EHLO "+name)
	if err != nil {
		return linkFault(codeLost, err)
	}
	if !offered(offers, "STARTTLS") {
		return &fault{kind: faultTLS, code: codeEncryption, err: errNoSTARTTLS}
	}
	if _, err := command(conn, clear, 220, "STARTTLS"); err != nil {
		if replyOf(err) != nil {
			return &fault{kind: faultTLS, code: codeEncryption, err: err}
		}
		return linkFault(codeLost, err)
	}
	if clear.R.Buffered() > 0 {
		return &fault{kind: faultTLS, code: codeEncryption, err: errInjection}
	}
	return nil
}

func command(conn net.Conn, replies *textproto.Reader, want int, line string) (string, error) {
	if strings.ContainsAny(line, "\r\n") {
		return "", errors.New("a command holds a line end")
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", line); err != nil {
		return "", err
	}
	_, text, err := replies.ReadResponse(want)
	return text, err
}

// offered reports whether the reply to EHLO names an extension, after its first line.
func offered(reply, extension string) bool {
	_, lines, _ := strings.Cut(reply, "\n")
	for line := range strings.Lines(lines) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.EqualFold(word, extension) {
			return true
		}
	}
	return false
}

// assumedGreeting stands for the greeting that does not come again after STARTTLS, but that go-smtp
// waits for.
const assumedGreeting = "220 ready\r\n"

// stream is a connection that starts with a greeting of ours, or none, and each of whose writes is
// bounded in time, which go-smtp does not do inside a message.
type stream struct {
	net.Conn
	greeting *strings.Reader
	block    time.Duration
}

// Read gives the greeting first.
func (s *stream) Read(p []byte) (int, error) {
	if s.greeting.Len() > 0 {
		return s.greeting.Read(p)
	}
	return s.Conn.Read(p)
}

// Write fails when the server takes nothing for too long.
func (s *stream) Write(p []byte) (int, error) {
	if err := s.SetWriteDeadline(deadline(s.block)); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}
