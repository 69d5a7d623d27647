package provider

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// accessToken gives an access token. For professionals it is a JWT, as Pro Santé Connect's are: Keycloak marks them
// by the claim typ and tells the client in azp.
func (rl *realm) accessToken(g grant) (string, error) {
	if rl.kind != Professional {
		return rl.tokens.give(g), nil
	}
	now := rl.now()
	token, err := jwt.Signed(rl.signer).Claims(map[string]any{
		"iss": rl.issuer, "sub": g.person.Sub, "azp": g.client, "typ": "Bearer", "acr": rl.acrOf(g.person), "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "auth_time": g.pickedAt.Unix(), "scope": "openid scope_all",
	}).Serialize()
	if err == nil {
		rl.tokens.keep(token, g)
	}
	return token, err
}

// acrOf is the level of a login.
func (rl *realm) acrOf(p Person) string {
	if acr, ok := p.Claims["acr"].(string); ok {
		return acr
	}
	return rl.acr
}

// introspect tells the bridge about an access token of any client (I26, RFC 7662).
func (rl *realm) introspect(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		fault(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if id, known := rl.authenticated(r); !known || id != rl.client.ID {
		w.Header().Set("WWW-Authenticate", "Basic")
		fault(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	g, until, living := rl.tokens.until(r.PostForm.Get("token"))
	if !living {
		writeJSON(w, http.StatusOK, map[string]any{"active": false})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"active": true, "iss": rl.issuer, "sub": g.person.Sub, "typ": "Bearer", "azp": g.client, "client_id": g.client,
		"acr": rl.acrOf(g.person), "scope": "openid scope_all", "auth_time": g.pickedAt.Unix(),
		"iat": until.Add(-tokenLife).Unix(), "exp": until.Unix(), "SubjectNameID": g.person.Claims["SubjectNameID"],
	})
}

// until is look with the end of the secret.
func (gs *grants) until(secret string) (grant, time.Time, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	h, ok := gs.all[secret]
	return h.grant, h.until, ok && gs.now().Before(h.until)
}
