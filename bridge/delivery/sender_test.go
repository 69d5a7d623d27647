package delivery

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// O81, O83, O86, O88: over TLS with both certificates, one recipient, the patient's address, and every
// octet as it was given.
func TestDeliver_handsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	s := NewSender(w.client(t, nil, p.at), box)
	again, err := s.Deliver(t.Context(), effect("e1", 0))
	if err != nil || !again.IsZero() {
		t.Fatalf("again %v, %v", again, err)
	}
	want := transaction{
		mail: fmt.Sprintf("MAIL FROM:<%s> BODY=8BITMIME SIZE=%d", patient.Wire(), len(letter)),
		rcpt: "RCPT TO:<Prenom.Nom@ch.mssante.fr>", data: letter, client: "smtp.pont.test",
	}
	if got := p.received(); len(got) != 1 || got[0] != want {
		t.Errorf("received %+v, want %+v", got, want)
	}
	if got := box.last("e1"); got != (conversations.Outcome{State: conversations.DeliverySent, Code: "250"}) {
		t.Errorf("outcome %+v", got)
	}
	for _, name := range p.tally().names {
		if name != "smtp.pont.test" {
			t.Errorf("EHLO %s", name)
		}
	}
}

// A fault of the other side: what is recorded, and when the effect runs again.
func TestDeliver_outcomes(t *testing.T) {
	t.Parallel()
	const in5 = 5 * time.Minute
	for _, c := range []struct {
		name   string
		script script
		again  time.Duration // 0: given up
		want   conversations.Outcome
		calls  int // transactions that may have begun: MAIL commands seen
	}{
		{"421 at MAIL", script{mail: always("421 4.3.2 secret")}, in5, deferred("421 4.3.2"), 1},
		{"451 at MAIL", script{mail: always("451 4.3.0 secret")}, in5, deferred("451 4.3.0"), 1},
		{"450 at RCPT", script{rcpt: always("450-4.2.1 secret\r\n450 4.2.1 secret")}, in5, deferred("450 4.2.1"), 1},
		{"451 at DATA", script{data: always("451 secret")}, in5, deferred("451"), 1},
		{"452 at the end", script{final: always("452 4.2.2 secret")}, in5, deferred("452 4.2.2"), 1},
		{"nonsense at MAIL", script{mail: always("nonsense")}, in5, deferred("4.4.2"), 1},
		{"354 at MAIL", script{mail: always("354 secret")}, in5, deferred("354"), 1},
		{"550 at RCPT", script{rcpt: always("550 5.1.1 secret@ch.mssante.fr")}, 0, failed("550 5.1.1", sentenceUnknown), 1},
		{"550 closed", script{rcpt: always("550 5.2.1 secret")}, 0, failed("550 5.2.1", sentenceClosed), 1},
		{"552 full", script{rcpt: always("552 5.2.2 secret")}, 0, failed("552 5.2.2", sentenceFull), 1},
		{"552 at MAIL", script{mail: always("552 5.3.4 secret")}, 0, failed("552 5.3.4", sentenceTooLarge), 1},
		{"552 bare", script{final: always("552 secret")}, 0, failed("552", sentenceTooLarge), 1},
		{"550 bare", script{rcpt: always("550 secret")}, 0, failed("550", sentenceUnknown), 1},
		{"554 at the end", script{final: always("554 5.7.1 secret")}, 0, failed("554 5.7.1", sentenceRefused), 1},
		{"554 bare", script{final: always("554 secret")}, 0, failed("554", sentenceRefused), 1},
		{"554 greeting", script{greeting: "554 no service"}, in5, deferred("554"), 0},
		{"454 at STARTTLS", script{startTLS: "454 4.7.0 secret"}, in5, deferred("4.7.10"), 0},
		{"clear text after STARTTLS", script{startTLS: "220 go\r\n250 secret"}, in5, deferred("4.7.10"), 0},
		{"EHLO refused", script{ehlo: "550 5.7.1 secret"}, in5, deferred("550 5.7.1"), 0},
		{"hangs before the greeting", script{greeting: hang}, in5, deferred("4.4.1"), 0},
		{"hangs at STARTTLS", script{startTLS: hang}, in5, deferred("4.4.2"), 0},
		{"hangs at EHLO", script{ehlo: hang}, in5, deferred("4.4.2"), 0},
		{"hangs at MAIL", script{mail: always(hang)}, in5, deferred("4.4.2"), 1},
		{"hangs at DATA", script{data: always(hang)}, in5, deferred("4.4.2"), 1},
		{"hangs at the end", script{final: always(hang)}, in5, deferred("4.4.2"), 1},
		{"closes at the end", script{final: always(drop)}, in5, deferred("4.4.2"), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.script.tls = w.serverTLS(w.them)
			p := newPeer(t, c.script)
			box := newOutbox()
			s := NewSender(w.client(t, func(s *Settings) {
				if strings.HasPrefix(c.name, "hangs") {
					s.Timeouts = short()
				}
			}, p.at), box)
			again, err := s.Deliver(t.Context(), effect("e1", 0))
			if err != nil {
				t.Fatal(err)
			}
			if want := instant(c.again); !again.Equal(want) {
				t.Errorf("again %v, want %v", again, want)
			}
			if got := box.last("e1"); got != c.want {
				t.Errorf("outcome %+v, want %+v", got, c.want)
			}
			if p.tally().mails != c.calls {
				t.Errorf("%d MAIL commands, want %d", p.tally().mails, c.calls)
			}
		})
	}
}

// O82: a server that does not offer STARTTLS gets no mail command, hears nothing of the message, and
// the patient is told after 48 hours.
func TestDeliver_neverInClear(t *testing.T) {
	t.Parallel()
	for queued, want := range map[time.Duration]conversations.Outcome{
		0:                            deferred("4.7.10"),
		48*time.Hour - time.Second:   failed("5.7.10", sentenceInsecure),
		47*time.Hour - time.Minute:   deferred("4.7.10"),
		480 * time.Hour:              failed("5.7.10", sentenceInsecure),
		24*time.Hour + 1*time.Second: deferred("4.7.10"),
	} {
		w := newWorld(t)
		p := newPeer(t, script{})
		box := newOutbox()
		box.message.QueuedAt = at.Add(-queued)
		if _, err := NewSender(w.client(t, nil, p.at), box).Deliver(t.Context(), effect("e1", 9)); err != nil {
			t.Fatal(err)
		}
		if got := box.last("e1"); got != want {
			t.Errorf("queued for %v: %+v, want %+v", queued, got, want)
		}
		if p.tally().mails != 0 || len(p.received()) != 0 {
			t.Errorf("queued for %v: mail was sent in clear", queued)
		}
	}
}

// O83, O85, D23: each bad certificate stops the handshake, is tried again for 24 hours after it was first
// seen, however long the message waited before, and is then told.
func TestDeliver_wrongCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign := trusttest.New(t, at)
	for name, cert := range map[string]struct {
		config *trusttest.PKI
		change trusttest.Change
		cn     string
	}{
		"another subject": {w.pki, none, "mx.intrus.test"},
		"expired":         {w.pki, w.pki.Expired, "mx.test"},
		"foreign CA":      {foreign, none, "mx.test"},
	} {
		p := newPeer(t, script{tls: w.serverTLS(cert.config.Issue(t, trusttest.Name(cert.cn, "1750000018", "CH FICTIF"), cert.change))})
		for seen, want := range map[time.Duration]conversations.Outcome{
			0:                          deferred("4.7.5"),
			24*time.Hour - time.Second: deferred("4.7.5"),
			24 * time.Hour:             failed("5.7.5", sentenceUntrusted),
		} {
			box := newOutbox()
			box.message.QueuedAt = at.Add(-46 * time.Hour)
			if seen > 0 {
				box.message.UntrustedSince = at.Add(-seen)
			}
			if _, err := NewSender(w.client(t, nil, p.at), box).Deliver(t.Context(), effect("e1", 0)); err != nil {
				t.Fatal(err)
			}
			if got := box.last("e1"); got != want || box.seen["e1"] != conversations.CertificateBad {
				t.Errorf("%s, seen for %v: %+v, want %+v", name, seen, got, want)
			}
		}
		if len(p.tally().names) > 0 && p.tally().mails != 0 {
			t.Errorf("%s: a mail command was sent", name)
		}
	}
}

func none(*x509.Certificate) {}

// O65: the certificate of one listed domain is nothing for another one.
func TestDeliver_certificateOfAnotherDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.others)})
	box := newOutbox()
	s := NewSender(w.client(t, nil, p.at), box)
	if _, err := s.Deliver(t.Context(), effect("e1", 0)); err != nil {
		t.Fatal(err)
	}
	if got := box.last("e1"); got != deferred("4.7.5") || p.tally().mails != 0 {
		t.Errorf("outcome %+v, %d MAIL commands", got, p.tally().mails)
	}
	box.message.To.Domain = "autre.mssante.fr"
	if _, err := s.Deliver(t.Context(), effect("e2", 0)); err != nil || box.last("e2").State != conversations.DeliverySent {
		t.Errorf("its own domain: %+v, %v", box.last("e2"), err)
	}
}

// O42, O43, O45, O91: without a place in the list, or without mail servers, nothing is tried.
func TestDeliver_noWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	for name, c := range map[string]struct {
		domain string
		change func(*Settings)
		want   conversations.Outcome
	}{
		"unlisted": {"hors.mssante.fr", nil, failed("5.7.1", sentenceGone)},
		"null MX":  {domain, func(s *Settings) { s.Resolver = Static{} }, failed("5.1.10", sentenceClosed)},
		"stale list": {
			domain, func(s *Settings) { s.Trust = func() (Trust, error) { return nil, errors.New("too old") } }, deferred("4.7.0"),
		},
		"refused": {domain, func(s *Settings) {
			s.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
		}, deferred("4.4.1")},
	} {
		box := newOutbox()
		box.message.To.Domain = c.domain
		if _, err := NewSender(w.client(t, c.change, p.at), box).Deliver(t.Context(), effect("e1", 0)); err != nil {
			t.Fatal(err)
		}
		if got := box.last("e1"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if p.tally().sessions != 0 {
		t.Errorf("%d connections", p.tally().sessions)
	}
}

// O87: 4xx first, 250 then; the same octets both times.
func TestDeliver_againIsIdentical(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them), final: func(n int) string {
		if n == 1 {
			return "451 4.3.0 secret"
		}
		return ""
	}})
	box := newOutbox()
	s := NewSender(w.client(t, nil, p.at), box)
	for attempt, want := range []time.Time{at.Add(5 * time.Minute), {}} {
		if again, err := s.Deliver(t.Context(), effect("e1", attempt)); err != nil || !again.Equal(want) {
			t.Fatalf("attempt %d: %v, %v, want %v", attempt, again, err, want)
		}
	}
	got := p.received()
	if len(got) != 2 || got[0].data != letter || got[1].data != letter {
		t.Errorf("received %+v", got)
	}
	if states := box.outcomes["e1"]; len(states) != 2 || states[1].State != conversations.DeliverySent {
		t.Errorf("outcomes %+v", states)
	}
}

// O87: the schedule, and the sentence at its end.
func TestDeliver_schedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them), rcpt: always("450 4.2.1 secret")})
	for _, c := range []struct {
		attempts int
		queued   time.Duration
		again    time.Duration
		want     conversations.Outcome
	}{
		{0, 0, 5 * time.Minute, deferred("450 4.2.1")},
		{1, 5 * time.Minute, 15 * time.Minute, deferred("450 4.2.1")},
		{2, 20 * time.Minute, 30 * time.Minute, deferred("450 4.2.1")},
		{3, 50 * time.Minute, time.Hour, deferred("450 4.2.1")},
		{40, 46 * time.Hour, time.Hour, deferred("450 4.2.1")},
		{48, 47 * time.Hour, 0, failed("450 4.2.1 5.4.7", silentFor(rules.GiveUpAfter))},
	} {
		box := newOutbox()
		box.message.QueuedAt = at.Add(-c.queued)
		again, err := NewSender(w.client(t, nil, p.at), box).Deliver(t.Context(), effect("e1", c.attempts))
		if err != nil || !again.Equal(instant(c.again)) || box.last("e1") != c.want {
			t.Errorf("attempt %d: %v, %+v, %v", c.attempts, again, box.last("e1"), err)
		}
	}
}

// A body that cannot be read to its end never reaches the server as a whole message.
func TestDeliver_brokenBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	box.body = func() io.Reader {
		return io.MultiReader(strings.NewReader(strings.Repeat(letter, 1000)), iotest.ErrReader(errors.New("altered")))
	}
	s := NewSender(w.client(t, nil, p.at), box)
	again, err := s.Deliver(t.Context(), effect("e1", 0))
	if err != nil || again.IsZero() || box.last("e1") != deferred("4.3.0") {
		t.Errorf("again %v, %+v, %v", again, box.last("e1"), err)
	}
	<-p.cut // the server saw the connection end inside the message
	if got := p.received(); len(got) != 0 {
		t.Errorf("the server was given %d messages", len(got))
	}
}

// docs/design.md: an outcome that the store did not take is recorded later, without a second message.
func TestDeliver_outcomeNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	box.refusing = 2
	s := NewSender(w.client(t, nil, p.at), box)
	for range 2 {
		if _, err := s.Deliver(t.Context(), effect("e1", 0)); err == nil {
			t.Fatal("the effect is lost")
		}
	}
	if again, err := s.Deliver(t.Context(), effect("e1", 2)); err != nil || !again.IsZero() {
		t.Fatalf("again %v, %v", again, err)
	}
	if got := p.received(); len(got) != 1 || box.last("e1").State != conversations.DeliverySent || len(s.unrecorded) != 0 {
		t.Errorf("%d messages, outcome %+v, %d kept", len(got), box.last("e1"), len(s.unrecorded))
	}
}

// Two runs of one effect at once, as after a lease that was too short, send one message.
func TestDeliver_sameEffectTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	p := newPeer(t, script{tls: w.serverTLS(w.them), final: func(int) string { close(arrived); <-release; return "" }})
	box := newOutbox()
	s := NewSender(w.client(t, nil, p.at), box)
	var both sync.WaitGroup
	both.Go(func() { s.Deliver(t.Context(), effect("e1", 0)) })
	<-arrived
	second := make(chan struct{})
	both.Go(func() { close(second); s.Deliver(t.Context(), effect("e1", 1)) })
	<-second
	close(release)
	both.Wait()
	if got := p.received(); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

// A rule that stopped the message, and a store that is away (D15, D17).
func TestDeliver_nothingToSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	for _, kind := range []conversations.Kind{
		conversations.KindNotFound, conversations.KindBlockedByPatient, conversations.KindUnavailable, conversations.KindInternal,
	} {
		box := newOutbox()
		box.loading = &conversations.Error{Kind: kind}
		again, err := NewSender(w.client(t, nil, p.at), box).Deliver(t.Context(), effect("e1", 0))
		if !again.IsZero() || (err != nil) != kind.Temporary() {
			t.Errorf("%s: %v, %v", kind, again, err)
		}
	}
	if p.tally().sessions != 0 {
		t.Errorf("%d connections", p.tally().sessions)
	}
}

// A stop, of the caller or of the client, leaves the message owed and blames nobody.
func TestDeliver_stopped(t *testing.T) {
	t.Parallel()
	for name, both := range map[string]func(stopped, going context.Context) (caller, client context.Context){
		"caller": func(stopped, going context.Context) (context.Context, context.Context) { return stopped, going },
		"client": func(stopped, going context.Context) (context.Context, context.Context) { return going, stopped },
	} {
		w := newWorld(t)
		stopped, stop := context.WithCancel(t.Context())
		caller, client := both(stopped, t.Context())
		p := newPeer(t, script{tls: w.serverTLS(w.them), rcpt: func(int) string { stop(); return hang }})
		box := newOutbox()
		again, err := NewSender(NewClient(client, w.client(t, nil, p.at).Settings), box).Deliver(caller, effect("e1", 0))
		if !errors.Is(err, errStopped) || !again.IsZero() || len(box.outcomes) != 0 {
			t.Errorf("%s: again %v, %v, outcomes %v", name, again, err, box.outcomes)
		}
	}
}

// A stop while the last reply is on its way still waits for it: hanging up would send twice.
func TestDeliver_stoppedAfterTheDot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stopped, stop := context.WithCancel(t.Context())
	p := newPeer(t, script{tls: w.serverTLS(w.them), final: func(int) string { stop(); return "" }})
	box := newOutbox()
	again, err := NewSender(NewClient(stopped, w.client(t, nil, p.at).Settings), box).Deliver(t.Context(), effect("e1", 0))
	if err != nil || !again.IsZero() || box.last("e1").State != conversations.DeliverySent {
		t.Errorf("again %v, %v, outcome %+v", again, err, box.last("e1"))
	}
}
