package webhook_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/webhook"
)

// core is a core with one call that is due.
type core struct {
	mu       sync.Mutex
	calling  conversations.Calling
	err      error
	outcomes []conversations.CallOutcome
}

func (c *core) Calling(context.Context, conversations.Effect) (conversations.Calling, error) {
	return c.calling, c.err
}

func (c *core) Called(_ context.Context, _ conversations.Effect, o conversations.CallOutcome) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes = append(c.outcomes, o)
	return time.Time{}, nil
}

// receiver is a server with TLS that notes what it is sent.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	header http.Header
	body   []byte
}

// last is what the last call brought.
func (r *receiver) last() (http.Header, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.header, r.body
}

func newReceiver(t *testing.T, answer func(http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.header, r.body = q.Header, body
		r.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(r.Close)
	return r
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// newSender makes a sender that trusts the receiver and may call loopback.
func newSender(t *testing.T, c *core, r *receiver, allowed []netip.Prefix) *webhook.Sender {
	t.Helper()
	pool := x509.NewCertPool()
	if r != nil {
		pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}))
	}
	s := webhook.NewSender(t.Context(), webhook.Settings{Core: c, Allowed: allowed, Roots: pool, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	t.Cleanup(s.Close)
	return s
}

func aCall(url string) conversations.Calling {
	return conversations.Calling{
		URL: url, Webhook: "c3hook", Secrets: [][]byte{[]byte("the present secret, of 32 bytes."), []byte("the secret before, of 32 bytes..")},
		Event: conversations.WebhookEvent{
			ID: "c3event", Kind: rules.EventMessage, At: time.Date(2026, 5, 12, 9, 30, 0, 0, time.UTC), Conversation: "a1open", Exchange: "a1xpair", Message: "a1m1",
			State: "open",
		},
	}
}

func (c *core) outcome(t *testing.T) conversations.CallOutcome {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.outcomes) != 1 {
		t.Fatalf("%d outcomes", len(c.outcomes))
	}
	return c.outcomes[0]
}

// The call is what Standard Webhooks says: its reference library takes it with either secret, and with no other.
func TestCall_isStandard(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, status(http.StatusNoContent))
	c := &core{calling: aCall(r.URL + "/appels?de=mes")}
	if again, err := newSender(t, c, r, loopback()).Call(t.Context(), conversations.Effect{Thread: "c3hook"}); err != nil || !again.IsZero() {
		t.Fatalf("%v %v", again, err)
	}
	if o := c.outcome(t); o.Status != http.StatusNoContent || o.Fault != "" {
		t.Errorf("%+v", o)
	}
	header, body := r.last()
	for i, secret := range append(c.calling.Secrets, []byte("a secret of somebody else's.....")) {
		w, err := standard.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString(secret))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Verify(body, header); (err == nil) != (i < 2) {
			t.Errorf("secret %d: %v", i, err)
		}
		if err := w.Verify(append(body, ' '), header); err == nil {
			t.Error("altered bytes are taken")
		}
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"message.received","timestamp":"2026-05-12T09:30:00.000Z","data":{"webhook":"c3hook","exchange":"a1xpair","conversation":"a1open","message":"a1m1","state":"open"}}`
	if string(body) != want {
		t.Errorf("body %s", body)
	}
	if header.Get("Content-Type") != "application/json" || header.Get("Webhook-Id") != "c3event" || header.Get("Authorization") != "" {
		t.Errorf("%v", header)
	}
}

// Whatever a receiver answers, the fault has a name, nothing is followed, and little is read.
func TestCall_faults(t *testing.T) {
	t.Parallel()
	elsewhere := newReceiver(t, status(http.StatusOK))
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter)
		want   conversations.CallOutcome
	}{
		"error": {status(http.StatusInternalServerError), conversations.CallOutcome{Status: 500, Fault: conversations.FaultStatus}},
		"gone":  {status(http.StatusGone), conversations.CallOutcome{Status: 410, Fault: conversations.FaultGone}},
		"redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, conversations.CallOutcome{Status: 307, Fault: conversations.FaultRedirect}},
		"endless body": {func(w http.ResponseWriter) {
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, conversations.CallOutcome{Status: 200}},
		"endless header": {func(w http.ResponseWriter) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, conversations.CallOutcome{Fault: conversations.FaultConnect}},
		"cut":            {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, conversations.CallOutcome{Fault: conversations.FaultConnect}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, tt.answer)
			c := &core{calling: aCall(r.URL)}
			if _, err := newSender(t, c, r, loopback()).Call(t.Context(), conversations.Effect{}); err != nil {
				t.Fatal(err)
			}
			if o := c.outcome(t); o != tt.want {
				t.Errorf("%+v", o)
			}
		})
	}
	t.Cleanup(func() {
		if header, _ := elsewhere.last(); header != nil {
			t.Error("a redirect was followed")
		}
	})
}

// A receiver on this machine, in a network of ours, or of a name that leads there, is not called unless the settings
// allow it; neither is one whose certificate is not good.
func TestCall_addressesDenied(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, status(http.StatusOK))
	_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "https://"), ":")
	for url, want := range map[string]conversations.CallFault{
		r.URL: conversations.FaultAddress, "https://localhost:" + port: conversations.FaultAddress, "https://[::1]:" + port: conversations.FaultAddress,
		"https://[::ffff:127.0.0.1]:" + port: conversations.FaultAddress, "https://0.0.0.0:" + port: conversations.FaultAddress,
		"https://169.254.169.254/latest": conversations.FaultAddress, "https://10.0.0.1": conversations.FaultAddress, "https://[64:ff9b::7f00:1]": conversations.FaultAddress,
		"http://127.0.0.1:" + port: conversations.FaultAddress, "https://personne.invalid": conversations.FaultName,
	} {
		c := &core{calling: aCall(url)}
		if _, err := newSender(t, c, r, nil).Call(t.Context(), conversations.Effect{}); err != nil {
			t.Fatal(err)
		}
		if o := c.outcome(t); o.Fault != want {
			t.Errorf("%s: %+v", url, o)
		}
	}
	if header, _ := r.last(); header != nil {
		t.Error("the receiver was called")
	}
	c := &core{calling: aCall(r.URL)}
	if _, err := newSender(t, c, nil, loopback()).Call(t.Context(), conversations.Effect{}); err != nil {
		t.Fatal(err)
	}
	if o := c.outcome(t); o.Fault != conversations.FaultTLS {
		t.Errorf("a certificate that nobody vouches for: %+v", o)
	}
}

// A receiver that hangs takes two places at most; its other calls come back later, and those of others go on.
func TestCall_slowReceiverHoldsUpNobody(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	arrived := make(chan struct{}, 2)
	slow := newReceiver(t, func(http.ResponseWriter) { arrived <- struct{}{}; <-release })
	c := &core{calling: aCall(slow.URL)}
	s := newSender(t, c, slow, loopback())
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() { _, _ = s.Call(t.Context(), conversations.Effect{Thread: "slow"}) })
	}
	<-arrived
	<-arrived
	began := time.Now()
	again, err := s.Call(t.Context(), conversations.Effect{Thread: "slow"})
	if err != nil || again.Before(began.Add(time.Second)) {
		t.Errorf("the third call: %v %v", again, err)
	}
	close(release)
	calls.Wait()
	if len(c.outcomes) != 2 {
		t.Errorf("%d calls", len(c.outcomes))
	}
}

// What has nothing to tell is done; what cannot be known comes back.
func TestCall_nothingToTell(t *testing.T) {
	t.Parallel()
	c := &core{err: &conversations.Error{Kind: conversations.KindNotFound, Rule: "I246"}}
	s := newSender(t, c, nil, nil)
	if again, err := s.Call(t.Context(), conversations.Effect{}); err != nil || !again.IsZero() {
		t.Errorf("%v %v", again, err)
	}
	c.err = &conversations.Error{Kind: conversations.KindUnavailable, Rule: "D17"}
	if _, err := s.Call(t.Context(), conversations.Effect{}); err == nil {
		t.Error("a failure of ours is taken for nothing to tell")
	}
}

// Which URLs can be registered.
func TestFault(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"https://logiciel.exemple.fr/a?b=c": true, "https://logiciel.exemple.fr:8443": true, "http://logiciel.exemple.fr": false, "": false, "x": false,
		"https://": false, "https://u:p@logiciel.exemple.fr": false, "https://logiciel.exemple.fr/#a": false, "ftp://logiciel.exemple.fr": false,
		"https://logiciel.exemple.fr/" + strings.Repeat("a", 2048): false, "https://%zz": false, "file:///etc/passwd": false,
	} {
		if (webhook.Fault(url, false) == "") != good {
			t.Errorf("%s: %q", url, webhook.Fault(url, false))
		}
	}
	if webhook.Fault("http://127.0.0.1:1", true) != "" || webhook.Fault("ftp://127.0.0.1", true) == "" {
		t.Error("the demonstration takes http, and nothing else")
	}
}
