package provider_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"golang.org/x/oauth2"

	"mesbridge/cmd/mesbridge/demo/provider"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/oauth"
)

// pages answers with its data as JSON.
type pages struct{}

func (pages) Consent(w http.ResponseWriter, _ *http.Request, d oauth.ConsentData) {
	_ = json.NewEncoder(w).Encode(d)
}

func (pages) Providers(w http.ResponseWriter, _ *http.Request, _ oauth.ProvidersData) {
	w.WriteHeader(http.StatusOK)
}

func (pages) Exercise(w http.ResponseWriter, _ *http.Request, _ oauth.ExerciseData) {
	w.WriteHeader(http.StatusOK)
}

func (pages) Error(w http.ResponseWriter, _ *http.Request, status int, d oauth.ErrorData) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(d)
}

// bridge is the bridge's own side of the story: oauth.Server with the demonstration provider as
// the upstream of both kinds of persons, wired as the demonstration wires it.
type bridge struct {
	*world
	server *oauth.Server
	base   string
}

const appRedirect = "https://app.example/back"

func newBridge(t *testing.T, r redis.UniversalClient) *bridge {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	b := &bridge{base: "http://" + front.Listener.Addr().String()}
	b.world = newWorld(t, b.base)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := oauth.NewStaticClients(oauth.Client{
		ID: "app", Name: "Application", Kind: oauth.Patient, RedirectURIs: []string{appRedirect},
		Scopes: []string{"openid", "patient.read"},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.server, err = oauth.New(oauth.Config{
		Issuer: b.base, Redis: r, SealKey: []byte(strings.Repeat("k", 32)), GlobalSecret: []byte(strings.Repeat("g", 32)),
		SigningKey: key, Clients: clients, Pages: pages{}, Now: b.clock.now,
		Patients: &oauth.Upstream{
			Issuer: b.provider.PatientsIssuer(), ClientID: "mesbridge", ClientSecret: secret, HTTPClient: newHTTP(t), UserInfo: true,
			DecryptionKeys: []crypto.PrivateKey{key}, // I73: the provider fetches the public half from the bridge
		},
		Professionals: &oauth.Upstream{
			Issuer: b.provider.ProfessionalsIssuer(), DiscoveryURL: b.provider.ProfessionalsDiscovery(), // I14
			ClientID: "mesbridge", ClientSecret: secret, SecretInBody: true, UserInfo: true, HTTPClient: newHTTP(t),
		},
		Resolve: func(_ context.Context, kind string, claims map[string]any) (oauth.Identity, error) {
			if kind == string(oauth.Patient) {
				return oauth.Identity{Subject: "opaque-p1", Name: marie, Scopes: []string{"patient.read"}}, nil
			}
			national, _ := claims["SubjectNameID"].(string)
			return oauth.Identity{Subject: national, Name: "Ada Exemple", Scopes: []string{"thread.read"}}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = b.server.Handler()
	front.Start()
	t.Cleanup(front.Close)
	return b
}

// cookie gives the session cookie's value.
func (b *bridge) cookie() string {
	u, _ := url.Parse(b.base)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == b.server.Sessions().CookieName() {
			return c.Value
		}
	}
	return ""
}

// logIn does what a browser does: to the provider, the choice, and back.
func (b *bridge) logIn(path, sub string) answer {
	b.t.Helper()
	page := b.get(b.base + path).location(b.t).String()
	if got := b.get(page); got.status != http.StatusOK {
		b.t.Fatalf("the provider's page: %d %s", got.status, got.body)
	}
	return b.get(b.pick(page, sub).String())
}

func TestBridge_patientLogsInAndLetsAnApplicationRead(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		b := newBridge(t, r)
		verifier := oauth2.GenerateVerifier()
		app := oauth2.Config{
			ClientID: "app", RedirectURL: appRedirect, Scopes: []string{"openid", "patient.read"},
			Endpoint: oauth2.Endpoint{AuthURL: b.base + "/oauth/authorize", TokenURL: b.base + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams},
		}
		login := b.get(ask(app, verifier)).location(t).String()
		back := b.logIn(login, "p1").location(t).String()
		var consent oauth.ConsentData
		if err := json.Unmarshal([]byte(b.get(b.base+back).body), &consent); err != nil {
			t.Fatal(err)
		}
		expect(t, "person", consent.Person, marie)
		decided := b.post(b.base+consent.Action, url.Values{
			oauth.FieldCSRF: {consent.CSRF}, oauth.FieldDecision: {oauth.DecisionAllow},
		}).location(t)
		token, err := app.Exchange(b.context(), decided.Query().Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		who, err := b.server.Introspect(t.Context(), token.AccessToken)
		expect(t, "error", err, nil)
		expect(t, "subject", who.Subject, "opaque-p1")
		expect(t, "level", who.ACR, "eidas2")
		for _, key := range r.Keys(t.Context(), "*").Val() {
			for _, word := range []string{"Marie", "Exemple", "opaque-p1"} {
				if strings.Contains(r.HGet(t.Context(), key, "d").Val(), word) {
					t.Errorf("%q is readable in Redis", word)
				}
			}
		}
	})
}

func TestBridge_professionalLogsInAndOut(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		b := newBridge(t, r)
		expect(t, "back", b.logIn("/oauth/login/professional?return=/pro/1", "d1").location(t).String(), "/pro/1")
		who, csrf, err := b.server.Sessions().Load(t.Context(), b.cookie())
		expect(t, "error", err, nil)
		expect(t, "national id", who.Subject, "899700218896")
		expect(t, "level", who.ACR, "eidas1")
		out := b.post(b.base+"/oauth/logout", url.Values{oauth.FieldCSRF: {csrf}}).location(t)
		expect(t, "provider's logout", strings.HasPrefix(out.String(), b.provider.ProfessionalsIssuer()+"/session/end?"), true)
		expect(t, "cookie", b.cookie(), "")
		home := b.get(out.String()).location(t)
		expect(t, "and home again", home.Scheme+"://"+home.Host+home.Path, b.base+"/")
	})
}

// I22: the provider says eidas1 where patients need eidas2.
func TestBridge_weakPatient_isRefused(t *testing.T) {
	t.Parallel()
	b := newBridge(t, redistest.Mini(t))
	got := b.logIn("/oauth/login/patient", "p2")
	expect(t, "status", got.status, http.StatusForbidden)
	expect(t, "reason", strings.Contains(got.body, string(oauth.AssuranceTooLow)), true)
	expect(t, "cookie", b.cookie(), "")
}

func TestBridge_personGivesUp(t *testing.T) {
	t.Parallel()
	b := newBridge(t, redistest.Mini(t))
	got := b.logIn("/oauth/login/patient", "")
	expect(t, "reason", strings.Contains(got.body, string(oauth.LoginCancelled)), true)
}

// The provider was restarted and signs with another key: the bridge reads the key set again (I21).
func TestBridge_providerRestarted(t *testing.T) {
	t.Parallel()
	r := redistest.Mini(t)
	b := newBridge(t, r)
	expect(t, "before", b.logIn("/oauth/login/patient", "p1").status, http.StatusSeeOther)
	again, err := provider.New(provider.Config{
		BaseURL: strings.TrimSuffix(b.provider.PatientsIssuer(), "/patients"), Now: b.clock.now,
		Client: provider.Client{ID: "mesbridge", Secret: secret, RedirectURIs: []string{b.base + "/oauth/callback/patient"}, KeySet: b.base + "/oauth/encryption-keys"},
		People: []provider.Person{{Sub: "p1", Name: marie, Kind: provider.Patient}},
	})
	if err != nil {
		t.Fatal(err)
	}
	*b.provider = *again
	expect(t, "after", b.logIn("/oauth/login/patient", "p1").status, http.StatusSeeOther)
}
