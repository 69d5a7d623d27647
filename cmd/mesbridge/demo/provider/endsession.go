package provider

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// endSession is the RP-initiated logout (I27). Nobody stays logged in here, so there is nothing to
// end: it checks what the client sends as a real provider would, and sends the person back.
func (rl *realm) endSession(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back := query.Get("post_logout_redirect_uri")
	switch {
	case !rl.isHint(query.Get("id_token_hint")):
		rl.show(w, http.StatusBadRequest, "", page{Fault: "La demande de déconnexion n’est pas valable."})
		return
	case back == "":
		rl.show(w, http.StatusOK, "", page{Done: true})
		return
	case !slices.Contains(rl.client.PostLogoutURIs, back):
		rl.show(w, http.StatusBadRequest, "", page{Fault: "L’adresse de retour n’est pas reconnue."})
		return
	}
	target, err := url.Parse(back)
	if err != nil {
		rl.show(w, http.StatusBadRequest, "", page{Fault: "L’adresse de retour est illisible."})
		return
	}
	if state := query.Get("state"); state != "" {
		values := target.Query()
		values.Set("state", state)
		target.RawQuery = values.Encode()
	}
	http.Redirect(w, r, target.String(), http.StatusSeeOther) //nolint:gosec // registered URIs only
}

// isHint tells whether the hint is an ID token of this realm, expired or not. Its key signs for one
// issuer and one client only, so the signature says it all.
func (rl *realm) isHint(hint string) bool {
	token, err := jwt.ParseSigned(hint, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(rl.key.Algorithm)})
	if err != nil {
		return false
	}
	return token.Claims(rl.key.Public(), &jwt.Claims{}) == nil
}
