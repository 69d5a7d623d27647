package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

func TestLogin_bothKinds(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		for _, c := range []struct {
			kind Kind
			want Identity
		}{
			{Patient, Identity{Kind: Patient, Subject: patientSubject, Name: patientName, ACR: "eidas2", Scopes: []string{"patient.read", "patient.reply"}}},
			// The empty SubjectNameID of the ID token gives way to the userinfo's (I45).
			{Professional, Identity{Kind: Professional, Subject: proSubject, Name: proName, ACR: "eidas2", Scopes: []string{"thread.read"}}},
		} {
			b := w.browser()
			back := w.logIn(b, c.kind, "/messages?id=3")
			expect(t, "status", back.status, http.StatusSeeOther)
			expect(t, "location", back.header.Get("Location"), "/messages?id=3")
			got, csrf, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
			if err != nil {
				t.Fatal(err)
			}
			type plain Identity // without String, which hides the fields
			expect(t, "identity", plain(got), plain(c.want))
			if len(csrf) != 43 {
				t.Errorf("csrf token has %d characters", len(csrf))
			}
		}
	})
}

// I17, I19, I72: what is sent to the provider.
func TestLogin_requestHasStateNonceAndPKCE(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	start := w.browser().get(w.base + "/oauth/login/professional").location()
	q := start.Query()
	expect(t, "endpoint", start.Path, "/wallet")
	expect(t, "response_type", q.Get("response_type"), "code")
	expect(t, "scope", q.Get("scope"), "openid scope_all")
	expect(t, "acr_values", q.Get("acr_values"), "eidas1")
	expect(t, "code_challenge_method", q.Get("code_challenge_method"), "S256")
	expect(t, "redirect_uri", q.Get("redirect_uri"), w.base+"/oauth/callback/professional")
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 32 {
			t.Errorf("%s is too short: %q", name, q.Get(name))
		}
	}
	patient := w.browser().get(w.base + "/oauth/login/patient").location().Query()
	expect(t, "acr_values of patients", patient.Get("acr_values"), "eidas2")
}

func TestLogin_cookies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		issuer, want string
	}{
		{"https://mes.example", "__Host-mes=v; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"http://127.0.0.1:80", "mes=v; Path=/; HttpOnly; SameSite=Lax"},
	} {
		names := cookies{secure: isSecure(c.issuer)}
		w := http.Header{}
		names.set(headerOnly{w}, names.session(), "v", 0)
		expect(t, c.issuer, w.Get("Set-Cookie"), c.want)
	}
}

type headerOnly struct{ h http.Header }

func (o headerOnly) Header() http.Header       { return o.h }
func (headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (headerOnly) WriteHeader(int)             {}

// Every lie of a provider or of somebody on the way is refused, and no session is made.
func TestCallback_refuses(t *testing.T) {
	t.Parallel()
	set := func(name string, v any) func(*fakeUpstream) {
		return func(f *fakeUpstream) { f.lie(func(c map[string]any) { c[name] = v }) }
	}
	answer := func(name, v string) func(*fakeUpstream) {
		return func(f *fakeUpstream) { f.answer = func(q url.Values) { q.Set(name, v) } }
	}
	cases := map[string]struct {
		lie  func(*fakeUpstream)
		want ErrorCode
	}{
		"tampered state":   {answer("state", strings.Repeat("x", 43)), LoginExpired},
		"empty state":      {answer("state", ""), LoginExpired},
		"no code":          {answer("code", ""), LoginFailed},
		"another code":     {answer("code", "guessed"), LoginFailed},
		"another issuer":   {answer("iss", "https://evil.example"), LoginFailed},
		"issuer left out":  {func(f *fakeUpstream) { f.answer = func(q url.Values) { q.Del("iss") } }, LoginFailed},
		"person gave up":   {answer("error", "access_denied"), LoginCancelled},
		"provider's error": {answer("error", "server_error"), LoginFailed},
		"tampered nonce":   {set("nonce", "another-nonce-of-another-login"), LoginFailed},
		"no nonce":         {set("nonce", ""), LoginFailed},
		"other audience":   {set("aud", "somebody-else"), LoginFailed},
		"other party":      {set("azp", "somebody-else"), LoginFailed},
		"two audiences": {func(f *fakeUpstream) {
			f.lie(func(c map[string]any) { c["aud"] = []any{c["aud"], "x"}; delete(c, "azp") })
		}, LoginFailed},
		"other issuer inside": {set("iss", "https://evil.example"), LoginFailed},
		"expired":             {set("exp", time.Now().Add(-time.Minute).Unix()), LoginFailed},
		"issued before":       {set("iat", time.Now().Add(-time.Hour).Unix()), LoginFailed},
		"issued later":        {set("iat", time.Now().Add(time.Hour).Unix()), LoginFailed},
		"no subject":          {set("sub", ""), LoginFailed},
		"wrong at_hash":       {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), LoginFailed},
		"weak login":          {set("acr", "eidas1"), AssuranceTooLow},
		"no level":            {func(f *fakeUpstream) { f.lie(func(c map[string]any) { delete(c, "acr") }) }, AssuranceTooLow},
		"unknown level":       {set("acr", "loa4"), AssuranceTooLow},
		"signed with secret": {func(f *fakeUpstream) {
			f.signing = falseKey{jose.HS256, []byte(strings.Repeat("s3cret", 8))}
		}, LoginFailed},
		"userinfo of another": {func(f *fakeUpstream) { f.userInfoFor(map[string]any{"sub": "somebody-else"}) }, LoginFailed},
		"level in userinfo only": {func(f *fakeUpstream) {
			f.lie(func(c map[string]any) { delete(c, "acr") })
			f.userInfoFor(map[string]any{"sub": "upstream-sub", "acr": "eidas3"})
		}, AssuranceTooLow},
		"unknown person": {func(f *fakeUpstream) {
			f.lie(func(c map[string]any) { c["sub"] = "unknown" })
			f.userInfoFor(map[string]any{"sub": "unknown"})
		}, PersonUnknown},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, redistest.Mini(t), nil)
			c.lie(w.upstream)
			b := w.browser()
			got := w.logIn(b, Patient, "/")
			expect(t, "code", got.errorCode(t), c.want)
			expect(t, "status", got.status, statusOf(c.want))
			expect(t, "session cookie", w.cookie(b), "")
			expect(t, "sessions in Redis", len(w.redis.Keys(t.Context(), "{oa}:session:*").Val()), 0)
		})
	}
}

// An unsigned token cannot be made with the library, so it is written by hand.
func TestCallback_unsignedToken_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	up := w.server.upstreamOf(string(Patient))
	remote, err := up.remote(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// {"alg":"none"} . {"iss":…} without signature
	const unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0."
	if _, err := remote.verifier.Verify(t.Context(), unsigned); err == nil {
		t.Error("an unsigned token was accepted")
	}
}

// Login CSRF: the attacker begins a login, and makes the victim's browser finish it.
func TestCallback_inAnotherBrowser_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	attacker, victim := w.browser(), w.browser()
	callback := w.atProvider(attacker, Patient, "/")
	got := victim.get(callback)
	expect(t, "code without a cookie", got.errorCode(t), LoginExpired)
	expect(t, "victim's session", w.cookie(victim), "")

	callback = w.atProvider(attacker, Patient, "/")
	w.atProvider(victim, Patient, "/") // the victim has a binding cookie of an own login
	expect(t, "code with another cookie", victim.get(callback).errorCode(t), LoginExpired)
	expect(t, "victim's session", w.cookie(victim), "")
}

func TestCallback_twice_isRefused(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		b := w.browser()
		callback := w.atProvider(b, Patient, "/")
		expect(t, "first", b.get(callback).status, http.StatusSeeOther)
		expect(t, "second", b.get(callback).errorCode(t), LoginExpired)
	})
}

// The two providers may be one server with one client: the state alone tells the kinds apart.
func TestCallback_ofTheOtherProvider_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.Professionals.ClientID = c.Patients.ClientID })
	b := w.browser()
	callback := strings.Replace(w.atProvider(b, Patient, "/"), "/callback/patient", "/callback/professional", 1)
	expect(t, "code", b.get(callback).errorCode(t), LoginFailed)
}

func TestCallback_afterTenMinutes_isRefused(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]int{flowLife - time.Minute: http.StatusSeeOther, flowLife: http.StatusBadRequest} {
		w := newWorld(t, redistest.Mini(t), nil)
		b := w.browser()
		callback := w.atProvider(b, Patient, "/")
		w.clock.advance(ahead)
		expect(t, ahead.String(), b.get(callback).status, want)
	}
}

func TestLogin_twoTabs_bothFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	first, second := w.atProvider(b, Patient, "/1"), w.atProvider(b, Patient, "/2")
	expect(t, "first tab", b.get(first).header.Get("Location"), "/1")
	expect(t, "second tab", b.get(second).header.Get("Location"), "/2")
}

// A cookie known before the login is worth nothing after it.
func TestLogin_rotatesTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	before := w.cookie(b)
	w.logIn(b, Patient, "/")
	if w.cookie(b) == before {
		t.Error("the cookie stayed the same")
	}
	if _, _, err := w.server.Sessions().Load(t.Context(), before); err == nil {
		t.Error("the session before the login still lives")
	}
}

// I22 on the way in: a professional without acr is eidas1.
func TestLogin_professionalWithoutLevel_isEidas1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	w.upstream.lie(func(c map[string]any) { delete(c, "acr") })
	b := w.browser()
	w.logIn(b, Professional, "/pro")
	who, _, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
	expect(t, "error", err, nil)
	expect(t, "acr", who.ACR, "eidas1")
}

func TestLogin_providerAway_is503(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	w.upstream.Close()
	got := w.browser().get(w.base + "/oauth/login/patient")
	expect(t, "status", got.status, http.StatusServiceUnavailable)
	expect(t, "code", got.errorCode(t), Unavailable)
}

func TestLogin_ofNoSuchKind_is404(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.Professionals = nil })
	for _, path := range []string{"/oauth/login/professional", "/oauth/callback/professional", "/oauth/login/application", "/oauth/other"} {
		expect(t, path, w.browser().get(w.base+path).status, http.StatusNotFound)
	}
}

func TestDiscovery_ofAnotherIssuer_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.Patients.Issuer += "/other" })
	expect(t, "status", w.browser().get(w.base+"/oauth/login/patient").status, http.StatusServiceUnavailable)
}

// I27: the local session ends first, and only with the token of the form.
func TestLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	cookieValue := w.cookie(b)
	_, csrf, err := w.server.Sessions().Load(t.Context(), cookieValue)
	expect(t, "error", err, nil)

	refused := b.post(w.base+"/oauth/logout", url.Values{FieldCSRF: {"forged"}})
	expect(t, "forged form", refused.status, http.StatusForbidden)
	if _, _, err := w.server.Sessions().Load(t.Context(), cookieValue); err != nil {
		t.Fatalf("a forged form ended the session: %v", err)
	}
	expect(t, "by GET", b.get(w.base+"/oauth/logout").status, http.StatusNotFound)

	out := b.post(w.base+"/oauth/logout", url.Values{FieldCSRF: {csrf}})
	expect(t, "status", out.status, http.StatusSeeOther)
	at := out.location()
	expect(t, "endpoint", at.Host+at.Path, strings.TrimPrefix(w.upstream.URL, "http://")+"/logout")
	expect(t, "back to", at.Query().Get("post_logout_redirect_uri"), w.base+"/")
	expect(t, "origins for the policy", w.server.LogoutOrigins(), []string{w.upstream.URL, w.upstream.URL})
	if at.Query().Get("id_token_hint") == "" {
		t.Error("id_token_hint is missing")
	}
	if _, _, err := w.server.Sessions().Load(t.Context(), cookieValue); err == nil {
		t.Error("the session still lives")
	}
	expect(t, "cookie", w.cookie(b), "")
	expect(t, "again", b.post(w.base+"/oauth/logout", nil).header.Get("Location"), "/")
}

func TestLogout_providerAway_endsHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	_, csrf, _ := w.server.Sessions().Load(t.Context(), w.cookie(b))
	w.upstream.Close()
	w.server.upstreamOf(string(Patient)).found.Store(nil)
	expect(t, "location", b.post(w.base+"/oauth/logout", url.Values{FieldCSRF: {csrf}}).header.Get("Location"), "/")
	expect(t, "cookie", w.cookie(b), "")
}
