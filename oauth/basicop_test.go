package oauth

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"mesbridge/conversations/redisstore/redistest"
)

// checkup is the state that the checks of the OpenID conformance suite begin with: a client, a person logged in,
// and what an earlier request got.
type checkup struct {
	*world
	*testing.T
	b *browser
	a ask // a request that is right
}

// send goes through a request as a person who agrees, and returns what the client gets.
func (c checkup) send(a ask) url.Values {
	c.Helper()
	got := c.b.get(c.authorizeURL(a))
	if got.status == http.StatusOK {
		got = c.consent(c.b, a, DecisionAllow)
	}
	return got.location().Query()
}

// accepted expects a code that can be exchanged, and returns the tokens.
func (c checkup) accepted(a ask) map[string]any {
	c.Helper()
	back := c.send(a)
	if back.Get("code") == "" {
		c.Errorf("no code: %v", back)
		return nil
	}
	return c.exchange(a, back.Get("code"), a.verifier).json(c.T)
}

func (c checkup) refused(a ask, code string) {
	c.Helper()
	back := c.send(a)
	expect(c.T, "error", back.Get("error"), code)
	expect(c.T, "code", back.Get("code"), "")
	expect(c.T, "state", back.Get("state"), "state-of-the-client")
	expect(c.T, "iss (RFC 9207)", back.Get("iss"), c.base)
}

// claims are those of the ID token of an answer, verified as a client does.
func (c checkup) claims(tokens map[string]any) map[string]any {
	c.Helper()
	ctx := oidc.ClientContext(c.Context(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
	provider, err := oidc.NewProvider(ctx, c.base)
	if err != nil {
		c.Fatal(err)
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: "app"}).Verify(ctx, text(tokens, "id_token"))
	if err != nil {
		c.Fatal(err)
	}
	var all map[string]any
	if err := id.Claims(&all); err != nil {
		c.Fatal(err)
	}
	return all
}

func (c checkup) userInfo(token string) answer {
	r, _ := http.NewRequestWithContext(c.Context(), http.MethodGet, c.base+userInfoPath, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return newBrowser(c.T).do(r)
}

// page expects that the person, not the client, is told.
func (c checkup) page(a ask) {
	c.Helper()
	expect(c.T, "page", c.b.get(c.authorizeURL(a)).errorCode(c.T), RequestInvalid)
}

// The OpenID Basic OP profile, code flow: one row for each module of the OpenID conformance suite, by its name, and at the
// end the rows of RFC 9700 and of this server's own choices. What the suite lets an OP choose is written in the row.
func TestBasicOP(t *testing.T) {
	t.Parallel()
	for name, check := range map[string]func(c checkup){
		"oidcc-server": func(c checkup) {
			claims := c.claims(c.accepted(c.a))
			expect(c.T, "sub", claims["sub"], patientSubject)
			expect(c.T, "nonce", claims["nonce"], "nonce-of-the-client")
			expect(c.T, "acr", claims["acr"], "eidas2")
		},
		"oidcc-response-type-missing": func(c checkup) { c.refused(c.a.with("response_type", ""), "unsupported_response_type") },
		"oidcc-userinfo-get": func(c checkup) {
			about := c.userInfo(text(c.accepted(c.a), "access_token")).json(c.T)
			expect(c.T, "claims", about, map[string]any{"sub": patientSubject, "acr": "eidas2"})
		},
		"oidcc-userinfo-post-header": func(c checkup) {
			token := text(c.accepted(c.a), "access_token")
			got := c.browser().post(c.base+userInfoPath, nil, func(r *http.Request) { r.Header.Set("Authorization", "bearer "+token) })
			expect(c.T, "sub", text(got.json(c.T), "sub"), patientSubject)
		},
		"oidcc-userinfo-post-body": func(c checkup) {
			got := c.browser().post(c.base+userInfoPath, url.Values{"access_token": {text(c.accepted(c.a), "access_token")}})
			expect(c.T, "sub", text(got.json(c.T), "sub"), patientSubject)
		},
		"oidcc-ensure-request-without-nonce-succeeds-for-code-flow": func(c checkup) {
			expect(c.T, "nonce", c.claims(c.accepted(c.a.with("nonce", "")))["nonce"], nil)
		},
		"oidcc-scope-profile": func(c checkup) {
			tokens := c.accepted(c.a.with("scope", "openid profile"))
			expect(c.T, "name", text(c.userInfo(text(tokens, "access_token")).json(c.T), "name"), patientName)
			expect(c.T, "name in the ID token", c.claims(tokens)["name"], nil)
		},
		"oidcc-scope-email": func(c checkup) {
			expect(c.T, "scope", c.accepted(c.a.with("scope", "openid email"))["scope"], "openid")
		},
		"oidcc-scope-address": func(c checkup) {
			expect(c.T, "scope", c.accepted(c.a.with("scope", "openid address"))["scope"], "openid")
		},
		"oidcc-scope-phone": func(c checkup) {
			expect(c.T, "scope", c.accepted(c.a.with("scope", "openid phone"))["scope"], "openid")
		},
		"oidcc-scope-all": func(c checkup) {
			expect(c.T, "scope", c.accepted(c.a.with("scope", "openid profile email address phone"))["scope"], "openid profile")
		},
		"oidcc-ensure-other-scope-order-succeeds": func(c checkup) {
			expect(c.T, "scope", c.accepted(c.a.with("scope", "profile openid"))["scope"], "profile openid")
		},
		"oidcc-display-page":  func(c checkup) { c.accepted(c.a.with("display", "page")) },
		"oidcc-display-popup": func(c checkup) { c.accepted(c.a.with("display", "popup")) },
		"oidcc-prompt-login": func(c checkup) {
			first := c.claims(c.accepted(c.a))["auth_time"]
			c.clock.advance(3 * time.Second)
			to := c.b.get(c.authorizeURL(c.a.with("prompt", "login"))).location()
			expect(c.T, "login", to.Path, "/oauth/login/patient")
			expect(c.T, "at the provider too", to.Query().Get("prompt"), "login")
			c.logIn(c.b, Patient, "/")
			if again := c.claims(c.accepted(c.a))["auth_time"]; again == first {
				c.Error("auth_time did not move")
			}
		},
		"oidcc-prompt-none-not-logged-in": func(c checkup) {
			c.b = c.browser()
			c.refused(c.a.with("prompt", "none"), "login_required")
		},
		"oidcc-prompt-none-logged-in": func(c checkup) {
			first := c.claims(c.accepted(c.a))
			silent := c.b.get(c.authorizeURL(c.a.with("prompt", "none")))
			expect(c.T, "no page", silent.status, http.StatusSeeOther)
			again := c.claims(c.exchange(c.a, silent.location().Query().Get("code"), c.a.verifier).json(c.T))
			expect(c.T, "sub", again["sub"], first["sub"])
			expect(c.T, "auth_time", again["auth_time"], first["auth_time"])
		},
		"oidcc-max-age-1": func(c checkup) {
			c.clock.advance(2 * time.Second)
			expect(c.T, "login", c.b.get(c.authorizeURL(c.a.with("max_age", "1"))).location().Path, "/oauth/login/patient")
		},
		"oidcc-max-age-10000": func(c checkup) {
			if _, told := c.claims(c.accepted(c.a.with("max_age", "10000")))["auth_time"].(float64); !told {
				c.Error("auth_time is missing")
			}
		},
		"oidcc-id-token-hint": func(c checkup) {
			hint := text(c.accepted(c.a), "id_token")
			silent := c.b.get(c.authorizeURL(c.a.with("prompt", "none").with("id_token_hint", hint))).location().Query()
			expect(c.T, "code", silent.Get("code") != "", true)
		},
		"oidcc-login-hint":                                     func(c checkup) { c.accepted(c.a.with("login_hint", "quelqu-un@exemple.fr")) },
		"oidcc-ui-locales":                                     func(c checkup) { c.accepted(c.a.with("ui_locales", "se fr")) },
		"oidcc-claims-locales":                                 func(c checkup) { c.accepted(c.a.with("claims_locales", "se")) },
		"oidcc-claims-essential":                               func(c checkup) { c.accepted(c.a.with("claims", `{"userinfo":{"name":{"essential":true}}}`)) },
		"oidcc-ensure-request-with-acr-values-succeeds":        func(c checkup) { c.accepted(c.a.with("acr_values", "1 2 eidas2")) },
		"oidcc-ensure-request-with-unknown-parameter-succeeds": func(c checkup) { c.accepted(c.a.with("extra", "foobar")) },
		"oidcc-ensure-request-with-valid-pkce-succeeds":        func(c checkup) { c.accepted(c.a) },
		"oidcc-codereuse": func(c checkup) {
			code := c.send(c.a).Get("code")
			tokens := c.exchange(c.a, code, c.a.verifier).json(c.T)
			expect(c.T, "again", text(c.exchange(c.a, code, c.a.verifier).json(c.T), "error"), "invalid_grant")
			expect(c.T, "the token of the first use", c.userInfo(text(tokens, "access_token")).status, http.StatusUnauthorized)
		},
		"oidcc-ensure-registered-redirect-uri": func(c checkup) { c.page(c.a.with("redirect_uri", "https://evil.example/back")) },
		"oidcc-redirect-uri-query-added":       func(c checkup) { c.page(c.a.with("redirect_uri", appRedirect+"?foo=bar")) },
		"oidcc-redirect-uri-query-mismatch":    func(c checkup) { c.page(c.a.with("redirect_uri", appRedirect+"?foo=baz")) },
		"oidcc-ensure-post-request-succeeds": func(c checkup) {
			to := c.b.post(c.base+authorizePath, c.a.values).header.Get("Location")
			page := c.b.get(c.base + to)
			expect(c.T, "consent", page.status, http.StatusOK)
			expect(c.T, "client", text(page.json(c.T), "Client"), "Application de santé")
		},
		"oidcc-server-client-secret-post": func(c checkup) { // not offered: the discovery says so, and it is refused
			form := url.Values{
				"grant_type": {"authorization_code"}, "code": {c.send(c.a).Get("code")}, "redirect_uri": {appRedirect}, "code_verifier": {c.a.verifier},
				"client_id": {"app"}, "client_secret": {appSecret},
			}
			expect(c.T, "error", text(c.browser().post(c.base+tokenPath, form).json(c.T), "error"), "invalid_client")
		},
		"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported": func(c checkup) {
			c.refused(c.a.with("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported")
		},
		"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported": func(c checkup) {
			c.refused(c.a.with("request_uri", "https://app.example/request.jwt"), "request_uri_not_supported")
		},
		"oidcc-refresh-token": func(c checkup) {
			first := c.accepted(c.a.with("scope", offline))
			second := c.refresh(text(first, "refresh_token")).json(c.T)
			before, after := c.claims(first), c.claims(second)
			for _, name := range []string{"iss", "sub", "aud", "auth_time"} {
				expect(c.T, name, after[name], before[name])
			}
		},
		"oidcc-server-rotate-keys": func(c checkup) {
			old := c.accepted(c.a)
			fresh, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				c.Fatal(err)
			}
			changed := c.config
			changed.SigningKey, changed.OtherKeys = fresh, []*rsa.PublicKey{&testKey().PublicKey}
			next, err := New(changed)
			if err != nil {
				c.Fatal(err)
			}
			expect(c.T, "keys", len(next.keySet.Keys), 2)
			if _, err := next.readHint(text(old, "id_token")); err != nil {
				c.Error("an ID token of the last key is no hint any more")
			}
			if next.keySet.Keys[0].KeyID == c.server.keySet.Keys[0].KeyID {
				c.Error("both keys have one name")
			}
		},
		"oidcc-discovery-endpoint-verification": checkDiscovery,

		// RFC 9700 and our own.
		"pkce missing": func(c checkup) {
			c.refused(c.a.with("code_challenge", "").with("code_challenge_method", ""), "invalid_request")
		},
		"pkce plain":          func(c checkup) { c.refused(c.a.with("code_challenge_method", "plain"), "invalid_request") },
		"pkce without method": func(c checkup) { c.refused(c.a.with("code_challenge_method", ""), "invalid_request") },
		"pkce wrong verifier": func(c checkup) {
			got := c.exchange(c.a, c.send(c.a).Get("code"), oauth2.GenerateVerifier())
			expect(c.T, "error", text(got.json(c.T), "error"), "invalid_grant")
		},
		"prompt none before any consent": func(c checkup) { c.refused(c.a.with("prompt", "none"), "consent_required") },
		"prompt none for more than was agreed": func(c checkup) {
			c.accepted(c.a.with("scope", "openid"))
			c.refused(c.a.with("prompt", "none"), "consent_required")
		},
		"prompt none with another": func(c checkup) { c.accepted(c.a); c.refused(c.a.with("prompt", "none login"), "invalid_request") },
		"prompt none for a public client": func(c checkup) { // RFC 8252 section 8.6
			phone := c.a.with("client_id", "phone")
			c.send(phone)
			c.refused(phone.with("prompt", "none"), "consent_required")
		},
		"hint of somebody else": func(c checkup) {
			hint := text(c.accepted(c.a), "id_token")
			c.server.resolve = resolveSomebodyElse
			c.logIn(c.b, Patient, "/")
			c.refused(c.a.with("id_token_hint", hint), "login_required")
		},
		"hint of another client": func(c checkup) {
			c.refused(c.a.with("client_id", "phone").with("id_token_hint", text(c.accepted(c.a), "id_token")), "invalid_request")
		},
		"an ID token is no access token": func(c checkup) {
			tokens := c.accepted(c.a.with("scope", offline))
			for _, name := range []string{"id_token", "refresh_token"} {
				expect(c.T, name, c.userInfo(text(tokens, name)).status, http.StatusUnauthorized)
				expect(c.T, name+" in the API", c.lives(text(tokens, name)), false)
			}
			expect(c.T, "an access token as refresh token", text(c.refresh(text(tokens, "access_token")).json(c.T), "error"), "invalid_grant")
			expect(c.T, "an access token as code", text(c.exchange(c.a, text(tokens, "access_token"), c.a.verifier).json(c.T), "error"), "invalid_grant")
		},
		"a refresh token of another client": func(c checkup) {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text(c.accepted(c.a.with("scope", offline)), "refresh_token")}, "client_id": {"phone"}}
			expect(c.T, "error", text(c.browser().post(c.base+tokenPath, form).json(c.T), "error"), "invalid_grant")
		},
		"a token of another client, introspected": func(c checkup) {
			form := url.Values{"token": {text(c.accepted(c.a), "access_token")}}
			expect(c.T, "active", c.browser().post(c.base+introspectPath, form, basic("sih", sihSecret)).json(c.T)["active"], false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, redistest.Mini(t), nil)
			c := checkup{world: w, T: t, b: w.browser(), a: askFor("app", appRedirect, "openid patient.read")}
			w.logIn(c.b, Patient, "/")
			check(c)
		})
	}
}

func checkDiscovery(c checkup) {
	doc := c.b.get(c.base + discoveryPath).json(c.T)
	for name, want := range map[string]any{
		"issuer": c.base, "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"}, "code_challenge_methods_supported": []string{"S256"},
		"claims_parameter_supported": false, "request_parameter_supported": false, "request_uri_parameter_supported": false,
		"scopes_supported": []string{"openid", "offline_access", "profile"},
	} {
		expect(c.T, name, doc[name], want)
	}
	for name, method := range map[string]string{
		"authorization_endpoint": http.MethodGet, "token_endpoint": http.MethodPost, "userinfo_endpoint": http.MethodGet, "jwks_uri": http.MethodGet,
		"end_session_endpoint": http.MethodGet, "introspection_endpoint": http.MethodPost, "revocation_endpoint": http.MethodPost,
		"pushed_authorization_request_endpoint": http.MethodPost,
	} {
		target := text(doc, name)
		if !strings.HasPrefix(target, c.base+"/oauth/") {
			c.Errorf("%s is %q", name, target)
			continue
		}
		r, _ := http.NewRequestWithContext(c.Context(), method, target, nil)
		if got := c.browser().do(r).status; got == http.StatusNotFound || got == http.StatusMethodNotAllowed {
			c.Errorf("%s answers %d", name, got)
		}
	}
	methods, _ := doc["token_endpoint_auth_methods_supported"].([]any)
	for _, m := range methods {
		if m == "client_secret_post" || m == "client_secret_jwt" {
			c.Errorf("%v is told and not offered", m)
		}
	}
}
