package tests

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge/delivery"
	"mesbridge/bridge/trust"
	cast "mesbridge/cmd/mesbridge/demo"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// oneLetter is an outbox with one message.
type oneLetter struct {
	mu       sync.Mutex
	message  conversations.Outgoing
	text     string
	outcomes []conversations.Outcome
}

func (o *oneLetter) Outgoing(_ context.Context, e conversations.Effect) (conversations.Outgoing, error) {
	m := o.message
	m.Effect, m.Bytes = e, int64(len(o.text))
	m.Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(o.text)), nil }
	return m, nil
}

func (o *oneLetter) Delivered(_ context.Context, _ conversations.Effect, out conversations.Outcome) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outcomes = append(o.outcomes, out)
	return nil
}

// greyPolicy answers Postfix's questions: the first one with "later", as a greylist does, all others with yes.
func greyPolicy(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var mu sync.Mutex
	asked := 0
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if lines.Text() != "" {
						continue
					}
					mu.Lock()
					asked++
					action := "action=DUNNO\n\n"
					if asked == 1 {
						action = "action=450 4.2.0 Greylisted, try again later\n\n"
					}
					mu.Unlock()
					if _, err := io.WriteString(conn, action); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestInterop_greylist: O87, R52: a real Postfix that greylists puts a reply off, and takes the same octets at
// the next attempt, five minutes later by the clock that decides.
func TestInterop_greylist(t *testing.T) {
	t.Parallel()
	now := time.Now()
	people := cast.People()
	space, err := cast.OpenSpace(t.TempDir(), people, now)
	if err != nil {
		t.Fatal(err)
	}
	doctor, err := rules.ParseAddress(people.Professionals[0].Mailboxes[0])
	if err != nil {
		t.Fatal(err)
	}
	var who cast.Member
	for _, m := range space.Operators {
		for _, d := range m.Domains {
			if d == doctor.Domain {
				who = m
			}
		}
	}
	p := startPostfix(t, operatorSettings{
		Host: who.Host, Domain: doctor.Domain, MX: freePort(t), Submit: freePort(t), CA: space.CA, Cert: who.Cert, Key: who.Key,
		CitizenDomain: "patient.mssante.fr", Bridge: freePort(t), Peer: cast.ServerName,
		Mailboxes: []string{doctor.Canonical()}, Policy: greyPolicy(t),
	})
	letter := &oneLetter{
		message: conversations.Outgoing{
			From: rules.Address{Local: thePatient, Domain: "patient.mssante.fr"}, To: doctor, QueuedAt: now, EnvID: "abc.0123",
		},
		text: "From: <" + thePatient + "@patient.mssante.fr>\r\nSubject: Liste grise\r\nMessage-ID: <grise@patient.mssante.fr>\r\n\r\n.point\r\n",
	}
	sender := delivery.NewSender(newClient(t, space, who, p.mx, doctor.Domain, now), letter)
	e := conversations.Effect{ID: "00grise", Kind: conversations.EffectDeliver, CreatedAt: now}
	again, err := sender.Deliver(t.Context(), e)
	if err != nil || !again.Equal(now.Add(5*time.Minute)) {
		t.Fatalf("first attempt: again %v, %v, %+v", again, err, letter.outcomes)
	}
	e.Attempts = 1
	if again, err = sender.Deliver(t.Context(), e); err != nil || !again.IsZero() {
		t.Fatalf("second attempt: again %v, %v, %+v", again, err, letter.outcomes)
	}
	if o := letter.outcomes; len(o) != 2 || o[0].Code != "450 4.2.0" || o[1].State != conversations.DeliverySent {
		t.Errorf("outcomes %+v", o)
	}
	if got := p.received(doctor.Canonical(), "Message-ID: <grise@patient.mssante.fr>"); !strings.Contains(got, "\n.point") {
		t.Errorf("arrived:\n%s", got)
	}
	if n := p.count(doctor.Canonical(), "Liste grise"); n != 1 {
		t.Errorf("arrived %d times", n)
	}
}

// newClient is a client of the bridge that finds one operator at an address.
func newClient(t *testing.T, space *cast.Space, who cast.Member, at, domain string, now time.Time) *delivery.Client {
	t.Helper()
	clock := func() time.Time { return now }
	own, err := trust.LoadIdentity(trust.Files{Certificate: space.Bridge.Cert, Key: space.Bridge.Key, Authorities: space.CA}, clock)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := trust.LoadAuthorities(space.CA)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(space.WhiteList)
	if err != nil {
		t.Fatal(err)
	}
	list, err := trust.Verify(text, trust.Options{Chain: chain, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	client := delivery.NewClient(t.Context(), delivery.Settings{
		Name: cast.ServerName, TLS: own.ClientConfig, Trust: func() (delivery.Trust, error) { return list, nil },
		Resolver: delivery.Static{domain: {{Name: who.Host, Address: at}}}, Strict: true, Log: slog.New(slog.DiscardHandler), Now: clock,
	})
	t.Cleanup(client.Close)
	return client
}
