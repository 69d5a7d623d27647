package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// fakeUpstream is a provider that agrees at once and can be told to lie. Its discovery document is
// only at a path of its own, as Pro Santé Connect's (I14).
type fakeUpstream struct {
	*httptest.Server
	now func() time.Time

	mu       sync.Mutex
	asked    map[string]url.Values // by code: the authorization request
	codes    int
	logout   string
	claims   func(map[string]any) // changes the ID token's claims
	userInfo map[string]any
	answer   func(url.Values) // changes what the callback gets
	signing  falseKey
	spoken   map[string]any // what the introspection tells of any token; nil: it fails

	refreshed int  // renewals asked for
	refreshes bool // refresh tokens are given, and taken
	sealing   sealing
}

// sealing is how tokens are encrypted (I73); the zero value leaves them in clear.
type sealing struct {
	alg     jose.KeyAlgorithm
	enc     jose.ContentEncryption
	to      any
	inClear string
	on      bool
}

func (f *fakeUpstream) encrypt(alg jose.KeyAlgorithm, enc jose.ContentEncryption, to any, inClear string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealing = sealing{alg, enc, to, inClear, true}
}

// sealed encrypts a signed token, unless what it is stays in clear.
func (f *fakeUpstream) sealed(what, signed string) string {
	if f.sealing.to == nil || f.sealing.inClear == what {
		return signed
	}
	e, err := jose.NewEncrypter(f.sealing.enc, jose.Recipient{Algorithm: f.sealing.alg, Key: f.sealing.to}, nil)
	if err != nil {
		panic(err)
	}
	object, err := e.Encrypt([]byte(signed))
	if err != nil {
		panic(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// renew says whether refresh tokens are given and taken.
func (f *fakeUpstream) renew(yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refreshes = yes
}

func (f *fakeUpstream) renewals() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refreshed
}

// falseKey signs the ID tokens; the zero value is the honest RS256.
type falseKey struct {
	name jose.SignatureAlgorithm
	key  any
}

func newFakeUpstream(t *testing.T) *fakeUpstream {
	t.Helper()
	f := &fakeUpstream{
		asked: map[string]url.Values{}, now: time.Now, logout: "/logout",
		userInfo: map[string]any{"sub": "upstream-sub", "SubjectNameID": proSubject},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /odd/discovery", f.discovery)
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: testKey().Public(), KeyID: "up", Use: "sig", Algorithm: "RS256"}}})
	})
	mux.HandleFunc("GET /wallet", f.authorize)
	mux.HandleFunc("POST /token", f.token)
	mux.HandleFunc("POST /introspect", f.introspect)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.sealing.on || f.sealing.inClear == "userinfo" {
			writeJSON(w, f.userInfo)
			return
		}
		claims := maps.Clone(f.userInfo)
		claims["iss"], claims["aud"] = f.URL, "patient-client"
		w.Header().Set("Content-Type", "application/jwt")
		_, _ = w.Write([]byte(f.sealed("userinfo", f.sign(claims))))
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeUpstream) setting(clientID string) *Upstream {
	transport := &http.Transport{DisableKeepAlives: true}
	return &Upstream{
		Issuer: f.URL, DiscoveryURL: f.URL + "/odd/discovery", AuthorizeURL: f.URL + "/wallet",
		ClientID: clientID, ClientSecret: "s3cret", UserInfo: true, HTTPClient: &http.Client{Transport: transport},
	}
}

// discovery names an authorization endpoint that does not exist: the setting must win (I15).
func (f *fakeUpstream) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/wrong", "token_endpoint": f.URL + "/token",
		"userinfo_endpoint": f.URL + "/userinfo", "jwks_uri": f.URL + "/keys", "end_session_endpoint": f.URL + f.logout,
		"introspection_endpoint":                         f.URL + "/introspect",
		"authorization_response_iss_parameter_supported": true,
	})
}

func (f *fakeUpstream) authorize(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes++
	code := "code-" + time.Duration(f.codes).String()
	f.asked[code] = r.URL.Query()
	back := url.Values{"code": {code}, "state": {r.URL.Query().Get("state")}, "iss": {f.URL}}
	if f.answer != nil {
		f.answer(back)
	}
	http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (f *fakeUpstream) token(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if r.PostFormValue("grant_type") == "refresh_token" {
		given := "refresh-" + strconv.Itoa(f.refreshed)
		f.refreshed++
		if !f.refreshes || secret != "s3cret" || r.PostFormValue("refresh_token") != given {
			w.Header().Set("Content-Type", "application/json") // before the status, or the library does not read the error
			w.WriteHeader(http.StatusBadRequest)
			writeJSON(w, map[string]string{"error": "invalid_grant"})
			return
		}
		f.answerTokens(w, id, url.Values{})
		return
	}
	asked, ok := f.asked[r.PostFormValue("code")]
	delete(f.asked, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != asked.Get("client_id") || secret != "s3cret" ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != asked.Get("code_challenge") {
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]string{"error": "invalid_grant"})
		return
	}
	f.answerTokens(w, id, asked)
}

// answerTokens gives the tokens of a code or of a refresh token; mu is held.
func (f *fakeUpstream) answerTokens(w http.ResponseWriter, id string, asked url.Values) {
	atHash := sha256.Sum256([]byte("upstream-access"))
	claims := map[string]any{
		"iss": f.URL, "sub": "upstream-sub", "aud": id, "azp": id, "nonce": asked.Get("nonce"), "acr": "EIDAS2",
		"iat": f.now().Unix(), "exp": f.now().Add(time.Minute).Unix(), "SubjectNameID": "",
		"at_hash": base64.RawURLEncoding.EncodeToString(atHash[:16]),
	}
	if f.claims != nil {
		f.claims(claims)
	}
	answer := map[string]any{
		"access_token": "upstream-access", "token_type": "Bearer", "expires_in": 120, "id_token": f.sealed("token", f.sign(claims)),
	}
	if f.refreshes {
		answer["refresh_token"], answer["refresh_expires_in"] = "refresh-"+strconv.Itoa(f.refreshed), 1800
	}
	writeJSON(w, answer)
}

func (f *fakeUpstream) sign(claims map[string]any) string {
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: testKey(), KeyID: "up"}}
	if f.signing.name != "" {
		key = jose.SigningKey{Algorithm: f.signing.name, Key: f.signing.key}
	}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		panic(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return token
}

// introspect answers the bridge's own client alone (I26).
func (f *fakeUpstream) introspect(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	switch {
	case id != "pro-client" || secret != "s3cret" || r.PostFormValue("token") == "":
		w.WriteHeader(http.StatusUnauthorized)
	case f.spoken == nil:
		w.WriteHeader(http.StatusInternalServerError)
	default:
		writeJSON(w, f.spoken)
	}
}

// tell sets what the introspection tells.
func (f *fakeUpstream) tell(claims map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.spoken = claims
}

// lie changes the claims of the ID tokens to come.
func (f *fakeUpstream) lie(change func(map[string]any)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims = change
}

// userInfoFor sets what the userinfo endpoint tells.
func (f *fakeUpstream) userInfoFor(claims map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.userInfo = claims
}
