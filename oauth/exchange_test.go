package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// subjectLife is how long the provider's access token still lives in the tests; Pro Santé Connect gives two minutes
// (I23).
const subjectLife = 90 * time.Second

// pscAccess are the claims of an access token that the editor's software got, as Keycloak writes them.
func (w *world) pscAccess() map[string]any {
	now := w.clock.now()
	return map[string]any{
		"iss": w.upstream.URL, "sub": "upstream-sub", "azp": "editor-at-psc", "typ": "Bearer", "acr": "eidas1",
		"iat": now.Add(-time.Second).Unix(), "exp": now.Add(subjectLife).Unix(), "auth_time": now.Add(-time.Minute).Unix(),
	}
}

// pscID are those of its ID token.
func (w *world) pscID() map[string]any {
	claims := w.pscAccess()
	claims["typ"], claims["aud"], claims["SubjectNameID"] = "ID", "editor-at-psc", proSubject
	return claims
}

// vouch has the provider's introspection know an access token with these claims, changed.
func (w *world) vouch(claims map[string]any, change func(map[string]any)) {
	told := map[string]any{"active": true, "client_id": "editor-at-psc", "SubjectNameID": proSubject}
	for k, v := range claims {
		told[k] = v
	}
	if change != nil {
		change(told)
	}
	w.upstream.tell(told)
}

func exchangeForm(kind, token string) url.Values {
	return url.Values{
		"grant_type": {exchangeGrant}, "client_id": {"editor"}, "subject_token": {token}, "subject_token_type": {kind}, "scope": {"thread.read"},
	}
}

func (w *world) swap(form url.Values) answer {
	w.t.Helper()
	return w.showing(&pki().editor).post(w.mtls+tokenPath, form)
}

// I52 to I54: an access token of Pro Santé Connect becomes one of ours, bound to the certificate and no longer alive.
func TestExchange_accessToken(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		for _, kind := range []string{typeAccessToken, typeJWT} {
			claims := w.pscAccess()
			w.vouch(claims, nil)
			got := w.swap(exchangeForm(kind, w.upstream.sign(claims)))
			if got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			answer := got.json(t)
			expect(t, "issued type", answer["issued_token_type"], typeAccessToken)
			expect(t, "scope", answer["scope"], "thread.read")
			expect(t, "refresh token", answer["refresh_token"], nil)
			if left, _ := answer["expires_in"].(float64); left < 60 || left > subjectLife.Seconds() {
				t.Errorf("it lives for %v seconds, the provider's for %v", left, subjectLife)
			}
			token := text(answer, "access_token")
			who, err := w.server.IntrospectOver(t.Context(), token, pki().editor.Leaf)
			expect(t, "error", err, nil)
			type plain Identity
			expect(t, "identity (I247)", plain(who), plain(Identity{
				Kind: Professional, Subject: proSubject, Name: proName, ACR: "eidas1", Scopes: []string{"thread.read"},
			}))
			expect(t, "without the certificate", w.lives(token), false)
			about := w.browser().post(w.base+introspectPath, url.Values{"token": {token}}, basic("rs", rsSecret)).json(t)
			expect(t, "act", about["act"], map[string]any{"sub": "editor"})
			expect(t, "cnf", about["cnf"], map[string]any{"x5t#S256": thumbprint(pki().editor.Leaf)})
			expect(t, "acr", about["acr"], "eidas1")
		}
		w.clock.advance(subjectLife + time.Second)
	})
}

func TestExchange_idToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	got := w.swap(exchangeForm(typeIDToken, w.upstream.sign(w.pscID())))
	expect(t, "status", got.status, http.StatusOK)
	who, err := w.server.IntrospectOver(t.Context(), text(got.json(t), "access_token"), pki().editor.Leaf)
	expect(t, "error", err, nil)
	expect(t, "person", who.Subject, proSubject)
}

// An access token that is no JWT is the provider's to judge.
func TestExchange_opaqueToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	w.vouch(w.pscAccess(), nil)
	expect(t, "status", w.swap(exchangeForm(typeAccessToken, "opaque")).status, http.StatusOK)
	w.vouch(w.pscAccess(), func(c map[string]any) { c["active"] = false })
	expect(t, "ended", w.swap(exchangeForm(typeAccessToken, "opaque")).status, http.StatusBadRequest)
}

// Every refusal of the request by itself, in the codes of RFC 8693 section 2.2.2 and RFC 6749 section 5.2.
func TestExchange_refusedRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	claims := w.pscAccess()
	w.vouch(claims, nil)
	good := exchangeForm(typeAccessToken, w.upstream.sign(claims))
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"no token":            {changed(good, "subject_token", ""), "invalid_request"},
		"no type":             {changed(good, "subject_token_type", ""), "invalid_request"},
		"SAML":                {changed(good, "subject_token_type", "urn:ietf:params:oauth:token-type:saml2"), "invalid_request"},
		"refresh token":       {changed(good, "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"},
		"wants a refresh":     {changed(good, "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"},
		"no scope (I52)":      {changed(good, "scope", ""), "invalid_request"},
		"scope of nobody":     {changed(good, "scope", "episode.close"), "invalid_scope"},
		"scope not held":      {changed(good, "scope", "thread.write"), "invalid_scope"},
		"offline access":      {changed(good, "scope", "thread.read offline_access"), "invalid_scope"},
		"for another server":  {changed(good, "audience", "https://other.example"), "invalid_target"},
		"for another place":   {changed(good, "resource", "https://other.example/api"), "invalid_target"},
		"actor without type":  {changed(good, "actor_token", "x"), "invalid_request"},
		"type without actor":  {changed(good, "actor_token_type", typeJWT), "invalid_request"},
		"two subjects":        {url.Values{"grant_type": good["grant_type"], "client_id": good["client_id"], "scope": good["scope"], "subject_token_type": good["subject_token_type"], "subject_token": {"a", "b"}}, "invalid_request"},
		"another grant":       {changed(good, "grant_type", exchangeGrant+" client_credentials"), "unsupported_grant_type"},
		"no certificate's":    {changed(good, "client_id", "app"), "invalid_client"},
		"a clinic's":          {changed(good, "client_id", "sih-tls"), "invalid_client"},
		"of a token of ours":  {changed(good, "subject_token", text(w.appTokens("openid patient.read"), "id_token")), "invalid_request"},
		"too long":            {changed(good, "subject_token", strings.Repeat("x", maxSubjectToken+1)), "invalid_request"},
		"for us":              {changed(good, "audience", w.base), ""},
		"for the API":         {changed(good, "resource", w.mtls+"/api/v1"), ""},
		"unknown ones beside": {changed(good, "unknown", "x"), ""},
	} {
		got := w.swap(c.form)
		code := text(got.json(t), "error")
		if code != c.want || (got.status == http.StatusOK) != (c.want == "") || got.status >= 500 {
			t.Errorf("%s: %d %s, want %q", name, got.status, got.body, c.want)
		}
	}
	other := w.showing(&pki().selfSigned).post(w.mtls+tokenPath, changed(good, "client_id", "sih-tls"))
	expect(t, "not registered for it", text(other.json(t), "error"), "unauthorized_client")
	expect(t, "over plain http", text(w.browser().post(w.base+tokenPath, good).json(t), "error"), "invalid_client")
}

// Every lie that the token, or what the provider says of it, may tell.
func TestExchange_refusedSubjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for name, c := range map[string]struct {
		kind string
		told func(map[string]any) // of the introspection
		lie  func(map[string]any) // in the token itself
	}{
		"not active (I53)":       {typeAccessToken, func(c map[string]any) { c["active"] = false }, nil},
		"of another client":      {typeAccessToken, func(c map[string]any) { c["client_id"] = "other" }, nil},
		"of another party":       {typeAccessToken, func(c map[string]any) { c["azp"] = "other" }, nil},
		"of no party":            {typeAccessToken, func(c map[string]any) { delete(c, "azp"); delete(c, "client_id") }, nil},
		"a refresh token":        {typeAccessToken, func(c map[string]any) { c["typ"] = "Refresh" }, nil},
		"an ID token as access":  {typeAccessToken, func(c map[string]any) { c["typ"] = "ID" }, nil},
		"expired there":          {typeAccessToken, func(c map[string]any) { c["exp"] = w.clock.now().Add(-time.Second).Unix() }, nil},
		"without an end":         {typeAccessToken, func(c map[string]any) { delete(c, "exp") }, nil},
		"not yet":                {typeAccessToken, func(c map[string]any) { c["nbf"] = w.clock.now().Add(time.Hour).Unix() }, nil},
		"of another issuer":      {typeAccessToken, func(c map[string]any) { c["iss"] = "https://other.example" }, nil},
		"about somebody else":    {typeAccessToken, func(c map[string]any) { c["sub"] = "other" }, nil},
		"level unknown (I22)":    {typeAccessToken, func(c map[string]any) { c["acr"] = "eidas0" }, nil},
		"of nobody we admit":     {typeAccessToken, func(c map[string]any) { c["sub"] = "unknown" }, func(c map[string]any) { c["sub"] = "unknown" }},
		"signed expired":         {typeAccessToken, nil, func(c map[string]any) { c["exp"] = w.clock.now().Add(-time.Hour).Unix() }},
		"signed elsewhere":       {typeJWT, nil, func(c map[string]any) { c["iss"] = "https://other.example" }},
		"ID of another client":   {typeIDToken, nil, func(c map[string]any) { c["aud"] = "other" }},
		"ID of the bridge":       {typeIDToken, nil, func(c map[string]any) { c["aud"] = "pro-client" }},
		"ID of two":              {typeIDToken, nil, func(c map[string]any) { c["aud"] = []string{"editor-at-psc", "other"} }},
		"ID of another party":    {typeIDToken, nil, func(c map[string]any) { c["azp"] = "other" }},
		"an access token as ID":  {typeIDToken, nil, func(c map[string]any) { c["typ"] = "Bearer" }},
		"ID of another issuer":   {typeIDToken, nil, func(c map[string]any) { c["iss"] = "https://other.example" }},
		"ID expired":             {typeIDToken, nil, func(c map[string]any) { c["exp"] = w.clock.now().Add(-time.Hour).Unix() }},
		"ID of the future":       {typeIDToken, nil, func(c map[string]any) { c["iat"] = w.clock.now().Add(time.Hour).Unix() }},
		"ID of a low level":      {typeIDToken, nil, func(c map[string]any) { c["acr"] = "0" }},
		"ID without a signature": {typeIDToken, nil, nil},
	} {
		claims := w.pscAccess()
		if c.kind == typeIDToken {
			claims = w.pscID()
		}
		w.vouch(claims, c.told)
		if c.lie != nil {
			c.lie(claims)
		}
		token := w.upstream.sign(claims)
		if name == "ID without a signature" {
			token = token[:strings.LastIndex(token, ".")+1]
		}
		got := w.swap(exchangeForm(c.kind, token))
		if got.status != http.StatusBadRequest || text(got.json(t), "error") != "invalid_request" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if strings.Contains(got.body, proSubject) || strings.Contains(got.body, proName) || strings.Contains(got.body, "upstream-sub") {
			t.Errorf("%s: the answer names somebody", name)
		}
	}
	w.upstream.tell(nil)
	got := w.swap(exchangeForm(typeAccessToken, w.upstream.sign(w.pscAccess())))
	expect(t, "the provider is away (D17)", got.status, http.StatusServiceUnavailable)
}

// physicianAt is what the userinfo tells of a physician who works in these structures (I40, I44).
func physicianAt(structures ...string) map[string]any {
	var places []any
	for _, id := range structures {
		places = append(places, map[string]any{"identifiantTechniqueDeLaStructure": id, "raisonSocialeSite": "Cabinet " + id})
	}
	return map[string]any{"sub": "upstream-sub", "SubjectRefPro": map[string]any{"exercices": []any{
		map[string]any{"codeProfession": "10", "activities": places},
	}}}
}

// actorToken is what the editor's software says of itself, changed.
func (w *world) actorToken(change func(map[string]any)) string {
	w.t.Helper()
	now := w.clock.now()
	claims := map[string]any{
		"iss": "editor", "sub": "editor", "aud": w.base, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"lps_nom": "Cabinet+", "lps_id": "LPS-1", "lps_version": "4.2", "situation_exercice": "10/R2",
	}
	if change != nil {
		change(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: sihKey(), KeyID: "a1"}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// I46, I55: who has several situations chooses one, in the editor's software, and the token says which and where.
func TestExchange_exerciseSituation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	w.upstream.userInfoFor(physicianAt("R1", "R2"))
	claims := w.pscAccess()
	w.vouch(claims, nil)
	form := exchangeForm(typeAccessToken, w.upstream.sign(claims))
	with := func(actor string) url.Values {
		return changed(changed(form, "actor_token", actor), "actor_token_type", typeJWT)
	}
	none := w.swap(form)
	expect(t, "several and none chosen", strings.HasPrefix(none.complaint(t), "invalid_request"), true)
	got := w.swap(with(w.actorToken(nil)))
	if got.status != http.StatusOK {
		t.Fatalf("chosen: %d %s", got.status, got.body)
	}
	token := text(got.json(t), "access_token")
	who, err := w.server.IntrospectOver(t.Context(), token, pki().editor.Leaf)
	expect(t, "error", err, nil)
	expect(t, "exercise in words", who.ExerciseName, "Médecin, Cabinet R2")
	expect(t, "exercises to choose from", len(who.Exercises), 0)
	about := w.browser().post(w.base+introspectPath, url.Values{"token": {token}}, basic("rs", rsSecret)).json(t)
	expect(t, "exercise", about["exercise"], "10/R2")
	expect(t, "national id", about["sub"], proSubject)
	expect(t, "act", about["act"], map[string]any{
		"sub": "editor", "lps_nom": "Cabinet+", "lps_id": "LPS-1", "lps_version": "4.2", "situation_exercice": "10/R2",
	})
	w.upstream.userInfoFor(physicianAt("R1"))
	only := w.swap(form)
	expect(t, "the only one", only.status, http.StatusOK)
	who, err = w.server.IntrospectOver(t.Context(), text(only.json(t), "access_token"), pki().editor.Leaf)
	expect(t, "error", err, nil)
	expect(t, "the only exercise", who.Exercise+": "+who.ExerciseName, "10/R1: Médecin, Cabinet R1")
	w.upstream.userInfoFor(physicianAt("R1", "R2"))
	for name, change := range map[string]func(map[string]any){
		"a situation of somebody else": func(c map[string]any) { c["situation_exercice"] = "10/R3" },
		"of another client":            func(c map[string]any) { c["iss"] = "sih" },
		"for another server":           func(c map[string]any) { c["aud"] = "https://other.example" },
		"for nobody":                   func(c map[string]any) { delete(c, "aud") },
		"expired":                      func(c map[string]any) { c["exp"] = w.clock.now().Add(-time.Hour).Unix() },
		"without an end":               func(c map[string]any) { delete(c, "exp") },
		"for a day":                    func(c map[string]any) { c["exp"] = w.clock.now().Add(24 * time.Hour).Unix() },
		"a name of several lines":      func(c map[string]any) { c["lps_nom"] = "a\nb" },
		"a long name":                  func(c map[string]any) { c["lps_nom"] = strings.Repeat("x", maxActorText+1) },
	} {
		got := w.swap(with(w.actorToken(change)))
		if got.status != http.StatusBadRequest || text(got.json(t), "error") != "invalid_request" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	expect(t, "of another type", w.swap(changed(with(w.actorToken(nil)), "actor_token_type", typeAccessToken)).status, http.StatusBadRequest)
}
