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

// resumePath is where a login that was linked goes on; it ends with the kind.
const resumePath = "/oauth/resume/"

// waiting is a login that is to be linked. It waits in Redis, sealed, under the hash of its cookie.
type waiting struct {
	Kind    Kind           `json:"kind"`
	Claims  map[string]any `json:"claims"`
	Level   string         `json:"level"`
	IDToken string         `json:"idToken"`
	Return  string         `json:"return"`
	CSRF    string         `json:"csrf"`
	Begun   time.Time      `json:"begun"`
}

// unlinked carries a verified login out of fetchIdentity.
type unlinked struct {
	claims  map[string]any
	level   string
	idToken string
}

func (unlinked) Error() string { return ErrUnlinked.Error() }

// linking is the cookie that holds the name of a login that waits.
func (c cookies) linking() string { return c.prefix() + "mes-link" }

// LinkCookieName is the name of that cookie.
func (s *Server) LinkCookieName() string { return s.sessions.cookies.linking() }

// suspendLogin keeps a login that leads nowhere yet, and sends the person to link it.
func (s *Server) suspendLogin(w http.ResponseWriter, r *http.Request, f flow, u unlinked) {
	ticket := randomText()
	key := waitingKey(ticket)
	sealed, err := s.store.seal.sealJSON(key, waiting{
		Kind: f.Kind, Claims: u.claims, Level: u.level, IDToken: u.idToken, Return: f.Return, CSRF: randomText(), Begun: s.now().UTC(),
	})
	if err == nil {
		err = s.store.redis.Set(r.Context(), key, sealed, linkLife).Err()
	}
	if err != nil {
		s.loginError(w, r, f.Kind, refusal{Unavailable, "store is away", err})
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
	ctx, kind := r.Context(), Kind(r.PathValue("kind"))
	names := s.sessions.cookies
	ticket := value(r, names.linking())
	found, err := s.waiting(ctx, ticket)
	switch {
	case errors.Is(err, ErrUnavailable):
		s.loginError(w, r, kind, refusal{Unavailable, "store is away", err})
		return
	case err != nil || found.Kind != kind || s.upstreamOf(kind) == nil:
		s.loginError(w, r, kind, refusal{LoginExpired, "no login waits to be linked", err})
		return
	}
	who, err := s.identify(ctx, kind, found.Claims, found.Level)
	switch {
	case errors.Is(err, ErrUnlinked):
		http.Redirect(w, r, s.linking, http.StatusSeeOther)
		return
	case err != nil:
		s.loginError(w, r, kind, err)
		return
	}
	taken, err := s.store.redis.Del(ctx, waitingKey(ticket)).Result()
	if err != nil {
		s.loginError(w, r, kind, refusal{Unavailable, "store is away", err})
		return
	}
	if taken == 0 { // another request came first
		s.loginError(w, r, kind, refusal{LoginExpired, "login was resumed before", nil})
		return
	}
	names.set(w, names.linking(), "", -1)
	s.admit(w, r, who, found.IDToken, found.Return)
}

// identify asks the resolver who a verified login is.
func (s *Server) identify(ctx context.Context, kind Kind, claims map[string]any, level string) (Identity, error) {
	who, err := s.resolve(ctx, string(kind), claims)
	switch {
	case errors.Is(err, ErrUnlinked) && s.linking != "":
		return Identity{}, ErrUnlinked
	case errors.Is(err, ErrUnknownPerson), errors.Is(err, ErrUnlinked):
		return Identity{}, refusal{PersonUnknown, "person is not admitted", err}
	case err != nil:
		return Identity{}, refusal{Unavailable, "person could not be looked up", err}
	case who.Subject == "":
		return Identity{}, refusal{PersonUnknown, "resolver gave no subject", nil}
	}
	who.Kind, who.ACR = kind, level
	return who, nil
}

// admit opens the session of a person and sends him where he wanted to go.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, who Identity, idToken, back string) {
	names := s.sessions.cookies
	cookieValue, err := s.sessions.open(r.Context(), who, idToken, value(r, names.session()))
	if err != nil {
		s.loginError(w, r, who.Kind, refusal{Unavailable, "store is away", err})
		return
	}
	names.set(w, names.session(), cookieValue, 0)
	http.Redirect(w, r, back, http.StatusSeeOther)
}
