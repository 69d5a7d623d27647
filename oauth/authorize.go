package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ory/fosite"
)

// consentRequest is one authorization request that a known client made with a redirect URI of its own
// and that a fitting person, logged in, looks at.
type consentRequest struct {
	request fosite.AuthorizeRequester
	client  Client
	session session
}

// askConsent shows the consent page. It asks every time: a remembered consent would let any page
// fetch a code silently, and clients are few.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request) {
	a, ok := s.readRequest(w, r)
	if !ok {
		return
	}
	if slices.Contains(prompts(r), "none") {
		s.provider.WriteAuthorizeError(r.Context(), w, a.request, fosite.ErrConsentRequired)
		return
	}
	target := a.request.GetRedirectURI()
	s.pages.Consent(w, r, ConsentData{
		Client: a.client.Name, Person: a.session.Identity.Name, Kind: a.session.Identity.Kind,
		Scopes: grantable(a), Action: r.URL.RequestURI(), CSRF: a.session.CSRF,
		FormTarget: target.Scheme + "://" + target.Host,
	})
}

// takeDecision answers the client as the person decided on the consent page. The request itself is
// read again from the query; only the decision comes from the form.
func (s *Server) takeDecision(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	a, ok := s.readRequest(w, r)
	if !ok {
		return
	}
	if !same(r.PostFormValue(FieldCSRF), a.session.CSRF) {
		s.pages.Error(w, r, http.StatusForbidden, ErrorData{Code: FormExpired, Retry: r.URL.RequestURI()})
		return
	}
	granted := grantable(a)
	onlyProtocol := !slices.ContainsFunc(granted, isAPIScope) && slices.ContainsFunc(a.request.GetRequestedScopes(), isAPIScope)
	if r.PostFormValue(FieldDecision) != DecisionAllow || onlyProtocol {
		s.provider.WriteAuthorizeError(ctx, w, a.request, fosite.ErrAccessDenied)
		return
	}
	for _, scope := range granted {
		a.request.GrantScope(scope)
	}
	grant := newGrantSession(a.session.Identity, a.session.LoggedIn, s.now())
	answer, err := s.provider.NewAuthorizeResponse(ctx, a.request, grant)
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, a.request, clientError(err))
		return
	}
	s.provider.WriteAuthorizeResponse(ctx, w, a.request, answer)
}

// readRequest checks the client's request and who is logged in. When it returns false it has
// answered: with an error page where the client cannot be trusted to receive the error, else with
// a redirect to the client or to the login.
func (s *Server) readRequest(w http.ResponseWriter, r *http.Request) (consentRequest, bool) {
	ctx := r.Context()
	query := r.URL.Query()
	mode := query.Get("response_mode")
	if query.Has("request") || query.Has("request_uri") || mode != "" && mode != "query" {
		s.pages.Error(w, r, http.StatusBadRequest, ErrorData{Code: RequestInvalid})
		return consentRequest{}, false
	}
	ar, err := s.provider.NewAuthorizeRequest(ctx, queryOnly(r))
	if errors.Is(err, ErrUnavailable) {
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: r.URL.RequestURI()})
		return consentRequest{}, false
	}
	client, known := ar.GetClient().(fositeClient)
	// fosite lets loopback URIs differ in the port (RFC 8252); here they are exact too.
	if !known || !slices.Contains(client.GetRedirectURIs(), query.Get("redirect_uri")) || !ar.IsRedirectURIValid() {
		s.pages.Error(w, r, http.StatusBadRequest, ErrorData{Code: RequestInvalid})
		return consentRequest{}, false
	}
	if err != nil {
		s.provider.WriteAuthorizeError(ctx, w, ar, clientError(err))
		return consentRequest{}, false
	}
	who, err := s.sessions.fromRequest(r)
	switch {
	case errors.Is(err, ErrUnavailable):
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: r.URL.RequestURI()})
		return consentRequest{}, false
	case err != nil || who.Identity.Kind != client.client.Kind || s.wantsNewLogin(r, who):
		s.demandLogin(w, r, ar, client.client.Kind)
		return consentRequest{}, false
	}
	return consentRequest{request: ar, client: client.client, session: who}, true
}

// demandLogin sends the person to the login and back to this request, unless the client forbade
// any page.
func (s *Server) demandLogin(w http.ResponseWriter, r *http.Request, ar fosite.AuthorizeRequester, kind Kind) {
	if slices.Contains(prompts(r), "none") {
		s.provider.WriteAuthorizeError(r.Context(), w, ar, fosite.ErrLoginRequired)
		return
	}
	back := *r.URL
	query := back.Query()
	login := url.Values{}
	if _, limited := maxAge(r); limited || slices.Contains(prompts(r), "login") {
		login.Set("prompt", "login")
	}
	// The person comes back freshly logged in: a prompt that stayed would ask for ever.
	rest := slices.DeleteFunc(prompts(r), func(p string) bool { return p == "login" })
	query.Set("prompt", strings.Join(rest, " "))
	if len(rest) == 0 {
		query.Del("prompt")
	}
	back.RawQuery = query.Encode()
	login.Set("return", back.RequestURI())
	http.Redirect(w, r, loginPath+string(kind)+"?"+login.Encode(), http.StatusSeeOther)
}

// wantsNewLogin tells whether the client asked for a fresher login than the session's.
func (s *Server) wantsNewLogin(r *http.Request, who session) bool {
	age, limited := maxAge(r)
	return slices.Contains(prompts(r), "login") || limited && s.now().Sub(who.LoggedIn) > age
}

func maxAge(r *http.Request) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(r.URL.Query().Get("max_age"), 10, 32)
	return time.Duration(seconds) * time.Second, err == nil && seconds >= 0
}

func prompts(r *http.Request) []string { return strings.Fields(r.URL.Query().Get("prompt")) }

// grantable are the scopes asked for that the person holds; protocol scopes need no right.
func grantable(a consentRequest) []string {
	var granted []string
	for _, scope := range a.request.GetRequestedScopes() {
		if !isAPIScope(scope) || a.session.Identity.Has(scope) {
			granted = append(granted, scope)
		}
	}
	return granted
}

func isAPIScope(scope string) bool { return scope != scopeOpenID && scope != scopeOffline }

// queryOnly hides the form of the consent page from fosite, which would mix it into the request.
func queryOnly(r *http.Request) *http.Request {
	q := r.Clone(r.Context())
	q.Method, q.Body, q.ContentLength = http.MethodGet, http.NoBody, 0
	q.Form, q.PostForm, q.MultipartForm = nil, nil, nil
	return q
}
