package oauth

import (
	"context"
	_ "embed" // the scripts are kept as files
	"net/http"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

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

// Sessions are the browser sessions. Redis holds each under the hash of its cookie, sealed. Safe
// for parallel use.
type Sessions struct {
	redis   redis.UniversalClient
	seal    sealer
	cookies cookies
	now     func() time.Time
	touch   *redis.Script
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
}

// sessionVersion is the version of the stored form; sessions of another version count as absent.
const sessionVersion = 1

func newSessions(r redis.UniversalClient, seal sealer, c cookies, now func() time.Time) *Sessions {
	return &Sessions{redis: r, seal: seal, cookies: c, now: now, touch: redis.NewScript(touchSessionSource)}
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

func (s *Sessions) load(ctx context.Context, cookieValue string) (session, error) {
	if cookieValue == "" {
		return session{}, ErrUnauthenticated
	}
	key := sessionKey(cookieValue)
	fields, err := s.redis.HMGet(ctx, key, "d", "i").Result()
	if err != nil {
		return session{}, unavailable("read session", err)
	}
	sealed, _ := fields[0].(string)
	idleText, _ := fields[1].(string)
	idle, err := strconv.ParseInt(idleText, 10, 64)
	if err != nil || sealed == "" {
		return session{}, ErrUnauthenticated
	}
	var found session
	if err := s.seal.openJSON(key, []byte(sealed), &found); err != nil || found.Version != sessionVersion {
		return session{}, ErrUnauthenticated
	}
	now := s.now()
	if !now.Before(time.UnixMilli(idle)) || !now.Before(found.LoggedIn.Add(sessionAbsolute)) {
		return session{}, ErrUnauthenticated
	}
	return found, nil
}

func (s *Sessions) fromRequest(r *http.Request) (session, error) {
	return s.load(r.Context(), value(r, s.cookies.session()))
}

// open starts a session at each login under a new name, so that a cookie known before the login is
// worth nothing after it, and removes the session that oldCookie held. It returns the cookie value.
func (s *Sessions) open(ctx context.Context, who Identity, idToken, oldCookie string) (string, error) {
	now := s.now()
	cookieValue := randomText()
	key := sessionKey(cookieValue)
	sealed, err := s.seal.sealJSON(key, session{
		Version: sessionVersion, Identity: who, CSRF: randomText(), LoggedIn: now.UTC(), IDToken: idToken,
	})
	if err != nil {
		return "", err
	}
	_, err = s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, "d", sealed, "i", now.Add(sessionIdle).UnixMilli())
		p.PExpire(ctx, key, sessionIdle)
		remember(ctx, p, who, key)
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

// end removes the session; one that is already gone is no error.
func (s *Sessions) end(ctx context.Context, cookieValue string) error {
	if err := s.redis.Del(ctx, sessionKey(cookieValue)).Err(); err != nil {
		return unavailable("end session", err)
	}
	return nil
}
