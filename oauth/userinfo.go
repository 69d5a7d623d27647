package oauth

import (
	"errors"
	"net/http"
	"strings"
)

// userInfo is what the endpoint of that name tells (OpenID Connect Core section 5.3), each member by its
// scope: openid gives who the token stands for and how strongly and as what that person logged in, profile
// adds the name. Everything is what the token carries already (I247).
type userInfo struct {
	Subject  string `json:"sub"`
	ACR      string `json:"acr,omitempty"`
	Exercise string `json:"exercise,omitempty"`
	Name     string `json:"name,omitempty"` // with the scope profile
}

// The challenges of RFC 6750 section 3 to who calls the endpoint of the userinfo.
const (
	bearerAbsent    = `Bearer realm="mesbridge"` //nolint:gosec // a challenge, not a secret
	bearerInvalid   = bearerAbsent + `, error="invalid_token"`
	bearerDouble    = bearerAbsent + `, error="invalid_request"`
	bearerWithoutID = bearerAbsent + `, error="insufficient_scope", scope="openid"`
)

// serveUserInfo tells the client about the person behind an access token with the scope openid.
func (s *Server) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	token, twice := bearerOf(r)
	switch {
	case twice:
		challenge(w, http.StatusBadRequest, bearerDouble)
		return
	case token == "":
		challenge(w, http.StatusUnauthorized, bearerAbsent)
		return
	}
	request, err := s.lookUp(r.Context(), token)
	if errors.Is(err, ErrUnavailable) {
		s.refuse(r.Context(), w, nil, err)
		return
	}
	if err != nil || !boundTo(request, peerOf(r)) {
		challenge(w, http.StatusUnauthorized, bearerInvalid)
		return
	}
	if !request.GetGrantedScopes().Has(scopeOpenID) {
		challenge(w, http.StatusForbidden, bearerWithoutID)
		return
	}
	who := identityOf(request)
	about := userInfo{Subject: who.Subject, ACR: who.ACR, Exercise: who.Exercise}
	if request.GetGrantedScopes().Has(scopeProfile) {
		about.Name = who.Name
	}
	writeJSON(w, about)
}

// bearerOf gives the token of a request, in the header or in the form of a POST (RFC 6750 sections 2.1 and
// 2.2); never in the URL, where logs keep it. twice tells that it came in both ways, or several times.
func bearerOf(r *http.Request) (token string, twice bool) {
	fields := r.Header.Values("Authorization")
	if len(fields) > 1 {
		return "", true
	}
	if len(fields) == 1 {
		if scheme, rest, _ := strings.Cut(fields[0], " "); strings.EqualFold(scheme, "Bearer") {
			token = strings.TrimSpace(rest)
		}
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return token, false
	}
	inForm := r.PostForm["access_token"]
	switch {
	case len(inForm) > 1 || len(inForm) == 1 && len(fields) == 1:
		return "", true
	case len(inForm) == 1:
		return inForm[0], false
	}
	return token, false
}

func challenge(w http.ResponseWriter, status int, text string) {
	w.Header().Set("WWW-Authenticate", text)
	w.WriteHeader(status)
}
