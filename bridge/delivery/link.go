package delivery

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Waits of our own, not of RFC 5321.
const (
	// stopGrace is how long the last reply is still waited for when we stop: hanging up before it
	// would send the message twice.
	stopGrace = 10 * time.Second
	quitWait  = 2 * time.Second // for the reply to QUIT, which nobody needs
)

// errStale means that a kept link had ended meanwhile, before anything of the message was sent.
var errStale = errors.New("the connection had ended")

// link is a connection to a server that may be given mail for one domain. One transaction at a time.
type link struct {
	domain string
	peer   *x509.Certificate
	conn   net.Conn
	smtp   *smtp.Client
	used   bool        // a message went over it before
	expiry *time.Timer // ends it when it waits too long; the pool's
}

func newLink(conn net.Conn, domain string, peer *x509.Certificate, t Timeouts, greeting string) *link {
	c := smtp.NewClient(&stream{Conn: conn, greeting: strings.NewReader(greeting), block: t.Block})
	c.CommandTimeout, c.SubmissionTimeout = t.Command, t.Final
	return &link{domain: domain, peer: peer, conn: conn, smtp: c}
}

// send makes one transaction: MAIL, one RCPT (O88), DATA. It fails with a *fault, or with errStale.
// After any error the link is of no use but to quit. The final dot is sent only when the message was
// read to its end without an error, so that no part of a message can pass for the whole.
func (l *link) send(ctx context.Context, m envelope, askDelivered bool) error {
	stop := context.AfterFunc(ctx, l.abort)
	defer stop()
	body, err := m.open()
	if err != nil {
		return &fault{kind: faultOurs, code: codeOurs, err: fmt.Errorf("open message: %w", err)}
	}
	defer body.Close() //nolint:errcheck // only read
	if err := l.begin(m, askDelivered); err != nil {
		return err
	}
	data, err := l.smtp.Data()
	if err != nil {
		return transactionFault(err)
	}
	source := &sourceReader{r: body}
	if _, err := io.Copy(data, source); err != nil {
		l.abort() // at once: any later command on this link would end the message first, as if whole
		if source.err != nil {
			return &fault{kind: faultOurs, code: codeOurs, err: fmt.Errorf("read message: %w", err)}
		}
		return transactionFault(err)
	}
	if m.begin != nil {
		if err := m.begin(); err != nil {
			l.abort()
			return err
		}
	}
	stop()
	late := context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, l.abort) })
	defer late()
	if err := data.Close(); err != nil {
		return transactionFault(err)
	}
	l.used = true
	return nil
}

// begin sends MAIL and RCPT. Reports are asked for by name where the server offers DSN (RFC 3461): of failure
// and delay, and of delivery when that is wanted.
func (l *link) begin(m envelope, askDelivered bool) error {
	from := ""
	if !m.from.IsZero() {
		from = m.from.Wire()
	}
	o := &smtp.MailOptions{Size: m.bytes, UTF8: !ascii(from) || !ascii(m.to.Wire())}
	if m.envID != "" {
		o.EnvelopeID, o.Return = m.envID, smtp.DSNReturnHeaders
	}
	if offers, _ := l.smtp.Extension("SMTPUTF8"); o.UTF8 && !offers {
		return &fault{kind: faultRefused, code: codeNoUTF8}
	}
	if err := l.smtp.Mail(from, o); err != nil {
		f := transactionFault(err)
		if l.used && f.kind == faultLink {
			return errStale
		}
		return f
	}
	if err := l.smtp.Rcpt(m.to.Wire(), rcptOptions(m, askDelivered)); err != nil {
		return transactionFault(err)
	}
	return nil
}

// rcptOptions asks for reports on one recipient; an address beyond ASCII is left unnamed.
func rcptOptions(m envelope, askDelivered bool) *smtp.RcptOptions {
	if m.envID == "" {
		return nil
	}
	o := &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}}
	if askDelivered {
		o.Notify = append(o.Notify, smtp.DSNNotifySuccess)
	}
	if wire := m.to.Wire(); ascii(wire) {
		o.OriginalRecipientType, o.OriginalRecipient = smtp.DSNAddressTypeRFC822, wire
	}
	return o
}

// abort drops the connection, from any goroutine.
func (l *link) abort() { _ = l.conn.Close() }

// quit says goodbye and drops the connection. It does not wait long for an answer.
func (l *link) quit() {
	l.smtp.CommandTimeout = quitWait
	_ = l.smtp.Quit()
	l.abort()
}

// sourceReader remembers that reading failed, to tell our own fault from the server's.
type sourceReader struct {
	r   io.Reader
	err error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// deadline is d from now. Sockets count in real time, whatever clock decides elsewhere.
func deadline(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // see above
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > 0x7f {
			return false
		}
	}
	return true
}
