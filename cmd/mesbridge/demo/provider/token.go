package provider

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// token exchanges a code for an access token and an ID token (OpenID Connect Core section 3.1.3).
func (rl *realm) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		fault(w, http.StatusBadRequest, "invalid_request")
		return
	}
	client, known := rl.authenticated(r)
	if !known {
		w.Header().Set("WWW-Authenticate", "Basic")
		fault(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		fault(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	g, ok := rl.codes.take(r.PostForm.Get("code"))
	if !ok || g.client != client || r.PostForm.Get("redirect_uri") != g.redirectURI || !g.verifies(r.PostForm.Get("code_verifier")) {
		fault(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	access, err := rl.accessToken(g)
	if err != nil {
		fault(w, http.StatusInternalServerError, "server_error")
		return
	}
	id, err := rl.idToken(g, access)
	if err != nil {
		fault(w, http.StatusInternalServerError, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenLife / time.Second), "id_token": id,
	})
}

// authenticated tells which client sent a request, by client_secret_basic, whose parts are form-encoded (RFC
// 6749 section 2.3.1), or client_secret_post.
func (rl *realm) authenticated(r *http.Request) (id string, ok bool) {
	id, secret, basic := r.BasicAuth()
	if basic {
		var errID, errSecret error
		id, errID = url.QueryUnescape(id)
		secret, errSecret = url.QueryUnescape(secret)
		if errID != nil || errSecret != nil {
			return "", false
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	client, known := rl.registered(id)
	return id, known && same(secret, client.Secret)
}

// idToken signs who was picked, when, how strongly, and which access token goes with it.
func (rl *realm) idToken(g grant, access string) (string, error) {
	now, acr := rl.now(), rl.acrOf(g.person)
	// Both signature algorithms of this package hash with SHA-256, so at_hash does too.
	sum := sha256.Sum256([]byte(access))
	return jwt.Signed(rl.signer).Claims(map[string]any{
		"iss": rl.issuer, "sub": g.person.Sub, "aud": g.client, "azp": g.client, "typ": "ID",
		"iat": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "auth_time": g.pickedAt.Unix(),
		"nonce": g.nonce, "acr": acr, "at_hash": base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]),
	}).Serialize()
}

// userInfo tells more about the person whom the access token stands for.
func (rl *realm) userInfo(w http.ResponseWriter, r *http.Request) {
	access, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g, known := rl.tokens.look(access)
	if !ok || !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		fault(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	claims := maps.Clone(g.person.Claims)
	if claims == nil {
		claims = map[string]any{}
	}
	delete(claims, "acr")
	claims["sub"], claims["name"] = g.person.Sub, g.person.Name
	writeJSON(w, http.StatusOK, claims)
}
