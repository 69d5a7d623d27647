package provider_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"mesbridge/cmd/mesbridge/demo/provider"
)

func TestMain(m *testing.M) {
	// Some imported packages start goroutines before any test.
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

const (
	redirect   = "http://127.0.0.1:9/oauth/callback/patient"
	postLogout = "http://127.0.0.1:9/"
	secret     = "demonstration secret:with/odd+characters"
	marie      = "Marie <b>L’Exemple</b>"
)

type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// world is the provider on loopback and one client.
type world struct {
	t        *testing.T
	provider *provider.Provider
	clock    *clock
	base     string
	http     *http.Client
}

// newWorld starts the provider; bridges are the base URLs of bridges to register.
func newWorld(t *testing.T, bridges ...string) *world {
	t.Helper()
	redirects, leaving := []string{redirect}, []string{postLogout}
	for _, b := range bridges {
		redirects = append(redirects, b+"/oauth/callback/patient", b+"/oauth/callback/professional")
		leaving = append(leaving, b+"/")
	}
	keySet := ""
	if len(bridges) > 0 {
		keySet = bridges[0] + "/oauth/encryption-keys"
	}
	front := httptest.NewUnstartedServer(nil)
	w := &world{t: t, clock: &clock{}, base: "http://" + front.Listener.Addr().String(), http: newHTTP(t)}
	p, err := provider.New(provider.Config{
		BaseURL: w.base, Now: w.clock.now,
		Client: provider.Client{
			ID: "mesbridge", Secret: secret, RedirectURIs: redirects, PostLogoutURIs: leaving, KeySet: keySet,
		},
		People: []provider.Person{
			{Sub: "p1", Name: marie, Kind: provider.Patient, Claims: map[string]any{"given_name": "Marie"}},
			{Sub: "p2", Name: "Jean Faible", Kind: provider.Patient, Claims: map[string]any{"acr": "eidas1"}},
			{Sub: "d1", Name: "Dr Ada Exemple", Kind: provider.Professional, Claims: map[string]any{"SubjectNameID": "899700218896"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.provider = p
	front.Config.Handler = p
	front.Start()
	t.Cleanup(front.Close)
	return w
}

// newHTTP keeps cookies and follows no redirect.
func newHTTP(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) location(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		t.Fatalf("no redirect: %d %s", a.status, a.body)
	}
	return u
}

func (w *world) get(target string) answer { return w.send(http.MethodGet, target, nil) }

func (w *world) post(target string, form url.Values) answer {
	return w.send(http.MethodPost, target, form)
}

func (w *world) send(method, target string, form url.Values) answer {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := w.http.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// context makes go-oidc and x/oauth2 use the test's own connections.
func (w *world) context() context.Context { return oidc.ClientContext(w.t.Context(), w.http) }

// client discovers the issuer as any client does.
func (w *world) client(issuer string) (*oidc.Provider, oauth2.Config) {
	w.t.Helper()
	p, err := oidc.NewProvider(w.context(), issuer)
	if err != nil {
		w.t.Fatal(err)
	}
	return p, oauth2.Config{
		ClientID: "mesbridge", ClientSecret: secret, Endpoint: p.Endpoint(), RedirectURL: redirect, Scopes: []string{"openid"},
	}
}

const (
	state = "state-of-at-least-22-characters"
	nonce = "nonce-of-at-least-22-characters"
)

func ask(c oauth2.Config, verifier string) string {
	return c.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))
}

// pick chooses a person on the page and returns where the browser is sent.
func (w *world) pick(target, sub string) *url.URL {
	w.t.Helper()
	return w.post(target, url.Values{"sub": {sub}}).location(w.t)
}

// token logs a person in as the bridge does, and exchanges his code.
func (w *world) token(client oauth2.Config, sub string) *oauth2.Token {
	w.t.Helper()
	verifier := oauth2.GenerateVerifier()
	code := w.pick(ask(client, verifier), sub).Query().Get("code")
	token, err := client.Exchange(w.context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
