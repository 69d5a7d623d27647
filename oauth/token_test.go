package oauth

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

func (w *world) refresh(token string) answer {
	w.t.Helper()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
	return w.browser().post(w.base+tokenPath, form, basic("app", appSecret))
}

func (w *world) lives(token string) bool {
	w.t.Helper()
	_, err := w.server.Introspect(w.t.Context(), token)
	return err == nil
}

const offline = "openid patient.read offline_access"

func TestRefresh_rotates(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		first := w.appTokens(offline)
		second := w.refresh(text(first, "refresh_token")).json(t)
		if text(second, "refresh_token") == "" || text(second, "refresh_token") == text(first, "refresh_token") {
			t.Fatalf("no new refresh token: %v", second)
		}
		expect(t, "old access token", w.lives(text(first, "access_token")), false)
		expect(t, "new access token", w.lives(text(second, "access_token")), true)
		who, _ := w.server.Introspect(t.Context(), text(second, "access_token"))
		expect(t, "scopes", who.Scopes, []string{"patient.read"})
	})
}

// RFC 9700 section 4.14.2: whoever shows a used refresh token, thief or owner, the family ends.
func TestRefresh_reuse_endsTheFamily(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		first := w.appTokens(offline)
		second := w.refresh(text(first, "refresh_token")).json(t)
		expect(t, "reuse", w.refresh(text(first, "refresh_token")).json(t)["error"], "invalid_grant")
		expect(t, "access token of the family", w.lives(text(second, "access_token")), false)
		expect(t, "refresh token of the family", w.refresh(text(second, "refresh_token")).json(t)["error"], "invalid_grant")
		expect(t, "reuse again", w.refresh(text(first, "refresh_token")).json(t)["error"], "invalid_grant")
	})
}

func TestRefresh_sixteenAtOnce_oneWins(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		token := text(w.appTokens(offline), "refresh_token")
		counts := parallel(16, func() int { return w.refresh(token).status })
		expect(t, "statuses", counts, map[int]int{http.StatusOK: 1, http.StatusBadRequest: 15})
	})
}

// I23: four hours after the login nothing is refreshed any more.
func TestRefresh_fourHoursAfterLogin_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	token := text(w.appTokens(offline), "refresh_token")
	w.clock.advance(grantLife - time.Minute)
	next := w.refresh(token).json(t)
	w.clock.advance(time.Minute)
	expect(t, "error", w.refresh(text(next, "refresh_token")).json(t)["error"], "invalid_grant")
}

// A refresh token or a code is no access token.
func TestIntrospect_otherSecrets_areRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	a := askFor("app", appRedirect, offline)
	code := w.code(a)
	expect(t, "code", w.lives(code), false)
	tokens := w.exchange(a, code, a.verifier).json(t)
	access := text(tokens, "access_token")
	expect(t, "access token", w.lives(access), true)
	for name, token := range map[string]string{
		"refresh token": text(tokens, "refresh_token"), "id token": text(tokens, "id_token"), "nothing": "",
		"changed": "A" + access[1:], "half": access[:20], "dot": ".", "signature only": access[43:],
	} {
		expect(t, name, w.lives(token), false)
	}
}

// A client that is withdrawn stops at once.
func TestIntrospect_withdrawnClient_isRefused(t *testing.T) {
	t.Parallel()
	clients := testClients(t)
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.Clients = clients })
	access := text(w.appTokens("patient.read"), "access_token")
	expect(t, "before", w.lives(access), true)
	delete(clients, "app")
	expect(t, "after", w.lives(access), false)
}

func (w *world) credentials(change ...func(*http.Request)) answer {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"episode.close"}}
	return w.browser().post(w.base+tokenPath, form, change...)
}

// I57, I247: a clinic's system gets a token bound to its FINESS.
func TestCredentials_bySecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	token := text(w.credentials(basic("sih", sihSecret)).json(t), "access_token")
	who, err := w.server.Introspect(t.Context(), token)
	expect(t, "error", err, nil)
	type plain Identity
	expect(t, "identity", plain(who), plain(Identity{
		Kind: Application, Subject: "sih", Name: "Clinique", FINESS: "750000001", Scopes: []string{"episode.close"},
	}))
	for name, auth := range map[string]func(*http.Request){
		"wrong secret":            basic("sih", "wrong"),
		"no secret":               basic("sih", ""),
		"unknown client":          basic("nobody", sihSecret),
		"client with keys":        basic("sih-key", ""),
		"client of short cuts":    basic(shortCutClient, ""),
		"hash instead of secret":  basic("sih", string(HashSecret(sihSecret))),
		"secret of another":       basic("sih", appSecret),
		"no authorization at all": func(*http.Request) {},
	} {
		got := w.credentials(auth)
		if got.status == http.StatusOK {
			t.Errorf("%s: got a token", name)
		}
	}
	expect(t, "status of a wrong secret", w.credentials(basic("sih", "wrong")).status, http.StatusUnauthorized)
	expect(t, "person's client", w.credentials(basic("app", appSecret)).json(t)["error"], "invalid_scope")
}

// RFC 6749 section 5.2: an answer 401 says how to authenticate; no other answer does.
func TestClientEndpoints_unauthorized_challenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for _, path := range []string{tokenPath, introspectPath, revokePath} {
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {"episode.close"}, "token": {"a.b"}}
		refused := w.browser().post(w.base+path, form, basic("sih", "wrong"))
		expect(t, path+": status", refused.status, http.StatusUnauthorized)
		expect(t, path+": challenge", refused.header.Get("WWW-Authenticate"), `Basic realm="mesbridge", charset="UTF-8"`)
		taken := w.browser().post(w.base+path, form, basic("sih", sihSecret))
		expect(t, path+": status with the secret", taken.status, http.StatusOK)
		expect(t, path+": challenge with the secret", taken.header.Values("WWW-Authenticate"), []string(nil))
	}
}

func TestToken_otherGrants_areRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for _, grant := range []string{"password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"} {
		form := url.Values{"grant_type": {grant}, "username": {"u"}, "password": {"p"}, "assertion": {"x"}}
		expect(t, grant, w.browser().post(w.base+tokenPath, form, basic("app", appSecret)).json(t)["error"], "unsupported_grant_type")
	}
}

// assertion signs a client assertion; change may spoil it.
func (w *world) assertion(change func(map[string]any)) url.Values {
	w.t.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": "sih-key", "sub": "sih-key", "aud": w.base, "jti": randomText(),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	if change != nil {
		change(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: sihKey(), KeyID: "k1"},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {"episode.close"}, "client_assertion": {signed},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func TestCredentials_byAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	set := func(name string, v any) func(map[string]any) { return func(c map[string]any) { c[name] = v } }
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   int
	}{
		"issuer as audience":         {nil, http.StatusOK},
		"token endpoint as audience": {set("aud", []string{w.base + tokenPath}), http.StatusOK},
		"other audience":             {set("aud", "https://other.example"), http.StatusUnauthorized},
		"other issuer":               {set("iss", "sih"), http.StatusUnauthorized},
		"other subject":              {set("sub", "sih"), http.StatusUnauthorized},
		"expired":                    {set("exp", time.Now().Add(-time.Minute).Unix()), http.StatusUnauthorized},
		"no expiry":                  {func(c map[string]any) { delete(c, "exp") }, http.StatusUnauthorized},
		"lives for years":            {set("exp", time.Now().AddDate(9, 0, 0).Unix()), http.StatusUnauthorized},
		"no id":                      {func(c map[string]any) { delete(c, "jti") }, http.StatusUnauthorized},
	} {
		got := w.browser().post(w.base+tokenPath, w.assertion(c.change))
		expect(t, name, got.status, c.want)
	}
}

func TestCredentials_assertionReplayed_isRefused(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		form := w.assertion(nil)
		counts := parallel(16, func() int { return w.browser().post(w.base+tokenPath, form).status })
		expect(t, "statuses", counts, map[int]int{http.StatusOK: 1, http.StatusUnauthorized: 15})
	})
}

func (w *world) introspection(token string, form url.Values, change ...func(*http.Request)) answer {
	w.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("token", token)
	return w.browser().post(w.base+introspectPath, form, change...)
}

// RFC 7662; a client learns about its own tokens, a resource server about all.
func TestIntrospection_endpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	token := text(w.credentials(basic("sih", sihSecret)).json(t), "access_token")
	for name, auth := range map[string]func(*http.Request){"itself": basic("sih", sihSecret), "resource server": basic("rs", rsSecret)} {
		got := w.introspection(token, nil, auth).json(t)
		expect(t, name+": active", got["active"], true)
		expect(t, name+": scope", got["scope"], "episode.close")
		expect(t, name+": finess", got["finess"], "750000001")
		expect(t, name+": client_id", got["client_id"], "sih")
	}
	inactive := `{"active":false}` + "\n"
	expect(t, "another client", w.introspection(token, nil, basic("app", appSecret)).body, inactive)
	expect(t, "unknown token", w.introspection("a.b", nil, basic("rs", rsSecret)).body, inactive)
	byKey := w.assertion(nil)
	expect(t, "by assertion", w.introspection(token, byKey).body, inactive)
	expect(t, "wrong secret", w.introspection(token, nil, basic("rs", "x")).status, http.StatusUnauthorized)
	expect(t, "public client", w.introspection(token, url.Values{"client_id": {"phone"}}).status, http.StatusUnauthorized)
}

func TestRevocation_endpoint(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		tokens := w.appTokens(offline)
		revoke := func(token string, auth func(*http.Request)) int {
			return w.browser().post(w.base+revokePath, url.Values{"token": {token}}, auth).status
		}
		expect(t, "by another client", revoke(text(tokens, "refresh_token"), basic("sih", sihSecret)), http.StatusBadRequest)
		expect(t, "still alive", w.lives(text(tokens, "access_token")), true)
		expect(t, "unknown token", revoke("a.b", basic("app", appSecret)), http.StatusOK)
		expect(t, "own", revoke(text(tokens, "refresh_token"), basic("app", appSecret)), http.StatusOK)
		expect(t, "access token", w.lives(text(tokens, "access_token")), false)
		expect(t, "refresh token", w.refresh(text(tokens, "refresh_token")).status, http.StatusBadRequest)
	})
}
