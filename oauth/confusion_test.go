package oauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/conversations/redisstore/redistest"
)

// forgery is a header for a token and how it is signed.
type forgery struct {
	header map[string]any
	sign   func(input string) []byte
}

// forge makes a token by hand, as no library would.
func (f forgery) forge(t *testing.T, claims map[string]any) string {
	t.Helper()
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := encode(f.header) + "." + encode(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(f.sign(input))
}

func hs256(secret []byte) func(string) []byte {
	return func(input string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
}

// forgeries are the ways to confuse who reads a token (RFC 8725): alg is the right algorithm, key the right key's
// public half and kid its name. mallory is the attacker's key.
func forgeries(t *testing.T, alg jose.SignatureAlgorithm, kid string, key any) map[string]forgery {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mallory := newKey()
	public := jose.JSONWebKey{Key: mallory.Public(), KeyID: kid}
	own := func(input string) []byte { return signES256(t, mallory, input) }
	nothing := func(string) []byte { return nil }
	return map[string]forgery{
		"none":                   {map[string]any{"alg": "none", "kid": kid}, nothing},
		"None":                   {map[string]any{"alg": "None", "kid": kid}, nothing},
		"no algorithm":           {map[string]any{"kid": kid}, nothing},
		"HS256, public key, PEM": {map[string]any{"alg": "HS256", "kid": kid}, hs256(asPEM)},
		"HS256, public key, DER": {map[string]any{"alg": "HS256", "kid": kid}, hs256(der)},
		"HS256, empty key":       {map[string]any{"alg": "HS256", "kid": kid}, hs256(nil)},
		"another's signature":    {map[string]any{"alg": "ES256", "kid": kid}, own},
		"foreign kid":            {map[string]any{"alg": "ES256", "kid": "foreign"}, own},
		"kid of a path":          {map[string]any{"alg": "ES256", "kid": "../../dev/null"}, own},
		"jwk":                    {map[string]any{"alg": "ES256", "kid": kid, "jwk": public}, own},
		"jku":                    {map[string]any{"alg": "ES256", "kid": kid, "jku": "http://127.0.0.1:9/keys"}, own},
		"x5u":                    {map[string]any{"alg": "ES256", "kid": kid, "x5u": "http://127.0.0.1:9/cert"}, own},
		"x5c":                    {map[string]any{"alg": "ES256", "kid": kid, "x5c": []string{"MIIB"}}, own},
		"crit":                   {map[string]any{"alg": string(alg), "kid": kid, "crit": []string{"exp"}}, own},
		"b64":                    {map[string]any{"alg": string(alg), "kid": kid, "b64": false}, own},
		"typ of an access token": {map[string]any{"alg": string(alg), "kid": kid, "typ": "logout+jwt"}, own},
		"typ that is no text":    {map[string]any{"alg": string(alg), "kid": kid, "typ": 7}, own},
	}
}

// honest are the same confusions around a signature that is right: what they ask for must not be passed over.
func honest(alg jose.SignatureAlgorithm, kid string, sign func(header map[string]any) string) map[string]string {
	all := map[string]string{}
	for name, extra := range map[string]any{
		"jwk": map[string]any{"kty": "oct", "k": "AA"}, "jku": "https://other.example/keys", "x5u": "https://other.example/c", "x5c": []string{"MIIB"},
		"crit": []string{"exp"}, "b64": true, "zip": "DEF", "typ": "at+jwt-or-so",
	} {
		all["right signature and "+name] = sign(map[string]any{"alg": string(alg), "kid": kid, name: extra})
	}
	return all
}

// JWT confusion at the client's assertion (RFC 7523, RFC 8725).
func TestConfusion_clientAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	claims := func() map[string]any {
		return map[string]any{
			"iss": "sih-key", "sub": "sih-key", "aud": w.base, "jti": randomText(), "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(),
		}
	}
	try := func(assertion string) answer {
		return w.browser().post(w.base+tokenPath, url.Values{
			"grant_type": {"client_credentials"}, "scope": {"episode.close"}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		})
	}
	right := func(header map[string]any) string {
		return forgery{header, ofClinic(t)}.forge(t, claims())
	}
	if got := try(right(map[string]any{"alg": "ES256", "kid": "k1", "typ": "JWT"})); got.status != http.StatusOK {
		t.Fatalf("the honest one: %d %s", got.status, got.body)
	}
	all := honest(jose.ES256, "k1", right)
	for name, f := range forgeries(t, jose.ES256, "k1", sihKey().Public()) {
		all[name] = f.forge(t, claims())
	}
	for name, spoil := range map[string]func(map[string]any){
		"for another server": func(c map[string]any) { c["aud"] = "https://other.example/oauth/token" },
		"of another client":  func(c map[string]any) { c["iss"] = "sih" },
		"about another":      func(c map[string]any) { c["sub"] = "sih" },
		"without a number":   func(c map[string]any) { delete(c, "jti") },
		"expired":            func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() },
	} {
		c := claims()
		spoil(c)
		all[name] = forgery{map[string]any{"alg": "ES256", "kid": "k1"}, ofClinic(t)}.forge(t, c)
	}
	all["no token at all"], all["two parts"], all["five parts"] = "x", "x.y", "a.b.c.d.e"
	for name, assertion := range all {
		if got := try(assertion); got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	once := right(map[string]any{"alg": "ES256", "kid": "k1"})
	expect(t, "first", try(once).status, http.StatusOK)
	expect(t, "replay", try(once).status, http.StatusUnauthorized)
}

// ofClinic signs with the registered key.
func ofClinic(t *testing.T) func(string) []byte {
	t.Helper()
	return func(input string) []byte { return signES256(t, sihKey(), input) }
}

// The same at the exchange of tokens: subject and actor.
func TestConfusion_exchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for name, f := range forgeries(t, jose.RS256, "up", testKey().Public()) {
		got := w.swap(exchangeForm(typeIDToken, f.forge(t, w.pscID())))
		expect(t, "ID token, "+name, got.status, http.StatusBadRequest)
		claims := w.pscAccess()
		w.vouch(claims, nil) // the provider itself is deceived
		got = w.swap(exchangeForm(typeAccessToken, f.forge(t, claims)))
		expect(t, "access token, "+name, got.status, http.StatusBadRequest)
	}
	right := func(header map[string]any) string {
		return forgery{header, signRS256(t, testKey())}.forge(t, w.pscID())
	}
	expect(t, "honest", w.swap(exchangeForm(typeIDToken, right(map[string]any{"alg": "RS256", "kid": "up", "typ": "JWT"}))).status, http.StatusOK)
	for name, token := range honest(jose.RS256, "up", right) {
		expect(t, name, w.swap(exchangeForm(typeIDToken, token)).status, http.StatusBadRequest)
	}
	claims := w.pscAccess()
	w.vouch(claims, nil)
	form := changed(exchangeForm(typeAccessToken, w.upstream.sign(claims)), "actor_token_type", typeJWT)
	about := map[string]any{"iss": "editor", "aud": w.base, "exp": time.Now().Add(time.Minute).Unix()}
	for name, f := range forgeries(t, jose.ES256, "a1", sihKey().Public()) {
		expect(t, "actor, "+name, w.swap(changed(form, "actor_token", f.forge(t, about))).status, http.StatusBadRequest)
	}
}

// Request objects do not exist here, however they are signed: none has any effect, and the client is told.
func TestConfusion_requestObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	inside := map[string]any{"scope": "openid patient.reply", "redirect_uri": "https://evil.example/", "client_id": "app", "state": "another-state-of-somebody"}
	for name, f := range forgeries(t, jose.RS256, "k", testKey().Public()) {
		a := askFor("app", appRedirect, "openid patient.read").with("request", f.forge(t, inside))
		to := b.get(w.authorizeURL(a)).location()
		expect(t, name, to.Query().Get("error"), "request_not_supported")
		expect(t, name+": host", to.Host, "app.example")
		expect(t, name+": state", to.Query().Get("state"), "state-of-the-client")
		pushed := w.push(a)
		expect(t, name+", pushed", pushed.status, http.StatusBadRequest)
	}
}

// The logout and the authorization take ID tokens of ours alone as hints.
func TestConfusion_hint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	claims := map[string]any{"iss": w.base, "aud": "app", "sub": patientSubject, "exp": time.Now().Add(time.Minute).Unix()}
	kid := w.server.keySet.Keys[0].KeyID
	for name, f := range forgeries(t, jose.RS256, kid, testKey().Public()) {
		hint := f.forge(t, claims)
		got := b.get(w.base + endSessionPath + "?" + url.Values{"id_token_hint": {hint}}.Encode())
		expect(t, "logout, "+name, got.errorCode(t), RequestInvalid)
		to := b.get(w.authorizeURL(askFor("app", appRedirect, "openid").with("id_token_hint", hint))).location()
		expect(t, "authorization, "+name, to.Query().Get("error"), "invalid_request")
	}
	expect(t, "session", w.cookie(b) != "", true)
	if _, _, err := w.server.Sessions().Load(t.Context(), w.cookie(b)); err != nil {
		t.Error("a forged hint ended the session")
	}
}
