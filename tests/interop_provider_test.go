package tests

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"mesbridge/oauth"
)

// TestInterop_structureProvider: D26: staff log in through an OpenID provider of another make, which is certified.
func TestInterop_structureProvider(t *testing.T) {
	t.Parallel()
	decryption, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	kept0(t, err)
	w := newStaffWorld(t,
		staffWay{key: "ch"},
		staffWay{
			key: "clinique",
			client: map[string]any{
				"token_endpoint_auth_method": "client_secret_post", "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256",
			},
			change: func(u *oauth.Upstream) { u.SecretInBody = true },
		},
		staffWay{
			key: "scelle",
			client: map[string]any{
				"jwks_uri": "BRIDGE/oauth/encryption-keys", "userinfo_signed_response_alg": "RS256",
				"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
				"userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A256GCM",
			},
			change: func(u *oauth.Upstream) { u.DecryptionKeys = []crypto.PrivateKey{decryption} },
		},
		staffWay{key: "errone", change: func(u *oauth.Upstream) { u.ClientSecret = "another" }},
	)
	for key, how := range map[string]string{
		"ch":       "RS256, secret in the header, userinfo in JSON",
		"clinique": "ES256, secret in the body, signed userinfo",
		"scelle":   "tokens and userinfo encrypted for the key that we publish (I73)",
	} {
		t.Run("logs in and out: "+how, func(t *testing.T) { w.logsInAndOut(t, key) })
	}
	t.Run("who is not on the list is refused", w.refusesUnlisted)
	t.Run("who gives up comes back", w.cancels)
	t.Run("a wrong client secret opens nothing", w.refusesWrongSecret)
	t.Run("who is taken off the list is out", w.revokes)
}

// logsInAndOut: from the start to a session with the FINESS, in again without a form while the provider knows the
// browser, and out at both (I27).
func (w *staffWorld) logsInAndOut(t *testing.T, key string) {
	b := w.browser(t)
	b.arrives(b.logIn(key, staffSubject), "/pro/1")
	v, err := b.visit()
	kept0(t, err)
	who := v.Identity
	if who.Kind != oauth.Professional || who.Subject != staffID || who.FINESS != staffFINESS || who.Provider != key || who.ACR != "eidas1" {
		t.Errorf("kind %s, subject %s, FINESS %s, provider %s, level %s", who.Kind, who.Subject, who.FINESS, who.Provider, who.ACR)
	}
	if who.Name != "Sophie AMBLARDET" {
		t.Errorf("name %q: the userinfo did not come", who.Name)
	}

	b.arrives(b.start(key), "/pro/1")
	if v, err = b.visit(); err != nil {
		t.Fatal(err)
	}
	cookie := b.cookie()
	ask := b.do(http.MethodPost, w.base+"/oauth/logout", url.Values{oauth.FieldCSRF: {v.CSRF}})
	if !strings.HasPrefix(ask.url.String(), w.issuer+"/session/end?") || ask.status != http.StatusOK {
		t.Fatalf("the logout led to %s: %d\n%s", ask.url.Path, ask.status, ask.body)
	}
	back := b.submit(ask, url.Values{"logout": {"yes"}})
	b.arrives(back, "/")
	if back.url.Query().Get("state") == "" {
		t.Errorf("came back without state: %s", back.url)
	}
	if _, err := w.server.Visit(t.Context(), cookie); !errors.Is(err, oauth.ErrUnauthenticated) || b.cookie() != "" {
		t.Errorf("after the logout: %v", err)
	}
	if p := b.start(key); !strings.Contains(p.body, `name="password"`) {
		t.Errorf("the provider's own session goes on: %s\n%s", p.url.Path, p.body)
	}
}

func (w *staffWorld) refusesUnlisted(t *testing.T) {
	b := w.browser(t)
	b.meetsTrouble(b.logIn("ch", "n.inconnu"), "Votre établissement ne vous a pas donné accès")
}

func (w *staffWorld) cancels(t *testing.T) {
	b := w.browser(t)
	form := b.start("ch")
	b.meetsTrouble(b.get(form.url.String()+"/abort"), "Identification abandonnée")
}

func (w *staffWorld) refusesWrongSecret(t *testing.T) {
	b := w.browser(t)
	b.meetsTrouble(b.logIn("errone", staffSubject), "Identification impossible")
}

// revokes: D26: the list counts at once, whatever the provider says.
func (w *staffWorld) revokes(t *testing.T) {
	b := w.browser(t)
	b.arrives(b.logIn("ch", staffSubject), "/pro/1")
	_, err := w.list.Remove(staffSubject)
	kept0(t, err)
	if _, err := b.visit(); !errors.Is(err, oauth.ErrUnauthenticated) {
		t.Errorf("after the removal: %v", err)
	}
	b.meetsTrouble(b.start("ch"), "Votre établissement ne vous a pas donné accès")
}

// TestInterop_structureProvider_renewal: I23–I25 at a structure's provider: each refresh token serves once, and a
// session that ended there ends here at the next renewal.
func TestInterop_structureProvider_renewal(t *testing.T) {
	t.Parallel()
	w := newStaffWorld(t, staffWay{key: "ch"})
	b := w.browser(t)
	b.arrives(b.logIn("ch", staffSubject), "/pro/1")
	for n := int64(1); n <= 3; n++ {
		if _, err := b.visit(); err != nil {
			t.Fatalf("after %d renewals: %v", n-1, err)
		}
		if got := w.tokens.Load(); got != n {
			t.Errorf("asked for tokens %d times, want the login and %d renewals", got, n-1)
		}
		w.ahead.Add(int64(11 * time.Minute)) // a renewal is due after ten
	}
	if p := b.submit(b.get(w.issuer+"/session/end"), url.Values{"logout": {"yes"}}); p.status != http.StatusOK {
		t.Fatalf("logout at the provider: %d\n%s", p.status, p.body)
	}
	if _, err := b.visit(); !errors.Is(err, oauth.ErrUnauthenticated) {
		t.Errorf("after the logout at the provider: %v", err)
	}
	if got := w.tokens.Load(); got != 4 {
		t.Errorf("asked for tokens %d times, want 4", got)
	}
}

// arrives checks that the browser is at a page of ours, with a good end.
func (b *staffBrowser) arrives(p staffPage, path string) {
	b.t.Helper()
	if p.status != http.StatusOK || p.body != "arrived at "+path || p.url.Scheme+"://"+p.url.Host != b.base {
		b.t.Fatalf("at %s (%d), want %s\n%s", p.url.Path, p.status, path, p.body)
	}
}

// meetsTrouble checks that the browser is at our trouble page, without a session.
func (b *staffBrowser) meetsTrouble(p staffPage, heading string) {
	b.t.Helper()
	if p.status != http.StatusForbidden || !strings.Contains(p.body, heading) || p.url.Scheme+"://"+p.url.Host != b.base {
		b.t.Errorf("at %s (%d), want %q\n%s", p.url.Path, p.status, heading, p.body)
	}
	if _, err := b.visit(); !errors.Is(err, oauth.ErrUnauthenticated) {
		b.t.Errorf("a session is open: %v", err)
	}
}
