package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// known is the private address of every patient, or an error.
type known struct {
	address string
	err     error
}

func (k known) PrivateAddress(context.Context, conversations.PatientID) (string, error) {
	return k.address, k.err
}

func (w *world) notifier(t *testing.T, p *peer, config *tls.Config, a Addresses) *Notifier {
	t.Helper()
	return NewNotifier(t.Context(), Relay{
		Address: p.at, Name: "smtp.pont.test", From: rules.Address{Local: "ne-pas-repondre", Domain: "pont.test"}, TLS: config,
		Log: slog.New(slog.NewTextHandler(w, nil)), Now: now,
	}, a)
}

// R122, R123, I201: the exact neutral text, to the private address alone, from the null reverse-path.
func TestNotify_isNeutral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{})
	n := w.notifier(t, p, nil, known{address: "Prenom.Nom@exemple.fr"})
	for range 2 {
		if again, err := n.Notify(t.Context(), effect("e1", 0)); err != nil || !again.IsZero() {
			t.Fatalf("again %v, %v", again, err)
		}
	}
	got := p.received()
	if len(got) != 2 || got[0] != got[1] || !strings.HasPrefix(got[0].mail, "MAIL FROM:<>") || got[0].rcpt != "RCPT TO:<Prenom.Nom@exemple.fr>" {
		t.Fatalf("received %+v", got)
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0].data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Nouveau message dans votre messagerie de santé" {
		t.Errorf("subject %q, %v", subject, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	const want = "Un professionnel ou un établissement de santé vous a écrit. Connectez-vous à votre espace comme d’habitude pour lire " +
		"ce message. Cet e-mail ne contient aucun lien ni aucune information de santé.\r\n"
	if err != nil || string(text) != want {
		t.Errorf("text %q, %v", text, err)
	}
	for field, want := range map[string]string{
		"From": "<ne-pas-repondre@pont.test>", "To": "<Prenom.Nom@exemple.fr>", "Auto-Submitted": "auto-generated",
	} {
		if m.Header.Get(field) != want {
			t.Errorf("%s is %q, want %q", field, m.Header.Get(field), want)
		}
	}
	for _, secret := range []string{"http", private, "e1", domain} {
		if strings.Contains(got[0].data, secret) {
			t.Errorf("the notification holds %q", secret)
		}
	}
}

// R126, R127: nobody to tell, or nobody who takes it: never an error of the message.
func TestNotify_outcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		who    known
		script script
		age    time.Duration
		again  time.Duration
		mails  int
	}{
		"no address":     {known{}, script{}, 0, 0, 0},
		"no address now": {known{err: errors.New("store away")}, script{}, 0, 5 * time.Minute, 0},
		"bad address":    {known{address: "a\r\nb"}, script{}, 0, 0, 0},
		"deferred":       {known{address: "a@exemple.fr"}, script{rcpt: always("450 secret@exemple.fr")}, 0, 5 * time.Minute, 1},
		"hangs":          {known{address: "a@exemple.fr"}, script{greeting: hang}, 0, 5 * time.Minute, 0},
		"too old":        {known{address: "a@exemple.fr"}, script{rcpt: always("450 secret")}, 48 * time.Hour, 0, 1},
		"refused":        {known{address: "a@exemple.fr"}, script{rcpt: always("550 secret")}, 0, 0, 1},
	} {
		w := newWorld(t)
		p := newPeer(t, c.script)
		e := effect("e1", 0)
		e.CreatedAt = at.Add(-c.age)
		n := w.notifier(t, p, nil, c.who)
		if c.script.greeting == hang {
			n.Timeouts = short().orDefaults()
		}
		again, err := n.Notify(t.Context(), e)
		if !again.Equal(instant(c.again)) || err != nil || p.tally().mails != c.mails || len(p.received()) != 0 {
			t.Errorf("%s: again %v, %v, %d MAIL", name, again, err, p.tally().mails)
		}
	}
}

// With TLS set, the relay is spoken to under TLS and with its name checked, or not at all.
func TestNotify_demandsTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roots := x509.NewCertPool()
	roots.AddCert(w.pki.Root)
	server := &tls.Config{Certificates: []tls.Certificate{w.them}, Time: now}
	for name, c := range map[string]struct {
		script script
		config *tls.Config
		sent   int
	}{
		"right":      {script{tls: server}, &tls.Config{RootCAs: roots, ServerName: "mx.test", Time: now}, 1},
		"other name": {script{tls: server}, &tls.Config{RootCAs: roots, Time: now}, 0},
		"stripped":   {script{}, &tls.Config{RootCAs: roots, ServerName: "mx.test", Time: now}, 0},
	} {
		p := newPeer(t, c.script)
		again, err := w.notifier(t, p, c.config, known{address: "a@exemple.fr"}).Notify(t.Context(), effect("e1", 0))
		got := p.received()
		if err != nil || len(got) != c.sent || again.IsZero() != (c.sent == 1) || c.sent == 1 && got[0].clear {
			t.Errorf("%s: again %v, %v, received %+v", name, again, err, got)
		}
	}
}
