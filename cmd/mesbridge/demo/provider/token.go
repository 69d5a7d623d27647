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
	g, code := rl.granted(r.PostForm, client)
	if code != "" {
		fault(w, http.StatusBadRequest, code)
		return
	}
	access, err := rl.accessToken(g)
	if err != nil {
		fault(w, http.StatusInternalServerError, "server_error")
		return
	}
	id, err := rl.idToken(g, access)
	if err == nil {
		id, err = rl.wrapped(r.Context(), id)
	}
	if err != nil {
		fault(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenLife / time.Second), "id_token": id,
	}
	if rl.renew != nil {
		answer["refresh_token"], answer["refresh_expires_in"] = rl.renew.give(g), int(renewLife/time.Second)
	}
	writeJSON(w, http.StatusOK, answer)
}

// granted takes a code or a refresh token that was given to this client. It gives what it stands for, or an error code of RFC 6749 section 5.2.
func (rl *realm) granted(form url.Values, client string) (grant, string) {
	switch form.Get("grant_type") {
	case "authorization_code":
		g, ok := rl.codes.take(form.Get("code"))
		if !ok || g.client != client || form.Get("redirect_uri") != g.redirectURI || !g.verifies(form.Get("code_verifier")) {
			return grant{}, "invalid_grant"
		}
		return g, ""
	case "refresh_token":
		if rl.renew == nil {
			return grant{}, "unsupported_grant_type"
		}
		g, ok := rl.renew.take(form.Get("refresh_token"))
		if !ok || g.client != client {
			return grant{}, "invalid_grant"
		}
		return g, ""
	}
	return grant{}, "unsupported_grant_type"
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
	claims := map[string]any{
		"iss": rl.issuer, "sub": g.person.Sub, "aud": g.client, "azp": g.client, "typ": "ID",
		"iat": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "auth_time": g.pickedAt.Unix(),
		"nonce": g.nonce, "acr": acr, "at_hash": base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]),
	}
	if acr == "" {
		delete(claims, "acr")
	}
	return jwt.Signed(rl.signer).Claims(claims).Serialize()
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
	if !rl.encrypts() {
		writeJSON(w, http.StatusOK, claims)
		return
	}
	claims["iss"], claims["aud"] = rl.issuer, rl.client.ID
	signed, err := jwt.Signed(rl.signer).Claims(claims).Serialize()
	if err == nil {
		signed, err = rl.wrapped(r.Context(), signed)
	}
	if err != nil {
		fault(w, http.StatusInternalServerError, "server_error")
		return
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte(signed)) // the client left
}
