package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// at is the instant of every test.
var at = time.Date(2026, time.May, 12, 10, 0, 0, 0, time.UTC)

func now() time.Time { return at }

// Names of the tests.
const (
	domain  = "ch.mssante.fr"
	private = "279035121518989" // must never be logged
)

var (
	patient = rules.Address{Local: private, Domain: "patient.mssante.fr"}
	doctor  = rules.Address{Local: "Prenom.Nom", Domain: domain}
)

// world is a trust space: our identity, an operator's, and a verified list that names both.
type world struct {
	pki    *trusttest.PKI
	us     tls.Certificate
	them   tls.Certificate
	others tls.Certificate // of another domain
	list   *trust.List
	own    *trust.Identity
	log    *bytes.Buffer
	logMu  *sync.Mutex
}

// made is one world for all tests: its keys take time, and nothing in it changes but the log.
var made struct {
	once sync.Once
	world
}

func newWorld(t testing.TB) *world {
	t.Helper()
	made.once.Do(func() { made.world = makeWorld(t) })
	w := made.world
	w.log, w.logMu = new(bytes.Buffer), new(sync.Mutex)
	t.Cleanup(func() { w.checkLog(t) })
	return &w
}

func makeWorld(t testing.TB) world {
	w := world{pki: trusttest.New(t, at)}
	w.us = w.pki.Issue(t, trusttest.Name("smtp.pont.test", "1750000001", "PONT"))
	w.them = w.pki.Issue(t, trusttest.Name("mx.test", "1750000018", "CH FICTIF"))
	w.others = w.pki.Issue(t, trusttest.Name("mx.autre.test", "1750000026", "AUTRE"))
	signer := w.pki.Signer(t, trust.SignerName)
	data := trusttest.List(t, signer, at,
		trusttest.Entry(t, "patient.mssante.fr", w.us, at),
		trusttest.Entry(t, domain, w.them, at),
		trusttest.Entry(t, "autre.mssante.fr", w.others, at))
	var err error
	if w.list, err = trust.Verify(data, trust.Options{Chain: w.pki.Chain(), Now: at}); err != nil {
		t.Fatal(err)
	}
	if w.own, err = trust.NewIdentity(w.us, w.pki.Chain(), nil, now); err != nil {
		t.Fatal(err)
	}
	return w
}

// checkLog fails when anything personal, or anything that a server said, was logged.
func (w *world) checkLog(t testing.TB) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	text := strings.ToLower(w.log.String())
	for _, secret := range []string{private, "prenom.nom", "@", "kept as", "secret", "\\u00e9"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %q:\n%s", secret, text)
		}
	}
}

// Write takes log lines from any goroutine.
func (w *world) Write(p []byte) (int, error) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.Write(p)
}

// serverTLS is what a server of the trust space shows, and the certificate of ours that it asks for.
func (w *world) serverTLS(cert tls.Certificate) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(w.pki.Root)
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, ClientCAs: roots, ClientAuth: tls.RequireAndVerifyClientCert, Time: now,
	}
}

// client returns a client that finds the domain at the given places.
func (w *world) client(t testing.TB, change func(*Settings), places ...string) *Client {
	t.Helper()
	hosts := make([]Host, 0, len(places))
	for i, p := range places {
		hosts = append(hosts, Host{Name: "mx.test", Address: p, Preference: uint16(i)})
	}
	s := Settings{
		Name: "smtp.pont.test", TLS: w.own.ClientConfig, Trust: func() (Trust, error) { return w.list, nil },
		Resolver: Static{domain: hosts, "autre.mssante.fr": hosts, "hors.mssante.fr": hosts},
		Log:      slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: now,
	}
	if change != nil {
		change(&s)
	}
	c := NewClient(t.Context(), s)
	t.Cleanup(c.Close)
	return c
}

// The service and the list in service are what this package stands on; the handlers are the worker's.
var (
	_ Outbox                      = (*conversations.Service)(nil)
	_ Reports                     = (*conversations.Service)(nil)
	_ Trust                       = (*trust.List)(nil)
	_ conversations.EffectHandler = (*Sender)(nil).Deliver
	_ conversations.EffectHandler = (*Reporter)(nil).Report
	_ conversations.EffectHandler = (*Notifier)(nil).Notify
)

// outbox is the part of the service that Sender needs, for one message.
type outbox struct {
	mu       sync.Mutex
	message  conversations.Outgoing
	body     func() io.Reader
	loading  error                              // what Outgoing fails with
	refusing int                                // how many calls of Delivered fail
	outcomes map[string][]conversations.Outcome // by effect, without what they say of the certificate
	seen     map[string]conversations.Certificate
}

func newOutbox() *outbox {
	return &outbox{
		message:  conversations.Outgoing{From: patient, To: doctor, Bytes: int64(len(letter)), QueuedAt: at},
		body:     func() io.Reader { return strings.NewReader(letter) },
		outcomes: make(map[string][]conversations.Outcome), seen: make(map[string]conversations.Certificate),
	}
}

func (o *outbox) Outgoing(_ context.Context, e conversations.Effect) (conversations.Outgoing, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.loading != nil {
		return conversations.Outgoing{}, o.loading
	}
	if last := o.last(e.ID); last.State != "" {
		return conversations.Outgoing{}, &conversations.Error{Kind: conversations.KindNotFound}
	}
	m := o.message
	m.Effect = e
	m.Open = func() (io.ReadCloser, error) { return io.NopCloser(o.body()), nil }
	return m, nil
}

func (o *outbox) Delivered(ctx context.Context, e conversations.Effect, out conversations.Outcome) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.refusing > 0 {
		o.refusing--
		return &conversations.Error{Kind: conversations.KindUnavailable}
	}
	o.seen[e.ID], out.Certificate = out.Certificate, ""
	o.outcomes[e.ID] = append(o.outcomes[e.ID], out)
	return nil
}

func (o *outbox) last(effect string) conversations.Outcome {
	if all := o.outcomes[effect]; len(all) > 0 {
		return all[len(all)-1]
	}
	return conversations.Outcome{}
}

func effect(id string, attempts int) conversations.Effect {
	return conversations.Effect{ID: id, Kind: conversations.EffectDeliver, Attempts: attempts, CreatedAt: at}
}

// letter is the message of every test.
const letter = "From: <a@b.test>\r\nSubject: =?utf-8?q?x?=\r\n\r\n.dot\r\n..two\r\n\r\nfin\r\n.\r\n"

func deferred(code string) conversations.Outcome { return conversations.Outcome{Code: code} }

func failed(code, sentence string) conversations.Outcome {
	return conversations.Outcome{State: conversations.DeliveryFailed, Detail: sentence, Code: code}
}

func instant(d time.Duration) time.Time {
	if d == 0 {
		return time.Time{}
	}
	return at.Add(d)
}
