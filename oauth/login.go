package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/redis/go-redis/v9"
	"golang.org/x/oauth2"
)

// flowLife is how long a person may take at the provider.
const flowLife = 10 * time.Minute

// flow is a login that was sent to its provider. It waits in Redis, sealed, under the hash of its
// state, and is taken out once.
type flow struct {
	Provider string    `json:"provider"` // its key
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Binding  string    `json:"binding"` // digest of the binding cookie
	Return   string    `json:"return"`
	Begun    time.Time `json:"begun"`
}

// startLogin sends the person to the provider of this kind with state, nonce and a PKCE challenge
// (I17, I19), and binds the login to the browser by a cookie, so that nobody can be logged in with
// the answer that somebody else got.
func (s *Server) startLogin(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	up, err := s.upstreamFor(r.PathValue("provider"), r.URL.Query())
	switch {
	case err != nil:
		s.pages.Error(w, r, http.StatusNotFound, ErrorData{Code: NotFound})
		return
	case up == nil:
		s.offerProviders(w, r)
		return
	}
	if err := s.within(ctx, useLogin, s.limits.LoginsPerMinute, sourceOf(r)); err != nil {
		s.loginError(w, r, up, limited(err))
		return
	}
	remote, err := up.remote(ctx)
	if err != nil {
		s.loginError(w, r, up, refusal{Unavailable, "provider is away", err})
		return
	}
	// A second tab keeps the cookie of the first, so that both logins can be finished.
	names := s.sessions.cookies
	binding := value(r, names.binding())
	if len(binding) != randomChars {
		binding = randomText()
	}
	state := randomText()
	f := flow{
		Provider: up.key, Nonce: randomText(), Verifier: oauth2.GenerateVerifier(), Binding: digest(binding),
		Return: returnPath(r.URL.Query().Get("return"), up.kind), Begun: s.now().UTC(),
	}
	if err := s.keepFlow(ctx, state, f); err != nil {
		s.loginError(w, r, up, refusal{Unavailable, "store is away", err})
		return
	}
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier), oauth2.SetAuthURLParam("acr_values", up.Level),
	}
	if r.URL.Query().Get("prompt") == "login" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	names.set(w, names.binding(), binding, int(flowLife.Seconds()))
	http.Redirect(w, r, remote.oauth.AuthCodeURL(state, options...), http.StatusSeeOther)
}

func (s *Server) keepFlow(ctx context.Context, state string, f flow) error {
	sealed, err := s.store.seal.sealJSON(flowKey(state), f)
	if err != nil {
		return err
	}
	if err := s.store.redis.Set(ctx, flowKey(state), sealed, flowLife).Err(); err != nil {
		return unavailable("keep login", err)
	}
	return nil
}

// takeFlow gives the flow with this state and removes it: a state counts once. It fails with
// ErrUnauthenticated when there is none.
func (s *Server) takeFlow(ctx context.Context, state string) (flow, error) {
	sealed, err := s.store.redis.GetDel(ctx, flowKey(state)).Bytes()
	if errors.Is(err, redis.Nil) {
		return flow{}, ErrUnauthenticated
	} else if err != nil {
		return flow{}, unavailable("take login", err)
	}
	var f flow
	if err := s.store.seal.openJSON(flowKey(state), sealed, &f); err != nil {
		return flow{}, ErrUnauthenticated
	}
	if !s.now().Before(f.Begun.Add(flowLife)) {
		return flow{}, ErrUnauthenticated
	}
	return f, nil
}

// refusal is why a login came to nothing: a code for the page, a reason from the source text for
// the log, and the cause. Causes are not logged: what a provider answers may name a person.
type refusal struct {
	code   ErrorCode
	reason string
	cause  error
}

func (r refusal) Error() string { return fmt.Sprintf("login refused: %s", r.reason) }

func (r refusal) Unwrap() error { return r.cause }

// loginError shows the page for err and logs the reason.
func (s *Server) loginError(w http.ResponseWriter, r *http.Request, up *upstream, err error) {
	why := refusal{LoginFailed, "unexpected", err}
	_ = errors.As(err, &why)
	attributes := []any{"provider", up.key, "reason", why.reason}
	if oauthError := new(oauth2.RetrieveError); errors.As(err, &oauthError) {
		attributes = append(attributes, "status", oauthError.Response.StatusCode)
	}
	if above := (tooMany{}); errors.As(err, &above) {
		w.Header().Set("Retry-After", above.retryAfter())
	}
	s.log.WarnContext(r.Context(), "login refused", attributes...)
	s.pages.Error(w, r, statusOf(why.code), ErrorData{Code: why.code, Retry: up.retry()})
}

// limited is a login that was not begun because of its number, or because that could not be told.
func limited(err error) refusal {
	if errors.As(err, &tooMany{}) {
		return refusal{TooMany, "too many logins from one source", err}
	}
	return refusal{Unavailable, "store is away", err}
}

func statusOf(code ErrorCode) int {
	switch code {
	case LoginExpired:
		return http.StatusBadRequest
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}
