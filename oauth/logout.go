package oauth

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// logout ends the session here first, or everywhere, and then, where the provider offers it, there (I27). A person
// without a session is sent home: nothing is left to end.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	names := s.sessions.cookies
	cookieValue := value(r, names.session())
	found, err := s.sessions.read(ctx, cookieValue) // also one whose exercise was never chosen
	switch {
	case err == nil && !same(r.PostFormValue(FieldCSRF), found.CSRF):
		s.pages.Error(w, r, http.StatusForbidden, ErrorData{Code: FormExpired, Retry: "/"})
		return
	case err == nil && r.PostFormValue(FieldScope) == ScopeEverywhere:
		err = s.EndEverywhere(ctx, found.Identity)
	case err == nil:
		err = s.sessions.end(ctx, cookieValue)
	}
	if errors.Is(err, ErrUnavailable) {
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: "/"})
		return
	}
	if err == nil && s.loggedOut != nil {
		s.loggedOut(ctx, found.Identity)
	}
	names.set(w, names.session(), "", -1)
	target := s.afterLogout(r, found)
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// afterLogout is the provider's end_session endpoint, or the start page when the provider has none
// or does not answer.
func (s *Server) afterLogout(r *http.Request, ended session) string {
	up := s.upstreamOf(ended.Identity.upstreamKey())
	if up == nil || ended.IDToken == "" {
		return "/"
	}
	remote, err := up.remote(r.Context())
	if err != nil || remote.endSession == "" {
		return "/"
	}
	target, err := url.Parse(remote.endSession)
	if err != nil {
		return "/"
	}
	// A provider cannot open what it encrypted for us (OpenID Connect Core 1.0, section 3.1.2.1).
	hint, err := up.open(ended.IDToken)
	if err != nil {
		return "/"
	}
	query := target.Query()
	query.Set("id_token_hint", hint)
	query.Set("client_id", up.ClientID)
	query.Set("post_logout_redirect_uri", s.issuer+"/")
	query.Set("state", randomText())
	target.RawQuery = query.Encode()
	return target.String()
}

// LogoutOrigins are the origins to which a logout form may be redirected. Browsers want them in
// the form-action of the content security policy of every page with such a form.
func (s *Server) LogoutOrigins() []string {
	var origins []string
	for _, key := range slices.Sorted(maps.Keys(s.upstreams)) {
		up := s.upstreams[key]
		// Providers end sessions on the host of their issuer (I10) unless the setting says otherwise.
		endpoint := up.Issuer
		override(&endpoint, up.EndSessionURL)
		if u, err := url.Parse(endpoint); err == nil {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	return origins
}
