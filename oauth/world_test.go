package oauth

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"mesbridge/oauth/psc"
)

func TestMain(m *testing.M) {
	// Two goroutines are started by imported packages before any test.
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

// What the tests must never find in Redis.
const (
	patientName    = "Camille Testeur-Durand"
	patientSubject = "p-7f3a9c0e55"
	proName        = "Docteur Ibuprofène Exemple"
	proSubject     = "899700218896"
)

// testKey is one RSA key for all tests: making one takes long.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// clock is the real time plus what a test added: fosite reads the real clock itself.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// fakePages answers with its data as JSON.
type fakePages struct{}

func (fakePages) Consent(w http.ResponseWriter, _ *http.Request, d ConsentData) { writeJSON(w, d) }

func (fakePages) Providers(w http.ResponseWriter, _ *http.Request, d ProvidersData) { writeJSON(w, d) }

func (fakePages) Exercise(w http.ResponseWriter, _ *http.Request, d ExerciseData) { writeJSON(w, d) }

func (fakePages) Error(w http.ResponseWriter, _ *http.Request, status int, d ErrorData) {
	w.WriteHeader(status)
	writeJSON(w, d)
}

// world is a server on loopback with a fake upstream provider.
type world struct {
	t        *testing.T
	server   *Server
	config   Config
	base     string
	redis    redis.UniversalClient
	clock    *clock
	upstream *fakeUpstream
	mtls     string // base URL of the listener with mutual TLS
}

// newWorld starts a server; change may adjust its configuration first.
func newWorld(t *testing.T, r redis.UniversalClient, change func(*Config)) *world {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	w := &world{
		t: t, redis: r, clock: &clock{}, base: "http://" + front.Listener.Addr().String(),
		upstream: newFakeUpstream(t),
	}
	w.upstream.now = w.clock.now
	secured := httptest.NewUnstartedServer(nil)
	w.mtls = "https://" + secured.Listener.Addr().String()
	w.config = Config{
		Issuer: w.base, Redis: r, SealKey: []byte(strings.Repeat("k", 32)), GlobalSecret: []byte(strings.Repeat("g", 32)),
		SigningKey: testKey(), Clients: testClients(t), Pages: fakePages{}, Now: w.clock.now, ShortCuts: true,
		Patients: w.upstream.setting("patient-client"), Professionals: w.upstream.setting("pro-client"),
		Resolve: resolveTestPerson, MutualTLS: &MutualTLS{URL: w.mtls, Judge: pki().judge(w.clock.now)},
	}
	if change != nil {
		change(&w.config)
	}
	var err error
	if w.server, err = New(w.config); err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = w.server.Handler()
	front.Start()
	t.Cleanup(front.Close)
	secured.Config.Handler = w.server.Handler()
	secured.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	secured.StartTLS()
	t.Cleanup(secured.Close)
	return w
}

func resolveTestPerson(_ context.Context, provider string, claims map[string]any) (Identity, error) {
	switch {
	case claims["sub"] == "unknown":
		return Identity{}, ErrUnknownPerson
	case provider == string(Patient):
		return Identity{Subject: patientSubject, Name: patientName, Scopes: []string{"patient.read", "patient.reply"}}, nil
	}
	national, _ := claims["SubjectNameID"].(string)
	who := Identity{Subject: national, Name: proName, Scopes: []string{"thread.read"}}
	if claims["SubjectRefPro"] != nil {
		p, err := psc.Read(claims)
		if err != nil {
			return Identity{}, errors.Join(ErrUnknownPerson, err)
		}
		for _, e := range p.Exercises {
			who.Exercises = append(who.Exercises, Exercise{Key: e.Key, Name: e.Label()})
		}
	}
	return who, nil
}

// browser keeps cookies and does not follow redirects.
type browser struct {
	t      *testing.T
	client *http.Client
}

func (w *world) browser() *browser { return newBrowser(w.t) }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, client: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location() *url.URL {
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		panic(err)
	}
	return u
}

func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("answer %d is not JSON: %v: %s", a.status, err, a.body)
	}
	return v
}

// errorCode gives the code of an error page of fakePages.
func (a answer) errorCode(t *testing.T) ErrorCode {
	t.Helper()
	code, _ := a.json(t)["Code"].(string)
	return ErrorCode(code)
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: string(body)}
}

func (b *browser) get(target string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(target string, form url.Values, change ...func(*http.Request)) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	return b.do(r)
}

func basic(id, secret string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

// logIn takes the browser through the fake provider and returns the callback's answer.
func (w *world) logIn(b *browser, kind Kind, back string) answer {
	w.t.Helper()
	return b.get(w.atProvider(b, kind, back))
}

// atProvider begins a login and lets the provider agree; it returns the URL of the callback.
func (w *world) atProvider(b *browser, kind Kind, back string) string {
	w.t.Helper()
	start := b.get(w.base + "/oauth/login/" + string(kind) + "?return=" + url.QueryEscape(back))
	if start.status != http.StatusSeeOther {
		w.t.Fatalf("login did not start: %d %s", start.status, start.body)
	}
	agreed := b.get(start.location().String())
	if agreed.status != http.StatusSeeOther {
		w.t.Fatalf("provider did not agree: %d %s", agreed.status, agreed.body)
	}
	return agreed.location().String()
}

// cookie gives the value of the session cookie, empty without one.
func (w *world) cookie(b *browser) string {
	u, _ := url.Parse(w.base)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == w.server.Sessions().CookieName() {
			return c.Value
		}
	}
	return ""
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
