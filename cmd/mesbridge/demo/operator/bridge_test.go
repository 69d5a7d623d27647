package operator_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/delivery"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/cmd/mesbridge/demo/operator"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// oneReply is an outbox with one message in it, as it would come from the service.
type oneReply struct {
	text  string
	state conversations.DeliveryState
}

func (o *oneReply) Outgoing(_ context.Context, e conversations.Effect) (conversations.Outgoing, error) {
	return conversations.Outgoing{
		Effect: e, QueuedAt: e.CreatedAt, Bytes: int64(len(o.text)),
		From: rules.Address{Local: "279035121518989", Domain: "patient.mssante.fr"},
		To:   rules.Address{Local: "Dr.Who", Domain: "ch.mssante.fr"},
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(o.text)), nil },
	}, nil
}

func (o *oneReply) Delivered(_ context.Context, _ conversations.Effect, out conversations.Outcome) error {
	o.state = out.State
	return nil
}

// trusted is a list that allows the operator's certificate for its one domain.
type trusted struct{ cert *x509.Certificate }

func (t trusted) Listed(domain string) bool                         { return domain == "ch.mssante.fr" }
func (t trusted) Allows(domain string, cert *x509.Certificate) bool { return cert.Equal(t.cert) }

// A large reply that the bridge sends lies in the operator's Maildir octet for octet (step 3 of the
// demonstration's story).
func TestServer_takesFromBridge(t *testing.T) {
	t.Parallel()
	pki := trusttest.New(t, time.Now())
	them := pki.Issue(t, trusttest.Name("mx.test", "1750000018", "CH FICTIF"))
	us, err := trust.NewIdentity(pki.Issue(t, trusttest.Name("pont.test", "1750000001", "PONT")), pki.Chain(), nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pki.Root)
	dir := t.TempDir()
	at := start(t, operator.Config{
		Domains: []string{"ch.mssante.fr"}, Dir: dir, TLS: &tls.Config{Certificates: []tls.Certificate{them}, ClientCAs: roots},
	})
	client := delivery.NewClient(t.Context(), delivery.Settings{
		Name: "pont.test", TLS: us.ClientConfig, Trust: func() (delivery.Trust, error) { return trusted{them.Leaf}, nil },
		Resolver: delivery.Static{"ch.mssante.fr": {{Name: "mx.test", Address: at}}},
		Log:      slog.New(slog.DiscardHandler), Now: time.Now,
	})
	t.Cleanup(client.Close)
	reply := &oneReply{text: "Subject: Re: x\r\n\r\n.point\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 100_000)}
	again, err := delivery.NewSender(client, reply).Deliver(t.Context(), conversations.Effect{ID: "7f1", CreatedAt: time.Now()})
	if err != nil || !again.IsZero() || reply.state != conversations.DeliverySent {
		t.Fatalf("again %v, state %q, %v", again, reply.state, err)
	}
	if got := messages(t, dir, "dr.who@ch.mssante.fr"); len(got) != 1 || got[0] != reply.text {
		t.Errorf("%d messages, not as sent", len(got))
	}
}
