package oauth

import (
	"context"
	_ "embed" // the scripts are kept as files
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
)

// SessionIdle is how long a browser session lives without activity, as one of Pro Santé Connect (I23). Pages warn of it.
const SessionIdle = sessionIdle

// The lifetimes of a browser session, those of Pro Santé Connect (I23).
const (
	sessionIdle     = 30 * time.Minute
	sessionAbsolute = 4 * time.Hour
	// touchStep spares Redis a synced write for each page of a person who reads quickly: the idle
	// deadline may be early by this much.
	touchStep = time.Minute
)

//go:embed touch_session.lua
var touchSessionSource string

//go:embed rename_session.lua
var renameSessionSource string

// Sessions are the browser sessions. Redis holds each under the hash of its cookie, sealed. Safe
// for parallel use.
type Sessions struct {
	redis   redis.UniversalClient
	seal    sealer
	cookies cookies
	now     func() time.Time
	vouched vouching
	touch   *redis.Script
	renamed *redis.Script
}

// session is the sealed part of a browser session.
type session struct {
	Version  int       `json:"v"`
	Identity Identity  `json:"identity"`
	CSRF     string    `json:"csrf"`
	LoggedIn time.Time `json:"loggedIn"`
	// IDToken is the provider's, kept for the logout there (I27). The provider's access token is
	// not kept (I25).
	IDToken string `json:"idToken,omitempty"`
	// UpstreamSubject is the provider's sub, which a renewed ID token must have again.
	UpstreamSubject string   `json:"sub,omitempty"`
	Renewal         *renewal `json:"renewal,omitempty"` // nil: the provider gave no refresh token
	Device          string   `json:"device,omitempty"`
}

// sessionVersion is the version of the stored form; sessions of another version count as absent.
const sessionVersion = 1

func newSessions(c Config, seal sealer) *Sessions {
	return &Sessions{
		redis: c.Redis, seal: seal, cookies: cookies{secure: isSecure(c.Issuer)}, now: c.Now, vouched: c.Vouched,
		touch: redis.NewScript(touchSessionSource), renamed: redis.NewScript(renameSessionSource),
	}
}

// CookieName is the name of the session cookie: "__Host-mes", or "mes" over plain http.
func (s *Sessions) CookieName() string { return s.cookies.session() }

// Load tells who the session with this cookie value belongs to and the CSRF token that its forms
// must bring back. It does not count as activity: see Touch. It fails with ErrUnauthenticated when
// the session is unknown, ended, idle for 30 minutes or 4 hours old, and with ErrUnavailable.
func (s *Sessions) Load(ctx context.Context, cookieValue string) (Identity, string, error) {
	found, err := s.load(ctx, cookieValue)
	return found.Identity, found.CSRF, err
}

// Touch counts as activity of the person, for whom the session then lives for 30 minutes more, up
// to its absolute end. Pages call it for what a person does, not for what a page does by itself.
// It fails as Load does, except that only Load sees the absolute end.
func (s *Sessions) Touch(ctx context.Context, cookieValue string) error {
	now := s.now()
	moved, err := s.touch.Run(
		ctx, s.redis, []string{sessionKey(cookieValue)},
		now.UnixMilli(), now.Add(sessionIdle).UnixMilli(), touchStep.Milliseconds(),
	).Int()
	switch {
	case err != nil:
		return unavailable("touch session", err)
	case moved < 0:
		return ErrUnauthenticated
	}
	return nil
}

// load gives a session that may act: whose exercise is settled (I46), and that its structure still vouches for (D26).
func (s *Sessions) load(ctx context.Context, cookieValue string) (session, error) {
	found, err := s.read(ctx, cookieValue)
	if err != nil {
		return session{}, err
	}
	if found.Identity.undecided() {
		return session{}, ErrUnauthenticated
	}
	return found, nil
}

// read is load for the choice of the exercise, which an undecided session is there for.
func (s *Sessions) read(ctx context.Context, cookieValue string) (session, error) {
	if cookieValue == "" {
		return session{}, ErrUnauthenticated
	}
	found, _, err := s.readKey(ctx, sessionKey(cookieValue))
	if err != nil {
		return session{}, err
	}
	return found, s.vouched.check(ctx, found.Identity)
}

func (s *Sessions) fromRequest(r *http.Request) (session, error) {
	return s.load(r.Context(), value(r, s.cookies.session()))
}

// open starts a session at each login under a new name, so that a cookie known before the login is
// worth nothing after it, and removes the session that oldCookie held. It fills in what every session
// has, and returns the cookie value.
func (s *Sessions) open(ctx context.Context, fresh session, oldCookie string) (string, error) {
	now := s.now()
	cookieValue := randomText()
	key := sessionKey(cookieValue)
	fresh.Version, fresh.CSRF, fresh.LoggedIn = sessionVersion, randomText(), now.UTC()
	sealed, err := s.seal.sealJSON(key, fresh)
	if err != nil {
		return "", err
	}
	_, err = s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, "d", sealed, "i", now.Add(sessionIdle).UnixMilli())
		p.PExpire(ctx, key, sessionIdle)
		remember(ctx, p, fresh.Identity, key)
		if oldCookie != "" {
			p.Del(ctx, sessionKey(oldCookie))
		}
		return nil
	})
	if err != nil {
		return "", unavailable("open session", err)
	}
	return cookieValue, nil
}

// rename gives a session that lives under oldCookie another cookie value, another token of its forms and other content.
// It fails with ErrUnauthenticated when the session ended meanwhile.
func (s *Sessions) rename(ctx context.Context, oldCookie string, changed session) (string, error) {
	cookieValue := randomText()
	changed.CSRF = randomText()
	return cookieValue, s.write(ctx, oldCookie, cookieValue, changed)
}

// rewrite changes the content of a session in place. It fails as rename does.
func (s *Sessions) rewrite(ctx context.Context, cookieValue string, changed session) error {
	return s.write(ctx, cookieValue, cookieValue, changed)
}

func (s *Sessions) write(ctx context.Context, oldCookie, newCookie string, changed session) error {
	sealed, err := s.seal.sealJSON(sessionKey(newCookie), changed)
	if err != nil {
		return err
	}
	now, who := s.now(), changed.Identity
	done, err := s.renamed.Run(
		ctx, s.redis, []string{sessionKey(oldCookie), sessionKey(newCookie), personKey(who)},
		now.UnixMilli(), sealed, now.Add(sessionIdle).UnixMilli(), grantLife.Milliseconds(),
	).Int()
	switch {
	case err != nil:
		return unavailable("change session", err)
	case done != 1:
		return ErrUnauthenticated
	}
	return nil
}

// end removes the session; one that is already gone is no error.
func (s *Sessions) end(ctx context.Context, cookieValue string) error {
	if err := s.redis.Del(ctx, sessionKey(cookieValue)).Err(); err != nil {
		return unavailable("end session", err)
	}
	return nil
}
