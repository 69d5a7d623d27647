package delivery

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// zone answers questions: name and type to records; a name that is not there does not exist.
type zone map[string]map[dnsmessage.Type][]dnsmessage.ResourceBody

// newDNS serves a zone on loopback and returns a resolver that asks it alone.
func newDNS(t *testing.T, z zone) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(z.answer(t, buf[:n]), from)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (z zone) answer(t *testing.T, question []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		t.Errorf("unpack question: %v", err)
		return nil
	}
	q := m.Questions[0]
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	types, exists := z[q.Name.String()]
	switch {
	case !exists:
		m.RCode = dnsmessage.RCodeNameError
	case types == nil:
		m.RCode = dnsmessage.RCodeServerFailure
	}
	for _, body := range types[q.Type] {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 60}, Body: body,
		})
	}
	packed, err := m.Pack()
	if err != nil {
		t.Errorf("pack answer: %v", err)
	}
	return packed
}

func mx(preference uint16, host string) dnsmessage.ResourceBody {
	return &dnsmessage.MXResource{Pref: preference, MX: dnsmessage.MustNewName(host)}
}

// O91, RFC 5321 section 5.1, RFC 7505, against a server that speaks DNS.
func TestDNS_hosts(t *testing.T) {
	t.Parallel()
	a := []dnsmessage.ResourceBody{&dnsmessage.AResource{A: [4]byte{127, 0, 0, 9}}}
	d := DNS{Resolver: newDNS(t, zone{
		"deux.mssante.fr.":    {dnsmessage.TypeMX: {mx(20, "second.test."), mx(10, "premier.test.")}, dnsmessage.TypeA: a},
		"nul.mssante.fr.":     {dnsmessage.TypeMX: {mx(0, ".")}, dnsmessage.TypeA: a},
		"melange.mssante.fr.": {dnsmessage.TypeMX: {mx(0, "."), mx(5, "vrai.test.")}, dnsmessage.TypeA: a},
		"sans.mssante.fr.":    {dnsmessage.TypeA: a},
		"vide.mssante.fr.":    {dnsmessage.TypeNS: {}},
		"panne.mssante.fr.":   nil,
	})}
	for name, want := range map[string][]Host{
		"deux.mssante.fr":    {{"premier.test", "premier.test:25", 10}, {"second.test", "second.test:25", 20}},
		"melange.mssante.fr": {{"vrai.test", "vrai.test:25", 5}}, // RFC 7505 section 3 forbids the mixture
		"sans.mssante.fr":    {{"sans.mssante.fr", "sans.mssante.fr:25", 0}},
	} {
		if got, err := d.Hosts(t.Context(), name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, want)
		}
	}
	for name, final := range map[string]bool{
		"nul.mssante.fr": true, "vide.mssante.fr": true, "inconnu.mssante.fr": true, "panne.mssante.fr": false,
	} {
		if got, err := d.Hosts(t.Context(), name); err == nil || errors.Is(err, ErrNoMail) != final {
			t.Errorf("%s: %v, %v, want final: %v", name, got, err, final)
		}
	}
}

// A resolver that does not answer is a fault that passes.
func TestDeliver_resolverAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	box := newOutbox()
	c := w.client(t, func(s *Settings) { s.Resolver = DNS{Resolver: newDNS(t, zone{domain + ".": nil})} })
	if _, err := NewSender(c, box).Deliver(t.Context(), effect("e1", 0)); err != nil || box.last("e1") != deferred("4.4.3") {
		t.Errorf("%+v, %v", box.last("e1"), err)
	}
}
