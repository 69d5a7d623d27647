package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/redis/go-redis/v9"
	"golang.org/x/oauth2"

	"mesbridge/conversations/redisstore/redistest"
)

// ask is an authorization request of a client, as it is sent.
type ask struct {
	values   url.Values
	verifier string
}

func askFor(client, redirect, scopes string) ask {
	verifier := oauth2.GenerateVerifier()
	return ask{verifier: verifier, values: url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirect}, "scope": {scopes},
		"state": {"state-of-the-client"}, "nonce": {"nonce-of-the-client"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}}
}

func (a ask) with(name, value string) ask {
	changed := url.Values{}
	for k, v := range a.values {
		changed[k] = v
	}
	changed.Set(name, value)
	if value == "" {
		changed.Del(name)
	}
	return ask{values: changed, verifier: a.verifier}
}

func (w *world) authorizeURL(a ask) string { return w.base + "/oauth/authorize?" + a.values.Encode() }

// consent goes through the consent page with a logged-in browser and returns the answer to the
// decision.
func (w *world) consent(b *browser, a ask, decision string) answer {
	w.t.Helper()
	page := b.get(w.authorizeURL(a))
	if page.status != http.StatusOK {
		w.t.Fatalf("no consent page: %d %s %s", page.status, page.header.Get("Location"), page.body)
	}
	data := page.json(w.t)
	csrf, _ := data["CSRF"].(string)
	action, _ := data["Action"].(string)
	return b.post(w.base+action, url.Values{FieldCSRF: {csrf}, FieldDecision: {decision}})
}

// code logs a patient in and gets a code for the client.
func (w *world) code(a ask) string {
	w.t.Helper()
	b := w.browser()
	w.logIn(b, Patient, "/")
	return w.consent(b, a, DecisionAllow).location().Query().Get("code")
}

func (w *world) exchange(a ask, code, verifier string) answer {
	w.t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {a.values.Get("redirect_uri")},
	}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	return w.browser().post(w.base+tokenPath, form, basic("app", appSecret))
}

// appTokens gives the answer of the token endpoint to a whole flow of the client "app".
func (w *world) appTokens(scopes string) map[string]any {
	w.t.Helper()
	a := askFor("app", appRedirect, scopes)
	return w.exchange(a, w.code(a), a.verifier).json(w.t)
}

func text(m map[string]any, name string) string {
	v, _ := m[name].(string)
	return v
}

func TestCode_wholeFlow(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		b := w.browser()
		a := askFor("app", appRedirect, "openid patient.read patient.block")
		toLogin := b.get(w.authorizeURL(a)).location()
		expect(t, "login first", toLogin.Path, "/oauth/login/patient")
		provider := b.get(w.base + toLogin.String()).location()
		back := b.get(b.get(provider.String()).location().String()).header.Get("Location")
		expect(t, "back to the request", strings.HasPrefix(back, "/oauth/authorize?"), true)

		page := b.get(w.base + back).json(t)
		expect(t, "client", page["Client"], "Application de santé")
		expect(t, "person", page["Person"], patientName)
		// The person does not hold patient.block, so it is neither shown nor granted.
		expect(t, "scopes", page["Scopes"], []string{"openid", "patient.read"})
		expect(t, "form target", page["FormTarget"], "https://app.example")

		decided := w.consent(b, a, DecisionAllow).location()
		expect(t, "redirect", decided.Scheme+"://"+decided.Host+decided.Path, appRedirect)
		expect(t, "state", decided.Query().Get("state"), "state-of-the-client")
		expect(t, "issuer (RFC 9207)", decided.Query().Get("iss"), w.base)
		got := w.exchange(a, decided.Query().Get("code"), a.verifier)
		expect(t, "status", got.status, http.StatusOK)
		tokens := got.json(t)
		expect(t, "scope", tokens["scope"], "openid patient.read")
		expect(t, "refresh token without offline_access", tokens["refresh_token"], nil)

		who, err := w.server.Introspect(t.Context(), text(tokens, "access_token"))
		expect(t, "error", err, nil)
		type plain Identity
		expect(t, "identity", plain(who), plain(Identity{
			Kind: Patient, Subject: patientSubject, Name: patientName, ACR: "eidas2", Scopes: []string{"patient.read"},
		}))
		w.checkIDToken(text(tokens, "id_token"), text(tokens, "access_token"))
	})
}

// checkIDToken verifies the ID token as a client does, with the published documents only.
func (w *world) checkIDToken(raw, access string) {
	w.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	ctx := oidc.ClientContext(w.t.Context(), &http.Client{Transport: transport})
	provider, err := oidc.NewProvider(ctx, w.base)
	if err != nil {
		w.t.Fatal(err)
	}
	id, err := provider.Verifier(&oidc.Config{ClientID: "app"}).Verify(ctx, raw)
	if err != nil {
		w.t.Fatal(err)
	}
	var claims struct {
		ACR      string `json:"acr"`
		AuthTime int64  `json:"auth_time"`
	}
	if err := id.Claims(&claims); err != nil {
		w.t.Fatal(err)
	}
	expect(w.t, "sub", id.Subject, patientSubject)
	expect(w.t, "nonce", id.Nonce, "nonce-of-the-client")
	expect(w.t, "acr", claims.ACR, "eidas2")
	expect(w.t, "at_hash", id.VerifyAccessToken(access), nil)
	if age := time.Since(time.Unix(claims.AuthTime, 0)); age < 0 || age > time.Minute {
		w.t.Errorf("auth_time is %v old", age)
	}
	if strings.Contains(raw, patientName) {
		w.t.Error("the ID token tells the name")
	}
}

// Errors that must not be sent to a redirect URI, because it is not the client's.
func TestAuthorize_untrustedRequests_showAPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	good := askFor("app", appRedirect, "openid patient.read")
	lps := askFor("lps", proRedirect, "thread.read")
	for name, a := range map[string]ask{
		"unknown client":         good.with("client_id", "nobody"),
		"reserved client":        good.with("client_id", shortCutClient),
		"no redirect URI":        good.with("redirect_uri", ""),
		"redirect URI + slash":   good.with("redirect_uri", appRedirect+"/"),
		"redirect URI + query":   good.with("redirect_uri", appRedirect+"?x=1"),
		"redirect to a prefix":   good.with("redirect_uri", "https://app.example"),
		"redirect to a sibling":  good.with("redirect_uri", "https://app.example.evil.example/back"),
		"redirect user part":     good.with("redirect_uri", "https://app.example@evil.example/back"),
		"other port on loopback": lps.with("redirect_uri", "http://127.0.0.1:10/pro"),
		"application client":     good.with("client_id", "sih"),
		"form_post":              good.with("response_mode", "form_post"),
		"fragment":               good.with("response_mode", "fragment"),
	} {
		got := b.get(w.authorizeURL(a))
		expect(t, name+": status", got.status, http.StatusBadRequest)
		expect(t, name+": code", got.errorCode(t), RequestInvalid)
	}
}

// Errors that go to the client.
func TestAuthorize_refusedRequests_tellTheClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	good := askFor("phone", appRedirect, "openid patient.read")
	for name, c := range map[string]struct {
		ask  ask
		want string
	}{
		"implicit":       {good.with("response_type", "token"), "unsupported_response_type"},
		"hybrid":         {good.with("response_type", "code id_token"), "unsupported_response_type"},
		"short state":    {good.with("state", "short"), "invalid_request"},
		"request object": {good.with("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"},
		"request URI":    {good.with("request_uri", "http://169.254.169.254/x"), "request_uri_not_supported"},
		"foreign scope":  {good.with("scope", "thread.read"), "invalid_scope"},
		"prompt none":    {good.with("prompt", "none"), "consent_required"},
		"no challenge":   {good.with("code_challenge", "").with("code_challenge_method", ""), "invalid_request"},
		"plain":          {good.with("code_challenge_method", "plain"), "invalid_request"},
		"no method":      {good.with("code_challenge_method", ""), "invalid_request"},
		"nothing to get": {good.with("scope", "openid patient.block"), "access_denied"},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.get(w.authorizeURL(c.ask))
			if got.status == http.StatusOK { // PKCE and scopes are judged with the decision
				got = w.consent(b, c.ask, DecisionAllow)
			}
			expect(t, "error", got.location().Query().Get("error")+got.location().Fragment, c.want)
			expect(t, "code", got.location().Query().Get("code"), "")
		})
	}
	denied := w.consent(b, good, "whatever").location().Query()
	expect(t, "denied", denied.Get("error"), "access_denied")
	expect(t, "state", denied.Get("state"), "state-of-the-client")
	expect(t, "issuer (RFC 9207)", denied.Get("iss"), w.base)
}

func TestAuthorize_consentNeedsTheFormOfThisSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b, other := w.browser(), w.browser()
	w.logIn(b, Patient, "/")
	w.logIn(other, Patient, "/")
	_, foreign, _ := w.server.Sessions().Load(t.Context(), w.cookie(other))
	target := w.authorizeURL(askFor("app", appRedirect, "openid"))
	for name, token := range map[string]string{"none": "", "forged": "forged", "of another session": foreign} {
		got := b.post(target, url.Values{FieldCSRF: {token}, FieldDecision: {DecisionAllow}})
		expect(t, name, got.errorCode(t), FormExpired)
	}
	// What the form says about the request itself does not count.
	_, csrf, _ := w.server.Sessions().Load(t.Context(), w.cookie(b))
	got := b.post(target, url.Values{
		FieldCSRF: {csrf}, FieldDecision: {DecisionAllow}, "redirect_uri": {"https://evil.example"}, "scope": {"patient.read"},
	})
	expect(t, "host", got.location().Host, "app.example")
	expect(t, "scope", got.location().Query().Get("scope"), "openid")
}

func TestAuthorize_wantsTheRightAndFreshPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	lps := b.get(w.authorizeURL(askFor("lps", proRedirect, "thread.read"))).location()
	expect(t, "a patient at a professional's client", lps.Path, "/oauth/login/professional")

	app := askFor("app", appRedirect, "openid")
	fresh := b.get(w.authorizeURL(app.with("prompt", "login"))).location()
	expect(t, "prompt=login", fresh.Path, "/oauth/login/patient")
	expect(t, "upstream too", fresh.Query().Get("prompt"), "login")
	if strings.Contains(fresh.Query().Get("return"), "prompt") {
		t.Error("the person would be asked to log in for ever")
	}
	expect(t, "max_age kept", b.get(w.authorizeURL(app.with("max_age", "600"))).status, http.StatusOK)
	w.clock.advance(11 * time.Minute)
	expect(t, "max_age passed", b.get(w.authorizeURL(app.with("max_age", "600"))).location().Path, "/oauth/login/patient")
	none := w.browser().get(w.authorizeURL(app.with("prompt", "none"))).location()
	expect(t, "prompt=none without session", none.Query().Get("error"), "login_required")
}

// The attack behind EnforcePKCE: a wrong verifier removes the challenge, then no verifier is sent.
func TestCode_pkceDowngrade_isRefused(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		a := askFor("app", appRedirect, "openid patient.read")
		code := w.code(a)
		expect(t, "wrong verifier", w.exchange(a, code, oauth2.GenerateVerifier()).status, http.StatusBadRequest)
		expect(t, "no verifier", w.exchange(a, code, "").status, http.StatusBadRequest)
		expect(t, "right verifier, too late", w.exchange(a, code, a.verifier).status, http.StatusBadRequest)
	})
}

func TestCode_sixteenExchanges_oneWins(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		a := askFor("app", appRedirect, "openid patient.read offline_access")
		code := w.code(a)
		counts := parallel(16, func() int { return w.exchange(a, code, a.verifier).status })
		expect(t, "statuses", counts, map[int]int{http.StatusOK: 1, http.StatusBadRequest: 15})
	})
}

// parallel counts the results of n calls made at the same moment.
func parallel(n int, call func() int) map[int]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	counts := map[int]int{}
	for range n {
		all.Go(func() {
			<-start
			result := call()
			mu.Lock()
			defer mu.Unlock()
			counts[result]++
		})
	}
	close(start)
	all.Wait()
	return counts
}

// RFC 6749 section 4.1.2: a code that comes again ends what it gave.
func TestCode_usedAgain_endsItsTokens(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		a := askFor("app", appRedirect, "openid patient.read offline_access")
		code := w.code(a)
		tokens := w.exchange(a, code, a.verifier).json(t)
		again := w.exchange(a, code, a.verifier)
		expect(t, "error", again.json(t)["error"], "invalid_grant")
		if _, err := w.server.Introspect(t.Context(), text(tokens, "access_token")); err == nil {
			t.Error("the access token still lives")
		}
		expect(t, "refresh", w.refresh(text(tokens, "refresh_token")).status, http.StatusBadRequest)
	})
}

func TestCode_ofAnotherClientOrRedirect_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	a := askFor("app", appRedirect, "openid patient.read")
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {w.code(a)}, "redirect_uri": {appRedirect},
		"code_verifier": {a.verifier}, "client_id": {"phone"},
	}
	expect(t, "public client", w.browser().post(w.base+tokenPath, form).json(t)["error"], "invalid_grant")
	a = askFor("app", appRedirect, "openid patient.read")
	other := a.with("redirect_uri", "https://app.example/other")
	expect(t, "redirect", w.exchange(other, w.code(a), a.verifier).json(t)["error"], "invalid_grant")
}
