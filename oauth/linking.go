package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrUnlinked is for a Resolver: the provider vouches for a person whose login leads nowhere yet, and who may link it. Such
// a login waits, without a session and without any right, while the person does so at Config.Linking; then it goes on
// at the path that [Server.Handler] serves for it, where the resolver is asked again.
var ErrUnlinked = errors.New("login is not linked yet")

// linkLife is how long a login waits for the person to link it.
const linkLife = 15 * time.Minute

// resumePath is where a login that was linked goes on; it ends with the key of the provider.
const resumePath = "/oauth/resume/"

// waiting is a login that is to be linked. It waits in Redis, sealed, under the hash of its cookie.
type waiting struct {
	Provider string         `json:"provider"` // its key
	Claims   map[string]any `json:"claims"`
	Login    session        `json:"login"` // to be opened, but for the identity
	Return   string         `json:"return"`
	CSRF     string         `json:"csrf"`
	Begun    time.Time      `json:"begun"`
}

// unlinked carries a verified login out of fetchIdentity.
type unlinked struct {
	claims map[string]any
	login  session
}

func (unlinked) Error() string { return ErrUnlinked.Error() }

// linking is the cookie that holds the name of a login that waits.
func (c cookies) linking() string { return c.prefix() + "mes-link" }

// LinkCookieName is the name of that cookie.
func (s *Server) LinkCookieName() string { return s.sessions.cookies.linking() }

// suspendLogin keeps a login that leads nowhere yet, and sends the person to link it.
func (s *Server) suspendLogin(w http.ResponseWriter, r *http.Request, up *upstream, f flow, u unlinked) {
	ticket := randomText()
	key := waitingKey(ticket)
	sealed, err := s.store.seal.sealJSON(key, waiting{
		Provider: up.key, Claims: u.claims, Login: u.login, Return: f.Return, CSRF: randomText(), Begun: s.now().UTC(),
	})
	if err == nil {
		err = s.store.redis.Set(r.Context(), key, sealed, linkLife).Err()
	}
	if err != nil {
		s.loginError(w, r, up, refusal{Unavailable, "store is away", err})
		return
	}
	names := s.sessions.cookies
	names.set(w, names.linking(), ticket, int(linkLife.Seconds()))
	http.Redirect(w, r, s.linking, http.StatusSeeOther)
}

// Waiting tells the verified claims of the login that waits under a cookie, and the token that forms about it must
// bring back. It fails with ErrUnauthenticated when there is none, and with ErrUnavailable.
func (s *Server) Waiting(ctx context.Context, cookieValue string) (claims map[string]any, csrf string, err error) {
	found, err := s.waiting(ctx, cookieValue)
	return found.Claims, found.CSRF, err
}

func (s *Server) waiting(ctx context.Context, cookieValue string) (waiting, error) {
	if cookieValue == "" {
		return waiting{}, ErrUnauthenticated
	}
	key := waitingKey(cookieValue)
	sealed, err := s.store.redis.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return waiting{}, ErrUnauthenticated
	case err != nil:
		return waiting{}, unavailable("read login", err)
	}
	var found waiting
	if err := s.store.seal.openJSON(key, sealed, &found); err != nil || !s.now().Before(found.Begun.Add(linkLife)) {
		return waiting{}, ErrUnauthenticated
	}
	return found, nil
}

// resumeLogin ends a login that was linked: the resolver is asked again, and a session opened. A login counts once.
func (s *Server) resumeLogin(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	up := s.upstreamOf(r.PathValue("provider"))
	if up == nil {
		s.pages.Error(w, r, http.StatusNotFound, ErrorData{Code: NotFound})
		return
	}
	names := s.sessions.cookies
	ticket := value(r, names.linking())
	found, err := s.waiting(ctx, ticket)
	switch {
	case errors.Is(err, ErrUnavailable):
		s.loginError(w, r, up, refusal{Unavailable, "store is away", err})
		return
	case err != nil || found.Provider != up.key:
		s.loginError(w, r, up, refusal{LoginExpired, "no login waits to be linked", err})
		return
	}
	who, err := s.identify(ctx, up, found.Claims)
	switch {
	case errors.Is(err, ErrUnlinked):
		http.Redirect(w, r, s.linking, http.StatusSeeOther)
		return
	case err != nil:
		s.loginError(w, r, up, err)
		return
	}
	taken, err := s.store.redis.Del(ctx, waitingKey(ticket)).Result()
	if err != nil {
		s.loginError(w, r, up, refusal{Unavailable, "store is away", err})
		return
	}
	if taken == 0 { // another request came first
		s.loginError(w, r, up, refusal{LoginExpired, "login was resumed before", nil})
		return
	}
	names.set(w, names.linking(), "", -1)
	found.Login.Identity = who.settled()
	s.admit(w, r, up, found.Login, found.Return)
}

// admit opens the session of a person and sends him where he wanted to go; first to the choice of an exercise, where
// that is due (I46).
func (s *Server) admit(w http.ResponseWriter, r *http.Request, up *upstream, fresh session, back string) {
	names := s.sessions.cookies
	cookieValue, err := s.sessions.open(r.Context(), fresh, value(r, names.session()))
	if err != nil {
		s.loginError(w, r, up, refusal{Unavailable, "store is away", err})
		return
	}
	names.set(w, names.session(), cookieValue, 0)
	if fresh.Identity.undecided() {
		back = exercisePage(back)
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
