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
	asked   question
}

// askConsent shows the consent page. It asks every time, unless the client asked for nothing to be shown and
// the person agreed before (see rememberConsent): clients are few.
func (s *Server) askConsent(w http.ResponseWriter, r *http.Request) {
	a, ok := s.readRequest(w, r)
	if !ok {
		return
	}
	if slices.Contains(a.asked.prompts(), "none") {
		s.answerSilently(w, r, a)
		return
	}
	target := a.request.GetRedirectURI()
	s.pages.Consent(w, r, ConsentData{
		Client: a.client.Name, Person: a.session.Identity.Name, Kind: a.session.Identity.Kind, Exercise: a.session.Identity.ExerciseName,
		OtherExercise: otherExercise(a.session.Identity, r.URL.RequestURI()),
		Scopes:        grantable(a), Action: r.URL.RequestURI(), CSRF: a.session.CSRF,
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
	s.dropPushed(ctx, a.asked)
	granted := grantable(a)
	onlyProtocol := !slices.ContainsFunc(granted, isAPIScope) && slices.ContainsFunc(a.request.GetRequestedScopes(), isAPIScope)
	if r.PostFormValue(FieldDecision) != DecisionAllow || onlyProtocol {
		s.refuseClient(w, r, a.request, fosite.ErrAccessDenied)
		return
	}
	s.rememberConsent(ctx, value(r, s.sessions.cookies.session()), a.client.ID, granted)
	s.grant(w, r, a, granted)
}

// takeAnswer takes the decision of the consent page, which names its request in the URL, or an authorization
// request that comes as a form (OpenID Connect Core section 3.1.2.1). The latter goes on as the request in a URL
// that it could have been.
func (s *Server) takeAnswer(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		s.takeDecision(w, r)
		return
	}
	if r.ParseForm() != nil || len(r.PostForm.Encode()) > maxPushedBytes {
		s.turnAway(w, r, ErrUnauthenticated)
		return
	}
	http.Redirect(w, r, authorizePath+"?"+r.PostForm.Encode(), http.StatusSeeOther) //nolint:gosec // our own path
}

// answerSilently answers a request with prompt=none (OpenID Connect Core section 3.1.2.1).
func (s *Server) answerSilently(w http.ResponseWriter, r *http.Request, a consentRequest) {
	granted := grantable(a)
	agreed, err := s.consented(r.Context(), value(r, s.sessions.cookies.session()), a.client, granted)
	switch {
	case err != nil:
		s.turnAway(w, r, err)
	case !agreed || len(granted) == 0:
		s.refuseClient(w, r, a.request, fosite.ErrConsentRequired)
	default:
		s.dropPushed(r.Context(), a.asked)
		s.grant(w, r, a, granted)
	}
}

// grant gives the client a code.
func (s *Server) grant(w http.ResponseWriter, r *http.Request, a consentRequest, granted []string) {
	ctx := r.Context()
	for _, scope := range granted {
		a.request.GrantScope(scope)
	}
	grant := newGrantSession(a.session.Identity, a.session.LoggedIn, s.now())
	answer, err := s.provider.NewAuthorizeResponse(ctx, a.request, grant)
	if err != nil {
		s.refuseClient(w, r, a.request, clientError(err))
		return
	}
	answer.AddParameter(issuerParameter, s.issuer)
	s.provider.WriteAuthorizeResponse(ctx, w, a.request, answer)
}

// readRequest checks the client's request and who is logged in. When it returns false it has
// answered: with an error page where the client cannot be trusted to receive the error, else with
// a redirect to the client or to the login.
func (s *Server) readRequest(w http.ResponseWriter, r *http.Request) (consentRequest, bool) {
	ctx := r.Context()
	asked, err := s.questionOf(r)
	if err != nil {
		s.turnAway(w, r, err)
		return consentRequest{}, false
	}
	query := asked.values
	if mode := query.Get("response_mode"); mode != "" && mode != "query" {
		s.turnAway(w, r, ErrUnauthenticated)
		return consentRequest{}, false
	}
	ar, err := s.provider.NewAuthorizeRequest(ctx, queryOnly(r, s.understood(ctx, query)))
	if errors.Is(err, ErrUnavailable) {
		s.turnAway(w, r, err)
		return consentRequest{}, false
	}
	client, known := ar.GetClient().(fositeClient)
	// fosite lets loopback URIs differ in the port (RFC 8252); here they are exact too.
	if !known || !slices.Contains(client.GetRedirectURIs(), query.Get("redirect_uri")) || !ar.IsRedirectURIValid() {
		s.turnAway(w, r, ErrUnauthenticated)
		return consentRequest{}, false
	}
	if err == nil {
		err = unsupported(asked)
	}
	var meant hint
	if err == nil && query.Get("id_token_hint") != "" {
		if meant, err = s.readHint(query.Get("id_token_hint")); err != nil || meant.client != client.GetID() {
			err = fosite.ErrInvalidRequest.WithHint("The 'id_token_hint' is not an ID token of this client.")
		}
	}
	if err != nil {
		s.refuseClient(w, r, ar, clientError(err))
		return consentRequest{}, false
	}
	who, err := s.sessions.fromRequest(r)
	switch {
	case errors.Is(err, ErrUnavailable):
		s.turnAway(w, r, err)
		return consentRequest{}, false
	case err != nil || who.Identity.Kind != client.client.Kind || s.wantsNewLogin(asked, who):
		s.demandLogin(w, r, ar, asked)
		return consentRequest{}, false
	case meant.subject != "" && !same(meant.subject, who.Identity.Subject):
		s.refuseClient(w, r, ar, fosite.ErrLoginRequired.WithHint("Somebody else is logged in than the 'id_token_hint' names."))
		return consentRequest{}, false
	}
	return consentRequest{request: ar, client: client.client, session: who, asked: asked}, true
}

// turnAway shows the page for a request that cannot be looked at: try again later, or the client must
// begin anew.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrUnavailable) {
		s.pages.Error(w, r, http.StatusServiceUnavailable, ErrorData{Code: Unavailable, Retry: r.URL.RequestURI()})
		return
	}
	s.pages.Error(w, r, http.StatusBadRequest, ErrorData{Code: RequestInvalid})
}

// issuerParameter tells the client which server answers, so that it cannot be made to send a code
// elsewhere (RFC 9207).
const issuerParameter = "iss"

// refuseClient sends the browser back to the client with an error.
func (s *Server) refuseClient(w http.ResponseWriter, r *http.Request, ar fosite.AuthorizeRequester, err error) {
	s.provider.WriteAuthorizeError(r.Context(), signedRedirect{w, s.issuer}, ar, err)
}

// signedRedirect adds the issuer to a redirect, which fosite does not let us do for errors.
type signedRedirect struct {
	http.ResponseWriter
	issuer string
}

// WriteHeader adds the parameter just before the header goes out.
func (s signedRedirect) WriteHeader(status int) {
	if target, err := url.Parse(s.Header().Get("Location")); err == nil && target.Host != "" {
		query := target.Query()
		query.Set(issuerParameter, s.issuer)
		target.RawQuery = query.Encode()
		s.Header().Set("Location", target.String())
	}
	s.ResponseWriter.WriteHeader(status)
}

// demandLogin sends the person to the login and back to this request, unless the client forbade
// any page.
func (s *Server) demandLogin(w http.ResponseWriter, r *http.Request, ar fosite.AuthorizeRequester, asked question) {
	if slices.Contains(asked.prompts(), "none") {
		s.refuseClient(w, r, ar, fosite.ErrLoginRequired)
		return
	}
	client, known := ar.GetClient().(fositeClient)
	if !known {
		s.turnAway(w, r, fosite.ErrInvalidClient)
		return
	}
	login := url.Values{}
	if _, limited := asked.maxAge(); limited || slices.Contains(asked.prompts(), "login") {
		login.Set("prompt", "login")
	}
	login.Set("return", afterLogin(r, asked))
	http.Redirect(w, r, loginPath+string(client.client.Kind)+"?"+login.Encode(), http.StatusSeeOther)
}

// afterLogin is where the person comes back to, freshly logged in: a prompt that stayed there, or an age
// that no login can keep, would ask for ever. A pushed request knows by its time what is fresh.
func afterLogin(r *http.Request, asked question) string {
	if asked.uri != "" {
		return r.URL.RequestURI()
	}
	back := *r.URL
	query := back.Query()
	rest := slices.DeleteFunc(asked.prompts(), func(p string) bool { return p == "login" })
	query.Set("prompt", strings.Join(rest, " "))
	if len(rest) == 0 {
		query.Del("prompt")
	}
	if age, limited := asked.maxAge(); limited && age < leastAge {
		query.Set("max_age", strconv.Itoa(int(leastAge.Seconds())))
	}
	back.RawQuery = query.Encode()
	return back.RequestURI()
}

// leastAge is how long a login counts as fresh while the person comes back from it. The client sees the
// true instant in auth_time.
const leastAge = time.Minute

// wantsNewLogin tells whether the client asked for a fresher login than the session's.
func (s *Server) wantsNewLogin(asked question, who session) bool {
	if asked.uri != "" && who.LoggedIn.After(asked.at) {
		return false
	}
	age, limited := asked.maxAge()
	return slices.Contains(asked.prompts(), "login") || limited && s.now().Sub(who.LoggedIn) > age
}

func (q question) maxAge() (time.Duration, bool) {
	seconds, err := strconv.ParseInt(q.values.Get("max_age"), 10, 32)
	return time.Duration(seconds) * time.Second, err == nil && seconds >= 0
}

func (q question) prompts() []string { return strings.Fields(q.values.Get("prompt")) }

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

func isAPIScope(scope string) bool {
	return scope != scopeOpenID && scope != scopeOffline && scope != scopeProfile
}

// queryOnly shows fosite the question alone: the form of the consent page would mix into the request.
func queryOnly(r *http.Request, values url.Values) *http.Request {
	q := r.Clone(r.Context())
	q.URL.RawQuery = values.Encode()
	q.Method, q.Body, q.ContentLength = http.MethodGet, http.NoBody, 0
	q.Form, q.PostForm, q.MultipartForm = nil, nil, nil
	return q
}
