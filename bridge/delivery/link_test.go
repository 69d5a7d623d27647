package delivery

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// deliver sends n messages one after the other.
func deliver(t *testing.T, s *Sender, box *outbox, n int) {
	t.Helper()
	for i := range n {
		id := fmt.Sprintf("e%d", i)
		if again, err := s.Deliver(t.Context(), effect(id, 0)); err != nil || !again.IsZero() {
			t.Fatalf("%s: again %v, %v, outcome %+v", id, again, err, box.last(id))
		}
	}
}

// Messages to one domain share a connection.
func TestClient_reusesConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	deliver(t, NewSender(w.client(t, nil, p.at), box), box, 5)
	if p.tally().sessions != 1 || len(p.received()) != 5 {
		t.Errorf("%d messages over %d connections", len(p.received()), p.tally().sessions)
	}
}

// A connection that the server closed meanwhile, or ends with 421, is replaced at once: no retry is
// spent on it.
func TestClient_replacesStaleConnection(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]script{
		"closed": {closes: true},
		"421": {mail: func(n int) string {
			if n%2 == 0 {
				return "421 4.4.2 idle too long"
			}
			return ""
		}},
	} {
		w := newWorld(t)
		s.tls = w.serverTLS(w.them)
		p := newPeer(t, s)
		box := newOutbox()
		deliver(t, NewSender(w.client(t, nil, p.at), box), box, 3)
		if p.tally().sessions != 3 || len(p.received()) != 3 {
			t.Errorf("%s: %d messages over %d connections", name, len(p.received()), p.tally().sessions)
		}
	}
}

// A connection waits no longer than it may.
func TestClient_endsIdleConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	c := w.client(t, func(s *Settings) { s.Idle = time.Millisecond }, p.at)
	deliver(t, NewSender(c, box), box, 1)
	for waiting := true; waiting; { // ends by the timer, or by the test's own limit
		c.links.mu.Lock()
		waiting = len(c.links.idle[domain]) > 0
		c.links.mu.Unlock()
	}
}

// narrowed is a list that allows no certificate any more.
type narrowed struct{ Trust }

func (narrowed) Allows(string, *x509.Certificate) bool { return false }

// O63: a kept connection is judged anew for each message.
func TestClient_listChangesWhileConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	var list Trust = w.list
	box := newOutbox()
	s := NewSender(w.client(t, func(s *Settings) { s.Trust = func() (Trust, error) { return list, nil } }, p.at), box)
	deliver(t, s, box, 1)
	list = narrowed{w.list}
	if _, err := s.Deliver(t.Context(), effect("e1", 0)); err != nil || box.last("e1") != deferred("4.7.5") {
		t.Errorf("%+v, %v", box.last("e1"), err)
	}
	if len(p.received()) != 1 {
		t.Errorf("%d messages", len(p.received()))
	}
}

// RFC 5321 section 5.1: the next server is tried when the first cannot be used, whatever its fault.
func TestClient_triesNextServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := newPeer(t, script{tls: w.serverTLS(w.them)})
	for name, bad := range map[string]script{
		"no TLS":        {},
		"no service":    {greeting: "554 no"},
		"certificate":   {tls: w.serverTLS(w.others)},
		"hangs":         {greeting: hang},
		"drops":         {greeting: drop},
		"refuses hello": {tls: w.serverTLS(w.them), ehlo: "421 4.3.2 busy"},
	} {
		box := newOutbox()
		c := w.client(t, func(s *Settings) {
			if bad.greeting == hang {
				s.Timeouts = short()
			}
		}, newPeer(t, bad).at, good.at)
		if _, err := NewSender(c, box).Deliver(t.Context(), effect("e1", 0)); err != nil ||
			box.last("e1").State != conversations.DeliverySent {
			t.Errorf("%s: %+v, %v", name, box.last("e1"), err)
		}
	}
}

// O85: while one server may still be the good one, a bad certificate on another gives up nothing.
func TestClient_mildestFault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wrong := newPeer(t, script{tls: w.serverTLS(w.others)})
	absent := newPeer(t, script{greeting: drop})
	for _, places := range [][]string{{wrong.at, absent.at}, {absent.at, wrong.at}} {
		box := newOutbox()
		box.message.QueuedAt = at.Add(-30 * time.Hour)
		if _, err := NewSender(w.client(t, nil, places...), box).Deliver(t.Context(), effect("e1", 0)); err != nil ||
			box.last("e1") != deferred("4.4.1") {
			t.Errorf("%+v, %v", box.last("e1"), err)
		}
	}
}

// The number of connections to one domain is bounded, and every message arrives all the same.
func TestClient_capsConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	s := NewSender(w.client(t, func(s *Settings) { s.PerDomain = 2 }, p.at), box)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { s.Deliver(t.Context(), effect(fmt.Sprintf("e%d", i), 0)) })
	}
	all.Wait()
	if p.tally().most > 2 || len(p.received()) != 20 {
		t.Errorf("%d messages, %d connections at once", len(p.received()), p.tally().most)
	}
}

// While none of a domain's servers can be used, further messages fail at once; then it is tried again.
func TestClient_domainRests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	serving := false
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	clock := at
	box := newOutbox()
	s := NewSender(w.client(t, func(s *Settings) {
		s.Now = func() time.Time { return clock }
		s.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if !serving {
				serving = true
				return nil, errors.New("refused")
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}, p.at), box)
	for id, want := range []conversations.Outcome{
		deferred("4.4.1"), deferred("4.4.1"), {State: conversations.DeliverySent, Code: "250"},
	} {
		if id == 2 {
			clock = at.Add(restFor)
		}
		e := fmt.Sprintf("e%d", id)
		if _, err := s.Deliver(t.Context(), effect(e, 0)); err != nil || box.last(e) != want {
			t.Errorf("%s: %+v, %v, want %+v", e, box.last(e), err, want)
		}
	}
}

// A message that finds no place among the connections in time comes back later.
func TestClient_busy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	p := newPeer(t, script{tls: w.serverTLS(w.them), final: func(int) string { close(arrived); <-release; return "" }})
	box := newOutbox()
	s := NewSender(w.client(t, func(s *Settings) { s.PerDomain, s.Timeouts.Place = 1, time.Millisecond }, p.at), box)
	var first sync.WaitGroup
	first.Go(func() { s.Deliver(t.Context(), effect("e1", 0)) })
	<-arrived
	if again, err := s.Deliver(t.Context(), effect("e2", 0)); err != nil || box.last("e2") != deferred("4.4.5") || again.IsZero() {
		t.Errorf("again %v, %+v, %v", again, box.last("e2"), err)
	}
	close(release)
	first.Wait()
	if box.last("e1").State != conversations.DeliverySent {
		t.Errorf("the first message: %+v", box.last("e1"))
	}
}

// D23: a host name that the certificate does not bear is told; with Strict it is a fault.
func TestClient_hostName(t *testing.T) {
	t.Parallel()
	for strict, want := range map[bool]conversations.Outcome{
		false: {State: conversations.DeliverySent, Code: "250"},
		true:  deferred("4.7.5"),
	} {
		w := newWorld(t)
		p := newPeer(t, script{tls: w.serverTLS(w.them)})
		box := newOutbox()
		c := w.client(t, func(s *Settings) {
			s.Strict = strict
			s.Resolver = Static{domain: {{Name: "mail.ailleurs.test", Address: p.at}}}
		})
		if _, err := NewSender(c, box).Deliver(t.Context(), effect("e1", 0)); err != nil || box.last("e1") != want {
			t.Errorf("strict %v: %+v, %v", strict, box.last("e1"), err)
		}
		if w.log.Len() == 0 {
			t.Errorf("strict %v: nothing was logged", strict)
		}
	}
}

// RFC 6531: an address that is not ASCII goes out only where it is understood.
func TestClient_internationalAddress(t *testing.T) {
	t.Parallel()
	for offers, want := range map[string]conversations.Outcome{
		"":                            failed("5.6.7", sentenceRefused),
		"250-mx.test\r\n250 SMTPUTF8": {State: conversations.DeliverySent, Code: "250"},
	} {
		w := newWorld(t)
		p := newPeer(t, script{tls: w.serverTLS(w.them), ehlo: offers})
		box := newOutbox()
		box.message.To = rules.Address{Local: "rené", Domain: domain}
		if _, err := NewSender(w.client(t, nil, p.at), box).Deliver(t.Context(), effect("e1", 0)); err != nil || box.last("e1") != want {
			t.Errorf("%q: %+v, %v", offers, box.last("e1"), err)
		}
	}
}

// Nothing in an address adds a command.
func TestClient_commandInjection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := newPeer(t, script{tls: w.serverTLS(w.them)})
	for _, local := range []string{"a\r\nRCPT TO:<b", "a\nb", "a\rb"} {
		box := newOutbox()
		box.message.To = rules.Address{Local: local, Domain: domain}
		s := NewSender(w.client(t, nil, p.at), box)
		if _, err := s.Deliver(t.Context(), effect("e1", 0)); err != nil || box.last("e1").State == conversations.DeliverySent {
			t.Errorf("%q: %+v, %v", local, box.last("e1"), err)
		}
	}
	if got := p.received(); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
}

// BenchmarkDeliver is the time from effect to recorded outcome over a kept connection (G6).
func BenchmarkDeliver(b *testing.B) {
	w := newWorld(b)
	p := newPeer(b, script{tls: w.serverTLS(w.them)})
	box := newOutbox()
	s := NewSender(w.client(b, nil, p.at), box)
	n := 0
	for b.Loop() {
		n++
		if _, err := s.Deliver(b.Context(), effect(fmt.Sprintf("e%d", n), 0)); err != nil {
			b.Fatal(err)
		}
	}
}
