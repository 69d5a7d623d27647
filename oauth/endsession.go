package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
)

// endSession lets a client log the person out (OpenID Connect RP-Initiated Logout 1.0). The session ends when
// the client brings an ID token of the person who is logged in; without one nobody is logged out by a mere
// link: the person comes to the start page, where the button is. Only registered addresses are returned to,
// letter by letter. A client that wants the browser back leaves the provider's own session alone; without
// such an address the logout goes on there, as that of our pages does (I27).
func (s *Server) endSession(w http.ResponseWriter, r *http.Request) {
	if r.ParseForm() != nil {
		s.turnAway(w, r, ErrUnauthenticated)
		return
	}
	meant, target, err := s.logoutRequest(r)
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	found, err := s.sessions.read(r.Context(), value(r, s.sessions.cookies.session())) // as logout does
	switch {
	case errors.Is(err, ErrUnavailable):
		s.turnAway(w, r, err)
		return
	case err == nil && !same(found.Identity.Subject, meant.subject):
		http.Redirect(w, r, returnPath("", found.Identity.Kind), http.StatusSeeOther)
		return
	case err == nil:
		if err = s.closeSession(w, r, found); err != nil {
			s.turnAway(w, r, err)
			return
		}
	}
	if target == "" {
		target = s.afterLogout(r, found)
	}
	http.Redirect(w, r, target, http.StatusSeeOther) //nolint:gosec // registered addresses and the provider's only
}

// logoutRequest reads who is to be logged out and where the client wants the browser back; both may be
// missing. It fails with ErrUnauthenticated for a request that no client of ours would make.
func (s *Server) logoutRequest(r *http.Request) (meant hint, target string, err error) {
	if raw := r.Form.Get("id_token_hint"); raw != "" {
		if meant, err = s.readHint(raw); err != nil {
			return hint{}, "", ErrUnauthenticated
		}
	}
	named := r.Form.Get("client_id")
	if meant.client != "" && named != "" && named != meant.client {
		return hint{}, "", ErrUnauthenticated
	}
	back := r.Form.Get("post_logout_redirect_uri")
	if back == "" {
		return meant, "", nil
	}
	client, err := s.store.clients.Client(r.Context(), meant.client) // named alone proves nothing
	switch {
	case errors.Is(err, ErrUnavailable):
		return hint{}, "", err
	case err != nil || !slices.Contains(client.PostLogoutURIs, back):
		return hint{}, "", ErrUnauthenticated
	}
	u, err := url.Parse(back)
	if err != nil {
		return hint{}, "", ErrUnauthenticated
	}
	if state := r.Form.Get("state"); state != "" {
		query := u.Query()
		query.Set("state", state)
		u.RawQuery = query.Encode()
	}
	return meant, u.String(), nil
}

// closeSession ends the session of this browser here. It fails with ErrUnavailable; then nothing ended.
func (s *Server) closeSession(w http.ResponseWriter, r *http.Request, found session) error {
	names := s.sessions.cookies
	if err := s.sessions.end(r.Context(), value(r, names.session())); err != nil {
		return err
	}
	if s.loggedOut != nil {
		s.loggedOut(r.Context(), found.Identity)
	}
	names.set(w, names.session(), "", -1)
	return nil
}
