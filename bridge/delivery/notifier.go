package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-message/mail"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The neutral notification; exact texts of wording.md. It names nobody, quotes nothing and holds no
// link, so that it discloses nothing and cannot be imitated by one that does (R123, I201).
const (
	notificationSubject = "Nouveau message dans votre messagerie de santé"
	notificationText    = "Un professionnel ou un établissement de santé vous a écrit. Connectez-vous à votre espace comme " +
		"d’habitude pour lire ce message. Cet e-mail ne contient aucun lien ni aucune information de santé."
)

// attachedText is what somebody is told who acts for the patient (R125): no more, and not for whom.
const attachedText = "Un professionnel ou un établissement de santé a écrit sur un profil rattaché au vôtre. Connectez-vous à votre espace " +
	"comme d’habitude pour lire ce message. Cet e-mail ne contient aucun lien ni aucune information de santé."

// addressee is whom a notify effect tells: the patient, or the person who acts for him that it names.
func addressee(e conversations.Effect) conversations.PatientID {
	if e.Mailbox != "" {
		return conversations.PatientID(e.Mailbox)
	}
	return e.Patient
}

// Addresses knows the patients' private addresses.
type Addresses interface {
	// PrivateAddress returns the ordinary e-mail address of a patient; empty when none is known (R126)
	// or the patient wants no notification (R124).
	PrivateAddress(ctx context.Context, p conversations.PatientID) (string, error)
}

// Relay is the ordinary mail server that takes the notifications. All but TLS and Dial are required.
type Relay struct {
	Address  string // host:port
	Name     string // our name in EHLO
	From     rules.Address
	TLS      *tls.Config // nil: in clear; otherwise STARTTLS is demanded and the certificate checked
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Timeouts Timeouts
	Log      *slog.Logger
	Now      func() time.Time
}

// Notifier tells patients, outside, that something waits for them inside (R122). It is safe for
// concurrent use.
type Notifier struct {
	Relay
	addresses Addresses
	stopping  context.Context
}

// NewNotifier returns a notifier. The end of ctx stops what is under way, as in [NewClient].
func NewNotifier(ctx context.Context, r Relay, a Addresses) *Notifier {
	r.Timeouts = r.Timeouts.orDefaults()
	if r.Dial == nil {
		r.Dial = new(net.Dialer).DialContext
	}
	return &Notifier{Relay: r, addresses: a, stopping: ctx}
}

// Notify makes one attempt at a notify effect. A notification that cannot be sent is dropped without
// a word to anybody (R127): the message waits for the patient all the same. It fails only when we stop.
func (n *Notifier) Notify(ctx context.Context, e conversations.Effect) (time.Time, error) {
	private, err := n.addresses.PrivateAddress(ctx, addressee(e))
	switch {
	case err != nil:
		return n.retry(ctx, e, &fault{kind: faultOurs, code: codeOurs, err: err}), nil
	case private == "":
		return time.Time{}, nil // R126
	}
	to, err := rules.ParseAddress(private)
	if err != nil {
		return n.retry(ctx, e, &fault{kind: faultRefused, code: codeBadAddress, err: err}), nil
	}
	text, err := n.compose(e, to)
	if err != nil {
		return n.retry(ctx, e, &fault{kind: faultRefused, code: codeBadAddress, err: err}), nil
	}
	err = bounded(ctx, n.stopping, n.Timeouts.Attempt, func(ctx context.Context) error { return n.send(ctx, to, text) })
	var f *fault
	switch {
	case err == nil:
		return time.Time{}, nil
	case !errors.As(err, &f):
		return time.Time{}, fmt.Errorf("send notification: %w", err) // we are stopping
	}
	return n.retry(ctx, e, f), nil
}

// retry says when to try again, and notes when that is never.
func (n *Notifier) retry(ctx context.Context, e conversations.Effect, f *fault) time.Time {
	again, ok := f.retryAt(e.Attempts+1, patience{queued: e.CreatedAt, giveUp: rules.GiveUpAfter}, n.Now())
	if !ok {
		n.Log.LogAttrs(ctx, slog.LevelWarn, "notification given up",
			slog.String("effect", e.ID), slog.String("code", f.code))
	}
	return again
}

// send gives a notification to the relay.
func (n *Notifier) send(ctx context.Context, to rules.Address, text []byte) error {
	l, err := n.connect(ctx)
	if err != nil {
		return err
	}
	defer l.quit()
	// The null reverse-path, as for every automatic message that nobody is to answer (RFC 3834
	// section 3.3): a notification never bounces.
	return l.send(ctx, envelope{to: to, bytes: int64(len(text)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(text)), nil
	}}, false)
}

// connect opens a connection to the relay.
func (n *Notifier) connect(ctx context.Context) (*link, error) {
	dialling, cancel := context.WithTimeout(ctx, n.Timeouts.Dial)
	defer cancel()
	raw, err := n.Dial(dialling, "tcp", n.Address)
	if err != nil {
		return nil, linkFault(codeNoAnswer, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	conn, greeting := raw, ""
	if n.TLS != nil {
		if conn, err = n.secure(ctx, raw); err != nil {
			_ = raw.Close()
			return nil, err
		}
		greeting = assumedGreeting
	}
	l := newLink(conn, "", nil, n.Timeouts, greeting)
	if err := l.smtp.Hello(n.Name); err != nil {
		l.abort()
		return nil, linkFault(codeLost, err)
	}
	return l, nil
}

// secure makes TLS with the relay.
func (n *Notifier) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if err := conn.SetDeadline(deadline(n.Timeouts.Greeting)); err != nil {
		return nil, linkFault(codeLost, err)
	}
	if f := startTLS(conn, n.Name); f != nil {
		return nil, f
	}
	config := n.TLS.Clone()
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(n.Address)
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, handshakeFault(err, nil)
	}
	return secured, nil
}

// compose writes the notification; the same effect and address give the same bytes.
func (n *Notifier) compose(e conversations.Effect, to rules.Address) ([]byte, error) {
	var h mail.Header
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834
	h.SetMessageID(opaque(e.ID) + "@" + n.From.Domain)
	h.SetSubject(notificationSubject)
	h.SetDate(e.CreatedAt.UTC())
	h.SetAddressList("To", []*mail.Address{{Address: to.Wire()}})
	h.SetAddressList("From", []*mail.Address{{Address: n.From.Wire()}})
	var out bytes.Buffer
	w, err := mail.CreateSingleInlineWriter(&out, h)
	if err != nil {
		return nil, fmt.Errorf("compose notification: %w", err)
	}
	text := notificationText
	if e.Mailbox != "" {
		text = attachedText
	}
	if _, err := io.WriteString(w, text+"\r\n"); err != nil {
		return nil, fmt.Errorf("compose notification: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compose notification: %w", err)
	}
	return out.Bytes(), nil
}
